// Whatever stands where chasquid should: its pages, its log and the journal. The first byte chooses. What is a variable
// that quipud takes as JSON must be JSON; a queue is the same however its page is cut.
#include <boost/json/parse.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/json_text.hpp"
#include "daemon/pages/goroutines.hpp"
#include "daemon/pages/text.hpp"
#include "subprojects/chasquid-relay/about.hpp"
#include "subprojects/chasquid-relay/expvar.hpp"
#include "subprojects/chasquid-relay/flags_text.hpp"
#include "subprojects/chasquid-relay/go_text.hpp"
#include "subprojects/chasquid-relay/log_follower.hpp"
#include "subprojects/chasquid-relay/log_line.hpp"
#include "subprojects/chasquid-relay/queue_text.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace quipu;
using namespace quipu::fuzz;

namespace {

// Whether others read it. A number may be beyond what they hold.
bool is_read_by_others(std::string_view text) {
    boost::json::error_code ec;
    boost::json::parse_options options;
    options.max_depth = max_json_depth + 1;
    boost::json::parse(boost::json::string_view(text.data(), text.size()), ec, {}, options);
    return !ec || ec == boost::json::error::exponent_overflow;
}

void check_variables(std::string_view page) {
    relay::Snapshot snapshot;
    std::vector<std::string> left_out;
    std::string why;
    if (!relay::parse_expvar(page, snapshot, left_out, why)) {
        check(!why.empty() && why.find('\n') == std::string::npos, "a refusal without a sentence", why);
        return;
    }
    for (const relay::Variable& variable : snapshot.variables) {
        if (variable.kind != relay::ValueKind::document) continue;
        // What Go alone takes for JSON is refused where it is published.
        const bool is_taken = checked_json(variable.text).has_value();
        check(!is_taken || is_read_by_others(variable.text), "a document that is no JSON", variable.text);
    }
}

void check_json(std::string_view text) {
    const auto published = checked_json(text);
    if (!published) return;
    check(is_utf8(*published), "a document that is not UTF-8", *published);
    check(published->find('\n') == std::string::npos, "a document of two lines", *published);
    check(published->find("\\x") == std::string::npos, "bytes that exporters rewrite", *published);
    check(published->find('<') == std::string::npos, "markup", *published);
    check(checked_json(*published) == published, "a published document that is published otherwise", *published);
    check(is_read_by_others(*published), "a published document that others do not read", *published);
}

void check_queue(std::string_view page, std::uint8_t seed) {
    std::vector<QueueItem> whole_items;
    std::vector<QueueItem> cut_items;
    relay::QueueText whole;
    whole.feed(page, whole_items);
    whole.finish(whole_items);
    relay::QueueText cut;
    Pieces pieces(as_bytes(page), seed);
    for (Bytes piece; pieces.next(piece);) cut.feed(as_text(piece), cut_items);
    cut.finish(cut_items);
    check(whole.length() == cut.length() && whole.is_queue() == cut.is_queue(), "a queue that depends on cuts");
    check(whole_items.size() == cut_items.size(), "items that depend on cuts");
    for (std::size_t i = 0; i < whole_items.size(); ++i) {
        check(whole_items[i].id == cut_items[i].id, "an item that depends on cuts", cut_items[i].id);
        check(whole_items[i].recipients.size() == cut_items[i].recipients.size(), "recipients that depend on cuts");
    }
}

void check_log(std::string_view line) {
    relay::LogClock clock;
    if (const auto parsed = relay::parse_log_line(line)) {
        if (parsed->time_ns) (void)clock.wall_time(*parsed->time_ns, {});
        line = parsed->text;
    }
    if (const auto trace = relay::parse_trace_line(line)) {
        check(!trace->family.empty() && trace->family.size() <= 60, "a family that is none", trace->family);
    }
    relay::JournalEntry entry;
    (void)relay::parse_journal_entry(line, entry);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view text = as_text(Bytes(data + 1, size - 1));
    switch (data[0] % 6) {
        case 0: check_variables(text); break;
        case 1: check_json(text); break;
        case 2: check_queue(text, data[0]); break;
        case 3: check_log(text); break;
        case 4:
            (void)relay::instance_of(relay::parse_about(text), {}, 0);
            (void)relay::parse_flags_page(text);
            break;
        default:
            (void)relay::go_time_ns(text);
            check(relay::go_unquoted(text).size() <= text.size(), "an unquoted text that is longer");
            (void)goroutines_view(text, 0);
            break;
    }
    return 0;
}
