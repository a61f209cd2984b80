// Command lines: one table row a flag, which --help, the checks and what quipud shows under /debug/flags and
// /debug/config all read.
#pragma once

#include <quipu/emitter.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace mailside {

// Its text is one sentence for the person at the command line; exit code 2.
struct UsageError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct HostPort {
    std::string host;
    std::uint16_t port = 0;
};

struct FlagRow {
    const char* name;
    const char* value;  // by default
    const char* help;
    bool is_repeatable = false;  // has no default
};

// A program, as --help and --version tell of it.
struct ProgramText {
    const char* name;
    const char* version;
    const char* about;
    std::span<const FlagRow> rows;
};

// [[noreturn]]: --NAME 'VALUE' WHY. Throws UsageError.
[[noreturn]] void refuse(std::string_view name, std::string_view value, std::string_view why);

// Every flag of the table, as given or by default. Readers of a flag throw UsageError where its value is wrong.
class FlagValues {
public:
    [[nodiscard]] const std::string& text(std::string_view name) const;
    // Of a repeatable one, in the order given.
    [[nodiscard]] std::vector<std::string> all(std::string_view name) const;
    // From 1 to max.
    [[nodiscard]] std::size_t number(std::string_view name, std::size_t max) const;
    // "500ms", "30s", "5m", "20h"; up to a year.
    [[nodiscard]] std::chrono::milliseconds duration(std::string_view name) const;
    [[nodiscard]] HostPort host_port(std::string_view name, unsigned min_port) const;
    // Of a Unix socket.
    [[nodiscard]] const std::string& socket_path(std::string_view name) const;
    // Names of flags, separated by commas.
    [[nodiscard]] std::vector<std::string> names_of_flags(std::string_view name) const;

    // A default that is known only now.
    void set_default(std::string_view name, std::string value);

    // In the order of the table, repeatable ones last; as quipud shows them.
    [[nodiscard]] const std::vector<quipu::Flag>& flags() const { return flags_; }

    // The same as lines "name = value".
    [[nodiscard]] std::string config_text() const;

private:
    friend std::optional<FlagValues> parse_flags(const ProgramText& program, int argc, const char* const* argv);

    std::span<const FlagRow> rows_;
    std::vector<quipu::Flag> flags_;
};

// nullopt: --help or --version, answered on stdout. Throws UsageError.
std::optional<FlagValues> parse_flags(const ProgramText& program, int argc, const char* const* argv);

// Runs a program's main: what it throws is one line on stderr and an exit code, 2 for UsageError, 1 for any other
// exception. SIGPIPE is ignored from then on.
int run_main(void (*body)(int argc, const char* const* argv), int argc, const char* const* argv);

}  // namespace mailside
