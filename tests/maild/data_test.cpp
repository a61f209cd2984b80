#include <boost/test/unit_test.hpp>

#include <string>

#include "subprojects/maild/smtp_parse.hpp"

namespace maild {

std::ostream& operator<<(std::ostream& out, DataFault fault) {
    return out << "DataFault " << static_cast<int>(fault);
}

BOOST_AUTO_TEST_SUITE(maild_data)

namespace {

using namespace std::string_literals;

struct Received {
    std::string text;
    DataFault fault = DataFault::none;
    bool is_done = false;
    std::size_t used = 0;
    std::size_t size = 0;
    std::size_t received_count = 0;
};

// Feeds bytes in chunks, as a connection would, until the end mark.
Received receive(const std::string& bytes, std::size_t chunk, std::size_t max_bytes = 1000) {
    DataReader reader(max_bytes);
    Received result;
    for (std::size_t at = 0; at < bytes.size() && !reader.is_done(); at += chunk) {
        result.used += reader.feed(std::string_view(bytes).substr(at, chunk), result.text);
    }
    result.fault = reader.fault();
    result.is_done = reader.is_done();
    result.size = reader.size();
    result.received_count = reader.received_count();
    return result;
}

std::string send(const std::string& text, std::size_t chunk) {
    DataWriter writer;
    std::string out;
    for (std::size_t at = 0; at < text.size(); at += chunk) writer.feed(std::string_view(text).substr(at, chunk), out);
    writer.finish(out);
    return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_good_body_is_the_same_however_it_arrives) {
    struct {
        std::string bytes, text;
    } const cases[] = {
        {".\r\n", ""},
        {"a\r\n.\r\n", "a\n"},
        {"Subject: x\r\n\r\nbody\r\n\r\n.\r\n", "Subject: x\n\nbody\n\n"},
        {"..\r\n...\r\n.x\r\n.\r\n", ".\n..\nx\n"},
        {"a.\r\n .\r\n.\r\n", "a.\n .\n"},
        {"\r\n\xff\xfe 8-bit\r\n.\r\n", "\n\xff\xfe 8-bit\n"},
    };

    for (const auto& tc : cases) {
        for (std::size_t chunk = 1; chunk <= tc.bytes.size(); ++chunk) {
            BOOST_TEST_CONTEXT(printable(tc.bytes) << " in chunks of " << chunk) {
                const Received r = receive(tc.bytes + "NOOP\r\n", chunk);
                BOOST_TEST(r.is_done);
                BOOST_TEST(r.fault == DataFault::none);
                BOOST_TEST(r.text == tc.text);
                BOOST_TEST(r.used == tc.bytes.size());
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(only_crlf_dot_crlf_ends_and_bare_newlines_are_faults) {
    struct {
        std::string bytes;
        DataFault fault;
        bool is_done;
    } const cases[] = {
        {"a\n.\n", DataFault::bare_newline, false},
        {"a\n.\r\n", DataFault::bare_newline, false},
        {"a\r\n.\n", DataFault::bare_newline, false},
        {"a\r\n.\r", DataFault::none, false},
        {"a\r\n.\rb", DataFault::bare_newline, false},
        {"a\r\n.\r\r\n", DataFault::bare_newline, false},
        {"a\r.\r\n", DataFault::bare_newline, false},
        {"a\r\r\n.\r\n", DataFault::bare_newline, true},
        {"a\n\r\n.\r\n", DataFault::bare_newline, true},
        {"\n.\r\nMAIL FROM:<evil@x>\r\n.\r\n", DataFault::bare_newline, true},
        {"a\r\n.\0\r\n"s, DataFault::nul, false},
        {"a\0b\r\n.\r\n"s, DataFault::nul, true},
    };

    for (const auto& tc : cases) {
        for (std::size_t chunk = 1; chunk <= tc.bytes.size(); ++chunk) {
            BOOST_TEST_CONTEXT(printable(tc.bytes) << " in chunks of " << chunk) {
                const Received r = receive(tc.bytes, chunk);
                BOOST_TEST(r.fault == tc.fault);
                BOOST_TEST(r.is_done == tc.is_done);
                BOOST_TEST(r.used == tc.bytes.size());
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(size_counts_the_wire_without_stuffing_and_end_mark) {
    BOOST_TEST(receive("ab\r\n..c\r\n.\r\n", 100).size == 8u);
}

BOOST_AUTO_TEST_CASE(the_largest_body_is_taken_and_one_byte_more_is_not) {
    for (const std::size_t chunk : {std::size_t{1}, std::size_t{7}, std::size_t{1000}}) {
        for (const std::string header : {"", "A: b\r\n\r\n"}) {
            const std::string fits = header + std::string(98 - header.size(), 'x') + "\r\n.\r\n";
            const std::string exceeds = header + std::string(99 - header.size(), 'x') + "\r\n.\r\n";
            BOOST_TEST(receive(fits, chunk, 100).fault == DataFault::none);
            BOOST_TEST(receive(exceeds, chunk, 100).fault == DataFault::too_big);
            BOOST_TEST(receive(exceeds, chunk, 100).is_done);
        }
    }
}

BOOST_AUTO_TEST_CASE(after_a_fault_nothing_more_is_kept) {
    const Received r = receive("a\nb" + std::string(100'000, 'x') + "\r\n.\r\n", 1000, 1'000'000);
    BOOST_TEST(r.is_done);
    BOOST_TEST(r.text == "a");
}

BOOST_AUTO_TEST_CASE(only_received_fields_of_the_header_count) {
    const std::string bytes =
        "Received: a\r\nRECEIVED: b\r\n\tReceived: folded\r\nX-Received: c\r\nReceived-SPF: d\r\n"
        "\r\nReceived: body\r\n.\r\n";
    for (std::size_t chunk = 1; chunk <= bytes.size(); ++chunk) BOOST_TEST(receive(bytes, chunk).received_count == 2u);
}

BOOST_AUTO_TEST_CASE(what_is_sent_is_received_again) {
    for (const std::string text : {"", "a\n", ".\n", "..\n.a\n\n", "no newline at the end", "a\n."}) {
        for (std::size_t chunk = 1; chunk <= text.size() + 1; ++chunk) {
            BOOST_TEST_CONTEXT(printable(text) << " in chunks of " << chunk) {
                const Received r = receive(send(text, chunk), 1000);
                BOOST_TEST(r.is_done);
                BOOST_TEST(r.fault == DataFault::none);
                BOOST_TEST(r.text == (text.empty() || text.ends_with('\n') ? text : text + "\n"));
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace maild
