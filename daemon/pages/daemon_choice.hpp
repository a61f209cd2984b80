// Which mail daemon a page is about, where it can only be about one: parameter `of`.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "daemon/core/state.hpp"
#include "daemon/pages/page.hpp"
#include "daemon/pages/render.hpp"

namespace quipu {

// What pages say of a chosen one, and keep while its answer is awaited and worked on: it may go away meanwhile.
struct DaemonFacts {
    std::string title;     // "maild 1.0, pid 4711, emitter 2"; "quipud 0.1.0"
    std::string of;        // what `of` says of it: the first 16 hex digits of the instance; "quipud"
    std::int32_t pid = 0;  // as the kernel says; 0 where it is in another pid namespace
};

// quipud itself can be asked too: `of=quipud`.
struct DaemonChoice {
    const EmitterRecord* emitter = nullptr;  // null: quipud itself

    [[nodiscard]] bool is_quipud() const { return emitter == nullptr; }

    [[nodiscard]] bool answers(const State& state, std::string_view topic) const;
    [[nodiscard]] DaemonFacts facts(const State& state) const;
};

// What several connected ones mean where `of` is not given.
enum class IfSeveral : std::uint8_t {
    refuse,  // 400 with the choice: a tool must not measure any of them
    newest,  // a page shows the choice and begins with one
};

// `of`: a number of /debug/emitters, or the first 16 or all 32 hex digits of an instance, or "quipud". Otherwise an
// error: 400, 404, 503 where nobody is connected.
std::variant<DaemonChoice, Response> choose_daemon(const State& state, const Request& request, IfSeveral if_several);

// Links to the same page about each of those connected and quipud. Sets choices (title, link, is_here).
// `path`: without parameters.
void set_choices(View& view, const State& state, std::string_view chosen_of, std::string_view path);

}  // namespace quipu
