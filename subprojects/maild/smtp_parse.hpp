// SMTP as text, without sockets: command lines, addresses, parameters, and the message body on its way in and out.
// Everything here is fed by strangers: nothing throws on input, and each reader holds a bounded number of bytes.
#pragma once

#include <mailside/log.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace maild {

// RFC 5321's 512 with its CRLF, more by what SIZE (26) and 8BITMIME (17) allow MAIL to add.
inline constexpr std::size_t max_command_bytes = 512 + 26 + 17;
inline constexpr std::size_t max_local_part_bytes = 64;
inline constexpr std::size_t max_domain_bytes = 255;

enum class LineFault : std::uint8_t { none, too_long, bare_newline, nul };

struct Line {
    std::string text;  // without CRLF; only the beginning where it was too long
    LineFault fault = LineFault::none;
};

// Cuts lines out of a byte stream. Only CRLF ends a good line; a bare LF ends a faulty one, so that a client that
// sends nothing else hears why.
class LineReader {
public:
    explicit LineReader(std::size_t max_bytes) : max_bytes_(max_bytes) {}

    // Takes the next line out of input; nullopt where it is not complete yet. Leaves less than max_bytes behind.
    std::optional<Line> next(std::string& input);

private:
    std::size_t max_bytes_;
    std::string head_;  // the beginning of a line that is too long
};

enum class Verb : std::uint8_t {
    ehlo,
    helo,
    mail,
    rcpt,
    data,
    rset,
    noop,
    vrfy,
    help,
    quit,
    starttls,
    unknown,
};
inline constexpr std::array<std::string_view, 11> verb_names{
    "EHLO", "HELO", "MAIL", "RCPT", "DATA", "RSET", "NOOP", "VRFY", "HELP", "QUIT", "STARTTLS"};

struct Command {
    Verb verb = Verb::unknown;
    std::string name;       // upper case, whatever the client sent
    std::string_view args;  // of the line given
};

Command parse_command(std::string_view line);
// A browser or a proxy, led here by mistake or by an attacker.
bool is_http_verb(std::string_view name);

struct Address {
    std::string local;   // unquoted
    std::string domain;  // lower case; empty only for "postmaster"
    std::string text;    // as given, for the next hop
};

enum class PathFault : std::uint8_t { none, syntax, too_long, not_ascii };

struct Path {
    std::optional<Address> address;  // nullopt is the null reverse path <>
    std::string_view params;         // what follows the path
};

// args of MAIL (keyword "FROM:") or RCPT ("TO:").
[[nodiscard]] PathFault parse_path(std::string_view args, std::string_view keyword, Path& path);
// One bare address, "local@domain".
[[nodiscard]] PathFault parse_address(std::string_view text, Address& address);
bool is_domain(std::string_view text);

enum class ParamFault : std::uint8_t { none, bad_value, unknown };

// SIZE= and BODY=; size stays untouched where it is not given.
[[nodiscard]] ParamFault parse_mail_params(std::string_view params, std::uint64_t& size);

enum class DataFault : std::uint8_t { none, bare_newline, nul, too_big };

// Reads the body after DATA: undoes dot stuffing, turns CRLF into LF, finds the end, which is CRLF.CRLF and nothing
// else (anything laxer lets one server smuggle mail through another). After a fault it only looks for the end.
class DataReader {
public:
    explicit DataReader(std::size_t max_bytes) : max_bytes_(max_bytes) {}

    // Appends text to out; returns how many bytes of in were used, less than all only at the end.
    std::size_t feed(std::string_view in, std::string& out);

    [[nodiscard]] bool is_done() const { return state_ == State::done; }

    [[nodiscard]] DataFault fault() const { return fault_; }

    // Bytes on the wire, without stuffing and without the end mark.
    [[nodiscard]] std::size_t size() const { return size_; }

    // Header fields "Received:" so far, the trace of hops.
    [[nodiscard]] std::size_t received_count() const { return received_count_; }

private:
    enum class State : std::uint8_t { line_start, text, cr, dot, dot_cr, done };

    void step(char c, std::string& out);
    void put(char c, std::string& out);
    void end_line(std::string& out);
    void fail(DataFault fault);

    std::size_t max_bytes_;
    State state_ = State::line_start;
    DataFault fault_ = DataFault::none;
    std::size_t size_ = 0;
    bool in_header_ = true;
    std::string line_head_;  // the first bytes of the header line
    std::size_t received_count_ = 0;
};

// The way out: LF becomes CRLF, lines that begin with a dot get another.
class DataWriter {
public:
    void feed(std::string_view in, std::string& out);
    // The end mark.
    void finish(std::string& out) const;

private:
    bool at_line_start_ = true;
};

std::string lower(std::string_view text);
// For traces, logs and DSNs.
using mailside::printable;

}  // namespace maild
