// /debug/queue: mail waiting for delivery. Only the mail daemons know it, so they are asked.
//
// As text it is what chasquid prints, which tools grep. Filter `q`; `page` in HTML always, elsewhere where asked for.
#include <algorithm>

#include "daemon/pages/handlers.hpp"
#include "daemon/pages/json.hpp"
#include "daemon/pages/layout.hpp"
#include "daemon/pages/negotiate.hpp"
#include "daemon/pages/queue_list.hpp"
#include "daemon/pages/target.hpp"
#include "daemon/pages/text.hpp"
#include "daemon/pages/web/assets.hpp"
#include "daemon/pages/when.hpp"

namespace quipu {

namespace {

constexpr std::string_view topic = "queue";
constexpr std::size_t items_per_page = 100;
constexpr std::size_t max_needle_bytes = 256;
constexpr std::string_view path = "/debug/queue";

PageText page_text() {
    return {"Queue", path, web::queue_html};
}

// Any 64 bits may come from a peer.
std::int64_t wall_time(std::uint64_t wall_ns) {
    constexpr std::uint64_t latest = std::uint64_t{1} << 62;
    return static_cast<std::int64_t>(std::min(wall_ns, latest));
}

std::string_view status_word(std::uint32_t status) {
    switch (status) {
        case 0: return "PENDING";
        case 1: return "SENT";
        case 2: return "FAILED";
        default: return "UNKNOWN";
    }
}

void append_item(std::string& out, const wire::QueueItem& item) {
    const auto field = [&out](std::string_view name, std::string_view value) {
        out += name;
        append_visible(out, value, Lines::flat);
        out += '\n';
    };
    field("## Item ", item.id);
    out.append("created at: ").append(go_time(wall_time(item.created_wall_ns))).append("\n");
    field("from: ", item.from);
    out += "to: [";
    for (std::size_t i = 0; i < item.to.size(); ++i) {
        if (i > 0) out += ' ';
        append_visible(out, item.to[i], Lines::flat);
    }
    out += "]\n";
    for (const wire::QueueRecipient& recipient : item.recipients) {
        out.append(status_word(recipient.status)).append(" ");
        append_visible(out, recipient.address, Lines::flat);
        out += " (";
        append_visible(out, recipient.type, Lines::flat);
        out += ")\n";
        field("  original address: ", recipient.original_address);
        out += "  last failure: ";
        append_go_quoted(out, recipient.last_failure);
        out += '\n';
    }
    out += '\n';
}

Response as_text(const QueueList& list, const Paging& paging, Now now) {
    Response response;
    response.content_type = "text/plain; charset=utf-8";
    std::string& out = response.body;
    out.append("# Queue status\n\ndate: ").append(go_time(now.wall_ns)).append("\nlength: ");
    append_integer(out, list.total);
    out += '\n';
    for (const std::string& note : list.notes) out.append("note: ").append(note).append("\n");
    out += '\n';
    for (std::size_t i = paging.begin; i < paging.end; ++i) append_item(out, *list.entries[i].item);
    return response;
}

void append_json(JsonWriter& json, const QueueEntry& entry) {
    const wire::QueueItem& item = *entry.item;
    json.open_object().key("id").text(item.id).key("emitter").integer(std::uint64_t{entry.emitter});
    json.key("created").text(iso_time(wall_time(item.created_wall_ns))).key("from").text(item.from);
    json.key("to").open_array();
    for (const std::string_view to : item.to) json.text(to);
    json.close_array().key("recipients").open_array();
    for (const wire::QueueRecipient& recipient : item.recipients) {
        json.open_object().key("address").text(recipient.address).key("type").text(recipient.type);
        json.key("status").text(status_word(recipient.status));
        json.key("original_address").text(recipient.original_address);
        json.key("last_failure").text(recipient.last_failure);
        json.key("attempts").integer(std::uint64_t{recipient.attempts});
        const std::int64_t next_try = wall_time(recipient.next_try_wall_ns);
        json.key("next_try").text(next_try == 0 ? "" : iso_time(next_try)).close_object();
    }
    json.close_array().close_object();
}

Response as_json(const QueueList& list, const Paging& paging, Now now) {
    Response response;
    response.content_type = "application/json; charset=utf-8";
    JsonWriter json(response.body);
    json.open_object().key("date").text(iso_time(now.wall_ns)).key("length").integer(list.total);
    json.key("matching").integer(std::uint64_t{list.entries.size()});
    json.key("page").integer(std::uint64_t{paging.page}).key("pages").integer(std::uint64_t{paging.page_count});
    json.key("notes").open_array();
    for (const std::string& note : list.notes) json.text(note);
    json.close_array().key("items").open_array();
    for (std::size_t i = paging.begin; i < paging.end; ++i) append_json(json, list.entries[i]);
    json.close_array().close_object();
    response.body += '\n';
    return response;
}

View item_row(const QueueEntry& entry, Now now) {
    const wire::QueueItem& item = *entry.item;
    View row;
    row.set("id", item.id).set("from", item.from).set("emitter", std::to_string(entry.emitter));
    row.set("trace_link", Link("/debug/traces").with("q", item.id).text());
    set_time(row, "created", wall_time(item.created_wall_ns), now);
    row.list("to").list("recipients");
    for (const std::string_view to : item.to) row.add("to", std::move(View().set("address", to)));
    for (const wire::QueueRecipient& recipient : item.recipients) {
        View inner;
        inner.set("address", recipient.address).set("type", recipient.type);
        inner.set("status", status_word(recipient.status)).flag("is_failed", recipient.status == 2);
        inner.flag("is_sent", recipient.status == 1);
        const bool is_alias = recipient.original_address != recipient.address;
        inner.set("original", is_alias ? recipient.original_address : std::string_view{});
        inner.set("failure", recipient.last_failure);
        inner.set("attempts", recipient.attempts > 0 ? std::to_string(recipient.attempts) : "");
        set_time(inner, "next_try", wall_time(recipient.next_try_wall_ns), now);
        row.add("recipients", std::move(inner));
    }
    return row;
}

Response as_html(const State& state, const QueueList& list, const Paging& paging, std::string_view needle, Now now) {
    View view;
    view.number("total", list.total).number("matching", list.entries.size()).set("q", needle).list("items");
    view.flag("is_empty", list.total == 0);
    view.flag("has_several_emitters", list.replies.size() > 1);
    for (const std::string& note : list.notes) view.add("notes", std::move(View().set("note", note)));
    for (std::size_t i = paging.begin; i < paging.end; ++i) view.add("items", item_row(list.entries[i], now));
    set_paging(view, paging, needle.empty() ? Link(path) : Link(path).with("q", needle));
    return html_page(state, now, page_text(), view);
}

Response finish(const State& state, const Request& request, Now now, std::vector<Reply> replies) {
    const Form form = wanted_form(request, Form::text).value_or(Form::text);
    const auto failed = [&](const Response& error) {
        if (form != Form::html) return error;
        const std::string_view sentence = std::string_view(error.body).substr(0, error.body.size() - 1);
        Response page = html_error(state, now, page_text(), error.status, sentence);
        page.headers = error.headers;
        return page;
    };
    if (replies.empty()) return failed(nobody_to_ask(state, topic));
    QueueList list = read_queues(std::move(replies));
    if (list.queues.empty()) return failed(no_answer(list.replies));
    const std::string* q = request.parameter("q");
    const std::string needle = q ? q->substr(0, max_needle_bytes) : "";
    filter_queue(list, needle);
    const bool is_paged = form == Form::html || request.parameter("page");
    const auto paging = page_of(request, list.entries.size(), is_paged ? items_per_page : list.entries.size() + 1);
    if (!paging) return error_response(400, "The page is not a number.");
    switch (form) {
        case Form::text: return as_text(list, *paging, now);
        case Form::json: return as_json(list, *paging, now);
        case Form::html: return as_html(state, list, *paging, needle, now);
    }
    return {};
}

Response finish_and_vary(const State& state, const Request& request, Now now, std::vector<Reply> replies) {
    Response response = finish(state, request, now, std::move(replies));
    response.headers.emplace_back("Vary", "Accept");
    return response;
}

}  // namespace

PageResult queue_page(const State& state, const Request& request, Now now) {
    if (!wanted_form(request, Form::text)) {
        return error_response(400, "The format of this page is text, html or json.");
    }
    std::vector<std::uint32_t> emitters = emitters_that_answer(state, topic);
    if (emitters.empty()) return finish_and_vary(state, request, now, {});
    PageAsk page;
    page.ask.topic = topic;
    page.ask.emitters = std::move(emitters);
    page.finish = finish_and_vary;
    return page;
}

}  // namespace quipu
