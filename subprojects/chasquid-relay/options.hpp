// The relay's command line: one table row a flag in options.cpp.
#pragma once

#include <quipu/emitter.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "target.hpp"

namespace relay {

struct Options {
    Target chasquid;
    std::string log;      // a file's path; empty: no traces
    std::string journal;  // a unit of systemd; empty: not from the journal
    std::string ingest_socket;
    std::chrono::milliseconds interval{};
    std::string tls_ca;

    std::vector<quipu::Flag> flags;  // all of them, as given or by default
    std::string config_text;         // the same as lines "name = value"
};

// nullopt: --help or --version, answered on stdout. Throws mailside::UsageError.
std::optional<Options> parse_options(int argc, const char* const* argv);

}  // namespace relay
