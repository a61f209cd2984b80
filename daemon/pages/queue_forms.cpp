#include "daemon/pages/queue_forms.hpp"

#include <algorithm>
#include <utility>

#include "daemon/core/now.hpp"
#include "daemon/pages/layout.hpp"
#include "daemon/pages/target.hpp"
#include "daemon/pages/text.hpp"
#include "daemon/pages/when.hpp"

namespace quipu {

namespace {

std::string_view status_word(std::uint32_t status) {
    switch (status) {
        case 0: return "PENDING";
        case 1: return "SENT";
        case 2: return "FAILED";
        default: return "UNKNOWN";
    }
}

}  // namespace

void append_queue_text(std::string& out, const wire::QueueItem& item) {
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

void append_queue_json(JsonWriter& json, const wire::QueueItem& item, std::uint32_t emitter) {
    json.open_object().key("id").text(item.id).key("emitter").integer(std::uint64_t{emitter});
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

View queue_row(const wire::QueueItem& item, std::uint32_t emitter, Now now) {
    View row;
    row.set("id", item.id).set("from", item.from).set("emitter", std::to_string(emitter));
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

}  // namespace quipu
