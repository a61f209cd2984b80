#include "subprojects/maild/smtp_parse.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace maild {

std::ostream& operator<<(std::ostream& out, LineFault fault) {
    return out << "LineFault " << static_cast<int>(fault);
}

std::ostream& operator<<(std::ostream& out, PathFault fault) {
    return out << "PathFault " << static_cast<int>(fault);
}

std::ostream& operator<<(std::ostream& out, ParamFault fault) {
    return out << "ParamFault " << static_cast<int>(fault);
}

std::ostream& operator<<(std::ostream& out, Verb verb) {
    return out << "Verb " << static_cast<int>(verb);
}

BOOST_AUTO_TEST_SUITE(maild_smtp_parse)

namespace {

using namespace std::string_literals;

struct ReadLines {
    std::vector<Line> lines;
    std::size_t most_held = 0;
};

ReadLines read_lines(const std::string& bytes, std::size_t chunk, std::size_t max_bytes = 20) {
    LineReader reader(max_bytes);
    ReadLines result;
    std::string input;
    for (std::size_t at = 0; at < bytes.size(); at += chunk) {
        input += bytes.substr(at, chunk);
        while (auto line = reader.next(input)) result.lines.push_back(*line);
        result.most_held = std::max(result.most_held, input.size());
    }
    return result;
}

}  // namespace

BOOST_AUTO_TEST_CASE(lines_are_the_same_however_they_arrive) {
    const std::string bytes = "NOOP\r\n\r\nbare\na\rb\r\nnul\0\r\n"s + std::string(50, 'x') + "\r\nEHLO y\r\nrest";
    const std::vector<LineFault> faults{
        LineFault::none,
        LineFault::none,
        LineFault::bare_newline,
        LineFault::bare_newline,
        LineFault::nul,
        LineFault::too_long,
        LineFault::none,
    };
    for (std::size_t chunk = 1; chunk <= bytes.size(); ++chunk) {
        BOOST_TEST_CONTEXT("chunks of " << chunk) {
            const std::vector<Line> lines = read_lines(bytes, chunk).lines;
            BOOST_REQUIRE_EQUAL(lines.size(), faults.size());
            for (std::size_t i = 0; i < lines.size(); ++i) BOOST_TEST(lines[i].fault == faults[i]);
            BOOST_TEST(lines[0].text == "NOOP");
            BOOST_TEST(lines[2].text == "bare");
            BOOST_TEST(lines[5].text == std::string(16, 'x'));
            BOOST_TEST(lines[6].text == "EHLO y");
        }
    }
}

