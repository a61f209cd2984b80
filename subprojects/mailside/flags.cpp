#include <mailside/flags.hpp>

#include <mailside/log.hpp>

#include <boost/program_options.hpp>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <iostream>

namespace mailside {

namespace {

namespace po = boost::program_options;

constexpr std::size_t max_socket_path_bytes = 107;  // sun_path, with its NUL

// Calls take(item) for each piece between commas.
template <typename Take>
void split_at_commas(std::string_view text, Take take) {
    while (!text.empty()) {
        const std::size_t comma = std::min(text.find(','), text.size());
        take(text.substr(0, comma));
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
}

}  // namespace

void refuse(std::string_view name, std::string_view value, std::string_view why) {
    throw UsageError("--" + std::string(name) + " '" + printable(value) + "' " + std::string(why));
}

const std::string& FlagValues::text(std::string_view name) const {
    const auto is_it = [name](const quipu::Flag& flag) { return flag.name == name; };
    return std::find_if(flags_.begin(), flags_.end(), is_it)->value;
}

std::vector<std::string> FlagValues::all(std::string_view name) const {
    std::vector<std::string> values;
    for (const quipu::Flag& flag : flags_) {
        if (flag.name == name) values.push_back(flag.value);
    }
    return values;
}

std::size_t FlagValues::number(std::string_view name, std::size_t max) const {
    const std::string& value = text(name);
    std::size_t number = 0;
    const auto [stop, ec] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (ec != std::errc{} || stop != value.data() + value.size() || number == 0 || number > max) {
        refuse(name, value, "is not a whole number from 1 to " + std::to_string(max));
    }
    return number;
}

std::chrono::milliseconds FlagValues::duration(std::string_view name) const {
    using std::chrono::milliseconds;
    const std::string& value = text(name);
    std::int64_t number = 0;
    const auto [stop, ec] = std::from_chars(value.data(), value.data() + value.size(), number);
    const std::string_view unit(stop, static_cast<std::size_t>(value.data() + value.size() - stop));
    const std::int64_t factor = unit == "ms"  ? 1
                                : unit == "s" ? 1000
                                : unit == "m" ? 60'000
                                : unit == "h" ? 3'600'000
                                              : 0;
    constexpr milliseconds max = std::chrono::hours(24 * 365);
    if (ec != std::errc{} || factor == 0 || number <= 0 || number > max.count() / factor) {
        refuse(name, value, "is not a duration such as 500ms, 30s, 5m or 20h");
    }
    return milliseconds(number * factor);
}

HostPort FlagValues::host_port(std::string_view name, unsigned min_port) const {
    const std::string& value = text(name);
    const std::size_t colon = value.rfind(':');
    unsigned port = 65536;
    if (colon != std::string::npos) {
        const char* end = value.data() + value.size();
        const auto [stop, ec] = std::from_chars(value.data() + colon + 1, end, port);
        if (ec != std::errc{} || stop != end) port = 65536;
    }
    std::string host = value.substr(0, std::min(colon, value.size()));
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (host.empty() || port < min_port || port > 65535) refuse(name, value, "is not HOST:PORT");
    return {host, static_cast<std::uint16_t>(port)};
}

const std::string& FlagValues::socket_path(std::string_view name) const {
    const std::string& value = text(name);
    if (value.empty() || value.size() > max_socket_path_bytes) {
        refuse(name, value, "is not a path of 1 to 107 bytes");
    }
    return value;
}

std::vector<std::string> FlagValues::names_of_flags(std::string_view name) const {
    std::vector<std::string> listed;
    split_at_commas(text(name), [&](std::string_view flag) {
        const auto is_it = [flag](const FlagRow& row) { return flag == row.name; };
        if (std::none_of(rows_.begin(), rows_.end(), is_it)) refuse(name, flag, "is no flag");
        listed.emplace_back(flag);
    });
    return listed;
}

void FlagValues::set_default(std::string_view name, std::string value) {
    const auto is_it = [name](const quipu::Flag& flag) { return flag.name == name; };
    std::find_if(flags_.begin(), flags_.end(), is_it)->value = std::move(value);
}

std::string FlagValues::config_text() const {
    std::string lines;
    for (const quipu::Flag& flag : flags_) lines += flag.name + " = " + flag.value + "\n";
    return lines;
}

std::optional<FlagValues> parse_flags(const ProgramText& program, int argc, const char* const* argv) {
    using Texts = std::vector<std::string>;
    po::options_description visible("flags");
    auto add = visible.add_options();
    add("help", "print this and exit")("version", "print the version and exit");
    for (const FlagRow& row : program.rows) {
        if (row.is_repeatable) {
            add(row.name, po::value<Texts>()->composing(), row.help);
        } else {
            add(row.name, po::value<std::string>()->default_value(row.value), row.help);
        }
    }
    po::options_description all;
    all.add(visible).add_options()("word", po::value<Texts>());
    po::positional_options_description words;
    words.add("word", -1);
    po::variables_map given;
    try {
        const int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
        po::store(po::command_line_parser(argc, argv).options(all).positional(words).style(style).run(), given);
    } catch (const po::unknown_option& unknown) {
        throw UsageError("there is no flag '" + unknown.get_option_name() + "'");
    } catch (const po::error_with_option_name& wrong) {
        // Not what(): it puts words into words, and never ends where one of them is %canonical_option%.
        throw UsageError("'" + wrong.get_option_name() + "' must have one value, as in --flag=value");
    } catch (const po::error& error) {
        throw UsageError(error.what());
    }
    if (given.contains("help")) {
        std::cout << program.name << ", " << program.about << "\n\nusage: " << program.name << " [--FLAG=VALUE ...]\n\n"
                  << visible;
        return std::nullopt;
    }
    if (given.contains("version")) {
        std::cout << program.name << " " << program.version << "\n";
        return std::nullopt;
    }
    if (given.contains("word")) throw UsageError("unexpected argument '" + given["word"].as<Texts>().front() + "'");

    FlagValues values;
    values.rows_ = program.rows;
    for (const FlagRow& row : program.rows) {
        if (row.is_repeatable) continue;
        const po::variable_value& value = given[row.name];
        values.flags_.push_back({.name = row.name, .value = value.as<std::string>(), .is_set = !value.defaulted()});
    }
    for (const FlagRow& row : program.rows) {
        if (!row.is_repeatable || !given.contains(row.name)) continue;
        for (const std::string& value : given[row.name].as<Texts>()) {
            values.flags_.push_back({.name = row.name, .value = value, .is_set = true});
        }
    }
    return values;
}

int run_main(void (*body)(int argc, const char* const* argv), int argc, const char* const* argv) {
    std::signal(SIGPIPE, SIG_IGN);
    try {
        body(argc, argv);
    } catch (const UsageError& error) {
        log_line(error.what());
        return 2;
    } catch (const std::exception& error) {
        log_line(error.what());
        return 1;
    }
    return 0;
}

}  // namespace mailside
