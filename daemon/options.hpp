// quipud's flags: one table, of which the command line, the configuration file, --help and /debug/flags are made.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "daemon/core/state.hpp"
#include "daemon/net/server.hpp"

namespace quipu {

// Wrong usage: a sentence with the offending value. Exit code 2.
struct UsageError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct Options {
    bool is_help = false;
    bool is_version = false;
    std::string log_level;
    ServerOptions server;
    Limits limits;
    std::vector<std::string> allowed_hosts;
    std::vector<std::string> disabled_pages;
    std::vector<std::string> cmdline;
    std::vector<FlagText> flags;  // all of them with their values, for /debug/flags
};

// Flags win over the file that --config names. Throws UsageError, or StartError where the file cannot be read.
Options parse_options(int argc, const char* const* argv);

// What --help prints.
std::string help_text();

}  // namespace quipu
