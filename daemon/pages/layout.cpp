#include "daemon/pages/layout.hpp"

#include <algorithm>
#include <charconv>

#include "daemon/pages/static.hpp"
#include "daemon/pages/target.hpp"
#include "daemon/pages/text.hpp"
#include "daemon/pages/web/assets.hpp"
#include "daemon/pages/when.hpp"

namespace quipu {

namespace {

// Whether all is well, on every page.
void set_status(View& view, const State& state) {
    const std::uint32_t connected = state.emitters.daemon_count();
    view.number("connected", connected).flag("is_connected", connected > 0).flag("is_one", connected == 1);
    view.flag("shows_emitters", !is_disabled(state, "/debug/emitters"));
    view.flag("is_well", std::all_of(state.health.begin(), state.health.end(), [](const HealthCheck& check) {
                  return check.is_ok;
              }));
}

void add_files(View& view, const PageText& page) {
    view.set("style_link", static_link("style.css")).set("icon_link", static_link("icon.svg"));
    view.list("styles").list("scripts");
    view.add("scripts", std::move(View().set("link", static_link("page.js"))));
    for (const std::string_view file : page.files) {
        view.add(file.ends_with(".css") ? "styles" : "scripts", std::move(View().set("link", static_link(file))));
    }
}

Response in_layout(const State& state, Now now, const PageText& page, std::string_view content) {
    View view;
    view.set("title", page.title).set("hostname", state.hostname).set("version", state.build.version);
    // The layout alone writes this unescaped: it is rendered already.
    view.set("content", content);
    set_time(view, "now", now.wall_ns, now);
    set_status(view, state);
    add_files(view, page);
    for (const Endpoint& endpoint : endpoints()) {
        if (endpoint.title.empty() || is_disabled(state, endpoint.path)) continue;
        const bool is_here = endpoint.path == page.path || (endpoint.path.size() > 1 && endpoint.path.ends_with('/') &&
                                                            page.path.starts_with(endpoint.path));
        View row;
        row.set("path", endpoint.path).set("label", endpoint.title).flag("is_here", is_here);
        view.add("navigation", std::move(row));
    }
    Response response;
    response.body = render(web::layout_html, view);
    return response;
}

}  // namespace

Response html_page(const State& state, Now now, const PageText& page, const View& view) {
    return in_layout(state, now, page, render(page.content, view));
}

Response html_error(const State& state, Now now, const PageText& page, unsigned status, std::string_view sentence) {
    View view;
    view.set("title", page.title).set("sentence", sentence);
    Response response = in_layout(state, now, page, render(web::error_html, view));
    response.status = status;
    return response;
}

void set_time(View& view, std::string_view name, std::int64_t wall_ns, Now now) {
    const std::string prefix(name);
    const bool is_known = wall_ns != 0;
    view.set(name, is_known ? date_time(wall_ns, 0) + " UTC" : "");
    view.set(prefix + "_iso", is_known ? iso_time(wall_ns) : "");
    view.set(prefix + "_age", is_known ? age_text(wall_ns, now.wall_ns) : "");
}

std::string emitter_title(const EmitterRecord& emitter) {
    std::string out = emitter.program;
    if (!emitter.version.empty()) out.append(" ").append(emitter.version);
    out += ", pid ";
    append_integer(out, std::uint64_t{emitter.pid});
    out += ", emitter ";
    append_integer(out, std::uint64_t{emitter.number});
    return out;
}

std::span<const std::string> shown_cmdline(const State& state, const EmitterRecord& emitter) {
    if (is_disabled(state, "/debug/flags")) return {};
    return emitter.cmdline;
}

std::string_view life_text(Life life) {
    switch (life) {
        case Life::connected: return "connected";
        case Life::lost: return "lost";
        case Life::ended: return "ended";
    }
    return {};
}

std::optional<Paging> page_of(const Request& request, std::size_t item_count, std::size_t per_page) {
    Paging paging;
    if (const std::string* page = request.parameter("page"); page && !page->empty()) {
        const char* end = page->data() + page->size();
        const auto [stopped, error] = std::from_chars(page->data(), end, paging.page);
        if (error != std::errc{} || stopped != end) return std::nullopt;
    }
    paging.page_count = std::max<std::size_t>(1, (item_count + per_page - 1) / per_page);
    paging.page = std::clamp<std::size_t>(paging.page, 1, paging.page_count);
    paging.begin = (paging.page - 1) * per_page;
    paging.end = std::min(item_count, paging.begin + per_page);
    return paging;
}

void set_paging(View& view, const Paging& paging, const Link& link) {
    const auto page_link = [&link](std::size_t page) {
        return Link(link).with("page", static_cast<std::int64_t>(page)).text();
    };
    view.set("paging", web::paging_html);  // the partial of that name
    view.flag("is_paged", paging.page_count > 1);
    view.number("page", paging.page).number("page_count", paging.page_count);
    view.set("previous_link", paging.page > 1 ? page_link(paging.page - 1) : "");
    view.set("next_link", paging.page < paging.page_count ? page_link(paging.page + 1) : "");
}

}  // namespace quipu
