#include "smtp_parse.hpp"

#include <algorithm>
#include <charconv>

namespace maild {

namespace {

// Longer than any verb, so that an over-long line still shows which command it was.
constexpr std::size_t kept_of_long_line = 16;
constexpr std::size_t max_path_bytes = max_local_part_bytes + max_domain_bytes + 1;
constexpr std::string_view received_field = "received:";

char to_lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

char to_upper(char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

bool is_letter_or_digit(char c) {
    const char l = to_lower(c);
    return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9');
}

bool is_atext(char c) {
    return is_letter_or_digit(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

bool is_printable(char c) {
    return c >= ' ' && c <= '~';
}

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool starts_with_nocase(std::string_view text, std::string_view prefix) {
    return text.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), text.begin(), [](char a, char b) {
               return to_lower(a) == to_lower(b);
           });
}

void skip_spaces(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
}

// Words between single dots.
bool is_dotted(std::string_view text, bool (*is_word_char)(char)) {
    bool in_word = false;
    for (const char c : text) {
        if (c == '.' ? !in_word : !is_word_char(c)) return false;
        in_word = c != '.';
    }
    return in_word;
}

bool is_address_literal(std::string_view text) {
    if (text.size() < 3 || text.front() != '[' || text.back() != ']') return false;
    text = text.substr(1, text.size() - 2);
    if (starts_with_nocase(text, "IPv6:")) text.remove_prefix(5);
    return text.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
}

// Takes "quoted \" string" from text's front into local; false where it does not end or holds what it may not.
bool take_quoted(std::string_view& text, std::string& local) {
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '"') {
            text.remove_prefix(i + 1);
            return true;
        }
        if (text[i] == '\\') ++i;
        if (i == text.size() || !is_printable(text[i])) return false;
        local += text[i];
    }
    return false;
}

// Where the path that follows '<' ends: the first '>' outside quotes.
std::size_t find_path_end(std::string_view text) {
    bool in_quotes = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (in_quotes && text[i] == '\\') {
            ++i;
        } else if (text[i] == '"') {
            in_quotes = !in_quotes;
        } else if (text[i] == '>' && !in_quotes) {
            return i;
        }
    }
    return std::string_view::npos;
}

}  // namespace

std::optional<Line> LineReader::next(std::string& input) {
    const std::size_t end = input.find('\n');
    if (end == std::string::npos) {
        if (input.size() < max_bytes_ && head_.empty()) return std::nullopt;
        if (head_.empty()) head_ = input.substr(0, kept_of_long_line);
        input.clear();
        return std::nullopt;
    }
    Line line;
    if (!head_.empty() || end >= max_bytes_) {
        line.text = head_.empty() ? input.substr(0, kept_of_long_line) : head_;
        line.fault = LineFault::too_long;
        head_.clear();
    } else {
        const bool has_cr = end > 0 && input[end - 1] == '\r';
        line.text = input.substr(0, has_cr ? end - 1 : end);
        if (!has_cr || line.text.find('\r') != std::string::npos) line.fault = LineFault::bare_newline;
        if (line.text.find('\0') != std::string::npos) line.fault = LineFault::nul;
    }
    input.erase(0, end + 1);
    return line;
}

Command parse_command(std::string_view line) {
    const std::size_t end = std::min(line.find(' '), line.size());
    Command command;
    command.name = line.substr(0, end);
    std::transform(command.name.begin(), command.name.end(), command.name.begin(), to_upper);
    command.args = line.substr(end);
    skip_spaces(command.args);
    while (command.args.ends_with(' ')) command.args.remove_suffix(1);
    const auto found = std::find(verb_names.begin(), verb_names.end(), command.name);
    if (found != verb_names.end()) command.verb = static_cast<Verb>(found - verb_names.begin());
    return command;
}

bool is_http_verb(std::string_view name) {
    constexpr std::array<std::string_view, 9> verbs{
        "GET", "POST", "HEAD", "PUT", "CONNECT", "OPTIONS", "DELETE", "PATCH", "TRACE"};
    return std::find(verbs.begin(), verbs.end(), name) != verbs.end();
}

bool is_domain(std::string_view text) {
    return text.size() <= max_domain_bytes &&
           is_dotted(text, [](char c) { return is_letter_or_digit(c) || c == '-' || c == '_'; });
}

PathFault parse_address(std::string_view text, Address& address) {
    if (!is_ascii(text)) return PathFault::not_ascii;
    address = {.local = {}, .domain = {}, .text = std::string(text)};
    std::string_view rest = text;
    if (rest.starts_with('"')) {
        if (!take_quoted(rest, address.local) || address.local.empty()) return PathFault::syntax;
    } else {
        const std::size_t at = std::min(rest.rfind('@'), rest.size());
        address.local = rest.substr(0, at);
        rest.remove_prefix(at);
        if (!is_dotted(address.local, is_atext)) return PathFault::syntax;
    }
    if (rest.empty() && lower(address.local) == "postmaster") return PathFault::none;
    if (rest.size() < 2 || rest.front() != '@') return PathFault::syntax;
    address.domain = lower(rest.substr(1));
    if (address.local.size() > max_local_part_bytes || address.domain.size() > max_domain_bytes) {
        return PathFault::too_long;
    }
    return is_domain(address.domain) || is_address_literal(address.domain) ? PathFault::none : PathFault::syntax;
}

