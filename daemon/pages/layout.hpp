// What all HTML pages have in common: header, navigation made from endpoints(), footer.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/pages/page.hpp"
#include "daemon/pages/render.hpp"

namespace quipu {

struct PageText {
    std::string_view title;    // of the window and the heading; may be a peer's words
    std::string_view path;     // the endpoint's, marked in the navigation
    std::string_view content;  // a template of web/assets.hpp
    // Static files that it needs beside the common ones: "dashboard.js" (run in this order, once all is read),
    // "dygraph.css".
    std::vector<std::string_view> files = {};
};

Response html_page(const State& state, Now now, const PageText& page, const View& view);

// For errors of pages that people look at: the sentence inside the layout.
Response html_error(const State& state, Now now, const PageText& page, unsigned status, std::string_view sentence);

// Sets NAME (date and time with zone), NAME_iso and NAME_age. 0 is no time: all three are empty.
void set_time(View& view, std::string_view name, std::int64_t wall_ns, Now now);

// "maild 1.0, pid 4711, emitter 2": how pages name an emitter in a sentence.
std::string emitter_title(const EmitterRecord& emitter);
// None where the page of flags is switched off.
std::span<const std::string> shown_cmdline(const State& state, const EmitterRecord& emitter);
std::string_view life_text(Life life);

// Links to the pages of a long list. Sets is_paged, page, page_count, previous_link, next_link. `link` is without
// "page".
struct Paging {
    std::size_t page = 1;  // from 1
    std::size_t page_count = 1;
    std::size_t begin = 0;  // items [begin, end) are on the page
    std::size_t end = 0;
};

// `page` as asked for; what is beyond is moved inside. Nothing: not a number.
std::optional<Paging> page_of(const Request& request, std::size_t item_count, std::size_t per_page);
void set_paging(View& view, const Paging& paging, const class Link& link);

}  // namespace quipu