BOOST_AUTO_TEST_CASE(an_endless_line_is_not_kept) {
    const ReadLines read = read_lines(std::string(100'000, 'x') + "\r\nNOOP\r\n", 7);
    BOOST_TEST(read.most_held < 20u + 7u);
    BOOST_REQUIRE_EQUAL(read.lines.size(), 2u);
    BOOST_TEST(read.lines[0].fault == LineFault::too_long);
    BOOST_TEST(read.lines[1].text == "NOOP");
}

BOOST_AUTO_TEST_CASE(the_longest_line_is_taken_and_one_byte_more_is_not) {
    BOOST_TEST(read_lines(std::string(18, 'x') + "\r\n", 100).lines.at(0).fault == LineFault::none);
    BOOST_TEST(read_lines(std::string(19, 'x') + "\r\n", 100).lines.at(0).fault == LineFault::too_long);
    BOOST_TEST(read_lines(std::string(18, 'x') + "\r\n", 1).lines.at(0).fault == LineFault::none);
    BOOST_TEST(read_lines(std::string(19, 'x') + "\r\n", 1).lines.at(0).fault == LineFault::too_long);
}

BOOST_AUTO_TEST_CASE(commands_are_known_in_any_case) {
    struct {
        const char* line;
        Verb verb;
        const char* name;
        const char* args;
    } const cases[] = {
        {"EHLO x", Verb::ehlo, "EHLO", "x"},
        {"mail FROM:<a@b>  ", Verb::mail, "MAIL", "FROM:<a@b>"},
        {"StartTLS", Verb::starttls, "STARTTLS", ""},
        {"QUIT ", Verb::quit, "QUIT", ""},
        {"foo   bar", Verb::unknown, "FOO", "bar"},
        {"", Verb::unknown, "", ""},
        {" EHLO x", Verb::unknown, "", "EHLO x"},
    };

    for (const auto& tc : cases) {
        BOOST_TEST_CONTEXT(tc.line) {
            const Command command = parse_command(tc.line);
            BOOST_TEST(command.verb == tc.verb);
            BOOST_TEST(command.name == tc.name);
            BOOST_TEST(command.args == tc.args);
        }
    }
    BOOST_TEST(is_http_verb("GET"));
    BOOST_TEST(!is_http_verb("EHLO"));
}

BOOST_AUTO_TEST_CASE(paths) {
    const std::string long_local(64, 'x'), longer_local(65, 'x');
    const std::string long_domain = std::string(251, 'd') + ".com", longer_domain = long_domain + "x";

    struct {
        std::string args;
        PathFault fault;
        std::string local, domain, params;
    } const cases[] = {
        {"TO:<a@b.c>", PathFault::none, "a", "b.c", ""},
        {"to: <a@B.C> SIZE=1", PathFault::none, "a", "b.c", " SIZE=1"},
        {"TO:<a.b+c=d/e@localhost>", PathFault::none, "a.b+c=d/e", "localhost", ""},
        {"TO:<\"a b@c>\\\"\"@d.e>", PathFault::none, "a b@c>\"", "d.e", ""},
        {"TO:<@r1,@r2:a@b.c>", PathFault::none, "a", "b.c", ""},
        {"TO:<a@[127.0.0.1]>", PathFault::none, "a", "[127.0.0.1]", ""},
        {"TO:<a@[IPv6:::1]>", PathFault::none, "a", "[ipv6:::1]", ""},
        {"TO:<Postmaster>", PathFault::none, "Postmaster", "", ""},
        {"TO:<" + long_local + "@b>", PathFault::none, long_local, "b", ""},
        {"TO:<" + longer_local + "@b>", PathFault::too_long, "", "", ""},
        {"TO:<a@" + long_domain + ">", PathFault::none, "a", long_domain, ""},
        {"TO:<a@" + longer_domain + ">", PathFault::too_long, "", "", ""},
        {"TO:<j\xc3\xb6rg@b.c>", PathFault::not_ascii, "", "", ""},
        {"FROM:<a@b.c>", PathFault::syntax, "", "", ""},
        {"TO:a@b.c", PathFault::syntax, "", "", ""},
        {"TO:<a@b.c", PathFault::syntax, "", "", ""},
        {"TO:<a@b.c>x", PathFault::syntax, "", "", ""},
        {"TO:<a>", PathFault::syntax, "", "", ""},
        {"TO:<@b.c>", PathFault::syntax, "", "", ""},
        {"TO:<a@>", PathFault::syntax, "", "", ""},
        {"TO:<a b@c>", PathFault::syntax, "", "", ""},
        {"TO:<../../x@b.c>", PathFault::syntax, "", "", ""},
        {"TO:<a..b@c>", PathFault::syntax, "", "", ""},
        {"TO:<.a@c>", PathFault::syntax, "", "", ""},
        {"TO:<a@b..c>", PathFault::syntax, "", "", ""},
        {"TO:<a@b c>", PathFault::syntax, "", "", ""},
        {"TO:<\"a@b>", PathFault::syntax, "", "", ""},
        {"TO:<\"\"@b>", PathFault::syntax, "", "", ""},
        {"TO:<\"a\tb\"@b>", PathFault::syntax, "", "", ""},
        {"TO:<a@[x]>", PathFault::syntax, "", "", ""},
        {"TO:", PathFault::syntax, "", "", ""},
    };

    for (const auto& tc : cases) {
        BOOST_TEST_CONTEXT(tc.args) {
            Path path;
            const PathFault fault = parse_path(tc.args, "TO:", path);
            BOOST_TEST(fault == tc.fault);
            if (fault != PathFault::none || !path.address) continue;
            BOOST_TEST(path.address->local == tc.local);
            BOOST_TEST(path.address->domain == tc.domain);
            BOOST_TEST(path.params == tc.params);
        }
    }
}

BOOST_AUTO_TEST_CASE(the_null_path_is_no_address) {
    Path path;
    BOOST_TEST(parse_path("FROM:<>", "FROM:", path) == PathFault::none);
    BOOST_TEST(!path.address);
}

BOOST_AUTO_TEST_CASE(the_text_of_an_address_is_without_source_route) {
    Path path;
    BOOST_TEST(parse_path("TO:<@r:\"q\"@B.c>", "TO:", path) == PathFault::none);
    BOOST_REQUIRE(path.address);
    BOOST_TEST(path.address->text == "\"q\"@B.c");
}

BOOST_AUTO_TEST_CASE(parameters_of_mail) {
    struct {
        const char* params;
        ParamFault fault;
        std::uint64_t size;
    } const cases[] = {
        {"", ParamFault::none, 7},
        {" SIZE=0", ParamFault::none, 0},
        {" size=123 body=8bitmime ", ParamFault::none, 123},
        {" BODY=7BIT", ParamFault::none, 7},
        {" SIZE=99999999999999999999999", ParamFault::none, UINT64_MAX},
        {" SIZE=", ParamFault::bad_value, 7},
        {" SIZE=-1", ParamFault::bad_value, 7},
        {" SIZE=1x", ParamFault::bad_value, 1},
        {" BODY=BINARYMIME", ParamFault::bad_value, 7},
        {" AUTH=<>", ParamFault::unknown, 7},
    };

    for (const auto& tc : cases) {
        BOOST_TEST_CONTEXT(tc.params) {
            std::uint64_t size = 7;
            BOOST_TEST(parse_mail_params(tc.params, size) == tc.fault);
            BOOST_TEST(size == tc.size);
        }
    }
}

BOOST_AUTO_TEST_CASE(control_characters_are_made_visible) {
    BOOST_TEST(printable("a\r\n\x01\x7f\xc3\xb1") == "a\\x0d\\x0a\\x01\\x7f\xc3\xb1");
    BOOST_TEST(printable("abcdef", 3) == "abc");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace maild