PathFault parse_path(std::string_view args, std::string_view keyword, Path& path) {
    if (!starts_with_nocase(args, keyword)) return PathFault::syntax;
    args.remove_prefix(keyword.size());
    skip_spaces(args);  // not in the RFC, but common
    if (!args.starts_with('<')) return PathFault::syntax;
    args.remove_prefix(1);
    const std::size_t end = find_path_end(args);
    if (end == std::string_view::npos) return PathFault::syntax;
    std::string_view text = args.substr(0, end);
    path.params = args.substr(end + 1);
    if (!path.params.empty() && path.params.front() != ' ') return PathFault::syntax;
    path.address.reset();
    if (text.empty()) return PathFault::none;
    // A source route, "@relay,@relay:", is to be accepted and ignored.
    if (text.front() == '@') text.remove_prefix(std::min(text.find(':'), text.size() - 1) + 1);
    if (text.size() > 2 * max_path_bytes) return PathFault::too_long;
    return parse_address(text, path.address.emplace());
}

ParamFault parse_mail_params(std::string_view params, std::uint64_t& size) {
    for (skip_spaces(params); !params.empty(); skip_spaces(params)) {
        const std::string_view param = params.substr(0, params.find(' '));
        params.remove_prefix(param.size());
        if (starts_with_nocase(param, "SIZE=")) {
            const char* end = param.data() + param.size();
            const auto [stop, ec] = std::from_chars(param.data() + 5, end, size);
            // More than 64 bits of size is a number all the same, and too big for anyone.
            if (ec == std::errc::result_out_of_range) size = UINT64_MAX;
            if (ec == std::errc::invalid_argument || stop != end) return ParamFault::bad_value;
        } else if (starts_with_nocase(param, "BODY=")) {
            const std::string body = lower(param.substr(5));
            if (body != "7bit" && body != "8bitmime") return ParamFault::bad_value;
        } else {
            return ParamFault::unknown;
        }
    }
    return ParamFault::none;
}

std::size_t DataReader::feed(std::string_view in, std::string& out) {
    std::size_t used = 0;
    while (used < in.size() && state_ != State::done) {
        if (state_ == State::text && fault_ == DataFault::none && !in_header_) {
            // The common case, most of every body: no special byte until the next line end.
            const std::size_t special = in.find_first_of(std::string_view("\r\n\0", 3), used);
            const std::size_t end = std::min(special, in.size());
            out.append(in.substr(used, end - used));
            size_ += end - used;
            used = end;
            if (size_ > max_bytes_) fail(DataFault::too_big);
            if (used == in.size()) break;
        }
        step(in[used++], out);
    }
    return used;
}

void DataReader::step(char c, std::string& out) {
    if (c == '\0') fail(DataFault::nul);
    switch (state_) {
        case State::cr:
            if (c == '\n') return end_line(out);
            fail(DataFault::bare_newline);
            break;
        case State::dot_cr:
            if (c == '\n') {
                state_ = State::done;
                return;
            }
            fail(DataFault::bare_newline);
            break;
        case State::dot:
            if (c == '\r') {
                state_ = State::dot_cr;
                return;
            }
            break;  // the stuffed dot is dropped, what follows it is text
        case State::line_start:
            if (c == '.') {
                state_ = State::dot;
                return;
            }
            break;
        case State::text:
        case State::done: break;
    }
    if (c == '\r') {
        state_ = State::cr;
        return;
    }
    if (c == '\n') fail(DataFault::bare_newline);
    state_ = State::text;
    put(c, out);
}

void DataReader::put(char c, std::string& out) {
    if (++size_ > max_bytes_) fail(DataFault::too_big);
    if (fault_ != DataFault::none) return;
    if (in_header_ && line_head_.size() < received_field.size()) line_head_ += to_lower(c);
    out += c;
}

void DataReader::end_line(std::string& out) {
    state_ = State::line_start;
    size_ += 2;
    if (size_ > max_bytes_) fail(DataFault::too_big);
    if (fault_ != DataFault::none) return;
    if (line_head_.empty()) in_header_ = false;
    if (in_header_ && line_head_ == received_field) ++received_count_;
    line_head_.clear();
    out += '\n';
}

void DataReader::fail(DataFault fault) {
    if (fault_ == DataFault::none) fault_ = fault;
}

void DataWriter::feed(std::string_view in, std::string& out) {
    for (const char c : in) {
        if (at_line_start_ && c == '.') out += '.';
        if (c == '\n') out += '\r';
        out += c;
        at_line_start_ = c == '\n';
    }
}

void DataWriter::finish(std::string& out) const {
    out += at_line_start_ ? ".\r\n" : "\r\n.\r\n";
}

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), to_lower);
    return result;
}

}  // namespace maild
