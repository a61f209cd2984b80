// What decoding refuses although it is well-formed: lengths beyond limits.hpp, missing fields, lists that do not fit.
#include <boost/test/unit_test.hpp>

#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "proto/limits.hpp"
#include "proto/message.hpp"
#include "tests/support/hex.hpp"
#include "tests/support/printers.hpp"
#include "tests/support/samples.hpp"

namespace quipu {

BOOST_AUTO_TEST_SUITE(proto_bounds)

using test::as_bytes;
using test::nested;
using test::payload_of;

namespace {

Errc decode_from(std::string_view payload, wire::FromEmitter& out, std::uint64_t& unknown_fields) {
    return wire::decode(as_bytes(payload), out, unknown_fields);
}

Errc error_of(const wire::FromEmitter& message) {
    const std::string frame = test::frame_of(message);
    wire::FromEmitter out;
    std::uint64_t unknown_fields = 0;
    return wire::decode(as_bytes(payload_of(frame)), out, unknown_fields);
}

Errc error_of(const wire::ToEmitter& message) {
    const std::string frame = test::frame_of(message);
    wire::ToEmitter out;
    std::uint64_t unknown_fields = 0;
    return wire::decode(as_bytes(payload_of(frame)), out, unknown_fields);
}

Errc error_of(const wire::Queue& queue) {
    std::string body;
    append_body(body, queue);
    wire::Queue out;
    return wire::decode(as_bytes(body), out);
}

const wire::Hello good_hello = {.protocol = 1, .program = "p", .instance = "0123456789abcdef"};
const wire::Family good_family = {.id = 1, .name = "n"};

}  // namespace

BOOST_AUTO_TEST_CASE(every_length_is_taken_at_its_limit_and_refused_one_past) {
    using Make = std::function<Errc(std::size_t)>;

    struct Row {
        const char* field;
        std::size_t limit;
        Make error_at;
    };

    // Text of that length, which outlives its use.
    static std::vector<std::string> texts;
    const auto text = [](std::size_t size) -> std::string_view { return texts.emplace_back(size, 'x'); };
    const auto hello = [](auto change) {
        return [change](std::size_t size) {
            wire::Hello message = good_hello;
            change(message, size);
            return error_of(wire::FromEmitter(message));
        };
    };
    const auto family = [](auto change) {
        return [change](std::size_t size) {
            wire::Define message{.families = {good_family}, .series = {}};
            change(message.families[0], size);
            return error_of(wire::FromEmitter(message));
        };
    };
    const auto event = [](auto change) {
        return [change](std::size_t size) {
            wire::TraceEvents message{.events = {{.trace = 1, .family = "f"}}};
            change(message.events[0], size);
            return error_of(wire::FromEmitter(message));
        };
    };
    const auto query = [](auto change) {
        return [change](std::size_t size) {
            wire::Query message{.id = 1, .topic = "t"};
            change(message, size);
            return error_of(wire::ToEmitter(message));
        };
    };
    const auto queue = [](auto change) {
        return [change](std::size_t size) {
            wire::Queue message{.items = {{.recipients = {{}}}}};
            change(message.items[0], size);
            return error_of(message);
        };
    };
    const auto many = [](auto make) { return [make](std::size_t size) { return make(size); }; };

    using namespace limits;
    const std::vector<Row> rows = {
        {"Hello.program", max_word_bytes, hello([&](auto& m, auto n) { m.program = text(n); })},
        {"Hello.version", max_word_bytes, hello([&](auto& m, auto n) { m.version = text(n); })},
        {"Hello.hostname", max_word_bytes, hello([&](auto& m, auto n) { m.hostname = text(n); })},
        {"Hello.cmdline", max_text_bytes, hello([&](auto& m, auto n) { m.cmdline = {text(n)}; })},
        {"Hello.cmdline items", max_hello_items, hello([&](auto& m, auto n) { m.cmdline.assign(n, "a"); })},
        {"Hello.flags name", max_word_bytes, hello([&](auto& m, auto n) { m.flags = {{.name = text(n)}}; })},
        {"Hello.flags value", max_text_bytes, hello([&](auto& m, auto n) { m.flags = {{.value = text(n)}}; })},
        {"Hello.flags items", max_hello_items, hello([&](auto& m, auto n) { m.flags.assign(n, wire::Flag{}); })},
        {"Hello.config_text", max_config_bytes, hello([&](auto& m, auto n) { m.config_text = text(n); })},
        {"Hello.topics", max_word_bytes, hello([&](auto& m, auto n) { m.topics = {text(n)}; })},
        {"Hello.topics items", max_hello_items, hello([&](auto& m, auto n) { m.topics.assign(n, "a"); })},
        {"Describe.topics", max_word_bytes, many([&](std::size_t n) {
             return error_of(wire::FromEmitter(wire::Describe{.topics = {text(n)}}));
         })},
        {"Describe.topics items", max_hello_items, many([&](std::size_t n) {
             wire::Describe message;
             message.topics.assign(n, "a");
             return error_of(wire::FromEmitter(message));
         })},
        {"Describe.config_text", max_config_bytes, many([&](std::size_t n) {
             return error_of(wire::FromEmitter(wire::Describe{.config_text = text(n)}));
         })},
        {"Family.name", max_name_bytes, family([&](auto& m, auto n) { m.name = text(n); })},
        {"Family.help", max_help_bytes, family([&](auto& m, auto n) { m.help = text(n); })},
        {"Family.unit", max_word_bytes, family([&](auto& m, auto n) { m.unit = text(n); })},
        {"Family.label_name", max_word_bytes, family([&](auto& m, auto n) { m.label_name = text(n); })},
        {"Family.bounds", max_bounds, family([&](auto& m, auto n) {
             for (std::size_t i = 0; i < n; ++i) m.bounds.push_back(static_cast<double>(i));
         })},
        {"Define.families", max_families, many([&](std::size_t n) {
             wire::Define message;
             message.families.assign(n, good_family);
             return error_of(wire::FromEmitter(message));
         })},
        {"Define.series", max_series, many([&](std::size_t n) {
             wire::Define message;
             message.series.assign(n, wire::Series{.id = 1, .family = 1});
             return error_of(wire::FromEmitter(message));
         })},
        {"Series.label_value", max_label_bytes, many([&](std::size_t n) {
             const wire::Define message{.series = {{.id = 1, .family = 1, .label_value = text(n)}}};
             return error_of(wire::FromEmitter(message));
         })},
        {"Set.texts value", max_text_bytes, many([&](std::size_t n) {
             return error_of(wire::FromEmitter(wire::Set{.texts = {{.id = 1, .value = text(n)}}}));
         })},
        {"TraceEvents.events", max_events_per_frame, many([&](std::size_t n) {
             wire::TraceEvents message;
             message.events.assign(n, wire::TraceEvent{.trace = 1, .kind = wire::TraceEventKind::end});
             return error_of(wire::FromEmitter(message));
         })},
        {"TraceEvent.text", max_event_bytes, event([&](auto& m, auto n) { m.text = text(n); })},
        {"TraceEvent.family", max_family_bytes, event([&](auto& m, auto n) { m.family = text(n); })},
        {"Answer.chunk", max_chunk_bytes, many([&](std::size_t n) {
             return error_of(wire::FromEmitter(wire::Answer{.query = 1, .chunk = text(n)}));
         })},
        {"Bye.reason", max_reason_bytes, many([&](std::size_t n) {
             return error_of(wire::FromEmitter(wire::Bye{.reason = text(n)}));
         })},
        {"Query.topic", max_word_bytes, query([&](auto& m, auto n) { m.topic = text(n); })},
        {"Query.args", max_query_args, query([&](auto& m, auto n) { m.args.assign(n, wire::Argument{}); })},
        {"Argument.key", max_word_bytes, query([&](auto& m, auto n) { m.args = {{.key = text(n)}}; })},
        {"Argument.value", max_text_bytes, query([&](auto& m, auto n) { m.args = {{.value = text(n)}}; })},
        {"Sampling.family", max_family_bytes, many([&](std::size_t n) {
             return error_of(wire::ToEmitter(wire::Tune{.sampling = {{.family = text(n)}}}));
         })},
        {"Refuse.reason", max_reason_bytes, many([&](std::size_t n) {
             return error_of(wire::ToEmitter(wire::Refuse{.reason = text(n)}));
         })},
        {"QueueItem.id", max_word_bytes, queue([&](auto& m, auto n) { m.id = text(n); })},
        {"QueueItem.from", max_text_bytes, queue([&](auto& m, auto n) { m.from = text(n); })},
        {"QueueItem.to", max_text_bytes, queue([&](auto& m, auto n) { m.to = {text(n)}; })},
        {"QueueRecipient.address", max_text_bytes, queue([&](auto& m, auto n) { m.recipients[0].address = text(n); })},
        {"QueueRecipient.type", max_word_bytes, queue([&](auto& m, auto n) { m.recipients[0].type = text(n); })},
        {"QueueRecipient.original_address", max_text_bytes, queue([&](auto& m, auto n) {
             m.recipients[0].original_address = text(n);
         })},
        {"QueueRecipient.last_failure", max_text_bytes, queue([&](auto& m, auto n) {
             m.recipients[0].last_failure = text(n);
         })},
        {"Queue.items", max_queue_items, many([&](std::size_t n) {
             wire::Queue message;
             message.items.assign(n, wire::QueueItem{});
             return error_of(message);
         })},
        {"Queue recipients", max_queue_recipients, many([&](std::size_t n) {
             wire::Queue message{.items = {{}, {}}};
             message.items[0].to.assign(n / 2, "");
             message.items[1].recipients.assign(n - n / 2, wire::QueueRecipient{});
             return error_of(message);
         })},
    };
    for (const Row& row : rows) {
        BOOST_TEST_CONTEXT(row.field) {
            BOOST_TEST(row.error_at(row.limit) == Errc::ok);
            BOOST_TEST(row.error_at(row.limit + 1) == Errc::text_too_long);
        }
        texts.clear();
    }
}

BOOST_AUTO_TEST_CASE(an_instance_must_have_exactly_sixteen_bytes) {
    for (const std::size_t size : {0U, 1U, 15U, 17U, 256U, 257U}) {
        const std::string instance(size, 'i');
        wire::Hello message = good_hello;
        message.instance = instance;
        const Errc expected = size > limits::max_word_bytes ? Errc::text_too_long : Errc::bad_instance;
        BOOST_TEST(error_of(wire::FromEmitter(message)) == expected, size << " bytes");
    }
}

BOOST_AUTO_TEST_CASE(a_required_field_that_is_missing_is_refused) {
    struct Row {
        const char* what;
        Errc error;
        Errc expected;
    };

    const auto from = [](wire::FromEmitter message) { return error_of(message); };
    const auto to = [](wire::ToEmitter message) { return error_of(message); };
    wire::Hello no_protocol = good_hello;
    no_protocol.protocol = 0;
    wire::Hello no_program = good_hello;
    no_program.program = "";
    const Row rows[] = {
        {"Hello.protocol", from(no_protocol), Errc::protocol_unsupported},
        {"Hello.program", from(no_program), Errc::field_missing},
        {"Family.id", from(wire::Define{.families = {{.name = "n"}}}), Errc::field_missing},
        {"Family.name", from(wire::Define{.families = {{.id = 1}}}), Errc::field_missing},
        {"Series.id", from(wire::Define{.series = {{.family = 1}}}), Errc::field_missing},
        {"Series.family", from(wire::Define{.series = {{.id = 1}}}), Errc::field_missing},
        {"TextValue.id", from(wire::Set{.texts = {{.value = "v"}}}), Errc::field_missing},
        {"TraceEvent.trace", from(wire::TraceEvents{.events = {{.family = "f"}}}), Errc::field_missing},
        {"TraceEvent.family of a begin", from(wire::TraceEvents{.events = {{.trace = 1}}}), Errc::field_missing},
        {"Answer.query", from(wire::Answer{.last = true}), Errc::field_missing},
        {"Welcome.protocol", to(wire::Welcome{}), Errc::field_missing},
        {"Query.id", to(wire::Query{.topic = "t"}), Errc::field_missing},
        {"Query.topic", to(wire::Query{.id = 1}), Errc::field_missing},
        {"Cancel.query", to(wire::Cancel{}), Errc::field_missing},
        {"Sampling.family", to(wire::Tune{.sampling = {{.per_mille = 1}}}), Errc::field_missing},
    };
    for (const Row& row : rows) {
        BOOST_TEST_CONTEXT(row.what) {
            BOOST_TEST(row.error == row.expected);
        }
    }
}

BOOST_AUTO_TEST_CASE(lists_that_belong_together_must_be_of_one_length) {
    using namespace std::string_literals;
    const std::string payloads[] = {
        nested(3, "\x08\x01"s),                              // Deltas: an id, no delta
        nested(3, "\x10\x01"s),                              // a delta, no id
        nested(3, "\x0a\x02\x01\x02\x12\x01\x02"s),          // two ids, one delta
        nested(4, "\x08\x01"s),                              // Set: a gauge's id, no value
        nested(4, "\x11\x00\x00\x00\x00\x00\x00\x00\x00"s),  // a value, no id
    };
    for (const std::string& payload : payloads) {
        wire::FromEmitter out;
        std::uint64_t unknown_fields = 0;
        BOOST_TEST(decode_from(payload, out, unknown_fields) == Errc::count_mismatch);
    }
}

BOOST_AUTO_TEST_CASE(an_enumerator_that_we_do_not_know_is_malformed) {
    using namespace std::string_literals;
    const std::string family_name = "\x08\x01\x12\x01n"s;
    const std::string payloads[] = {
        nested(2, nested(1, family_name + "\x18\x04"s)),                                      // Family.kind 4
        nested(2, nested(1, family_name + "\x38\x04"s)),                                      // Family.merge 4
        nested(2, nested(1, family_name + "\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s)),  // kind -1
        nested(5, nested(1, "\x08\x01\x10\x05"s)),                                            // TraceEvent.kind 5
        nested(6, "\x08\x01\x10\x06"s),                                                       // Answer.status 6
    };
    for (const std::string& payload : payloads) {
        wire::FromEmitter out;
        std::uint64_t unknown_fields = 0;
        BOOST_TEST(decode_from(payload, out, unknown_fields) == Errc::malformed);
    }
}

BOOST_AUTO_TEST_CASE(histogram_bounds_must_be_finite_and_grow) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

    struct Row {
        std::vector<double> bounds;
        double sum_unit;
        Errc expected;
    };

    const Row rows[] = {
        {{}, 1, Errc::ok},
        {{-1, 0, 1}, 1e-9, Errc::ok},
        {{1, 1}, 1, Errc::bad_bounds},
        {{2, 1}, 1, Errc::bad_bounds},
        {{1, infinity}, 1, Errc::bad_bounds},
        {{-infinity, 1}, 1, Errc::bad_bounds},
        {{not_a_number}, 1, Errc::bad_bounds},
        {{1, not_a_number, 2}, 1, Errc::bad_bounds},
        {{1}, infinity, Errc::bad_bounds},
        {{1}, not_a_number, Errc::bad_bounds},
    };
    for (const Row& row : rows) {
        wire::Family family = good_family;
        family.bounds = row.bounds;
        family.sum_unit = row.sum_unit;
        BOOST_TEST(error_of(wire::FromEmitter(wire::Define{.families = {family}})) == row.expected);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quipu
