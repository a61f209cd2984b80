// maild's command line: one table row a flag in options.cpp.
#pragma once

#include <quipu/emitter.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "names.hpp"

namespace maild {

// target: "|command args" or an address.
struct Alias {
    std::string name;
    std::string target;
};

struct Options {
    HostPort smtp_address;
    std::string hostname;
    std::filesystem::path maildir;
    std::filesystem::path queue_dir;
    std::string ingest_socket;
    bool has_courier_thread = false;
    std::optional<HostPort> smarthost;
    std::string tls_certificate;
    std::string tls_private_key;
    std::vector<std::string> users;
    std::vector<Alias> aliases;
    std::size_t max_data_bytes = 0;
    std::size_t max_connections = 0;
    std::size_t max_recipients = 0;
    std::size_t max_errors = 0;
    std::size_t max_queue_items = 0;
    std::chrono::milliseconds command_timeout{};
    std::chrono::milliseconds pipe_timeout{};
    std::chrono::milliseconds give_up_after{};
    std::chrono::milliseconds retry_base{};
    std::vector<std::string> masked_flags;
    std::string count_log;

    std::vector<quipu::Flag> flags;  // all of them, as given or by default
    std::string config_text;         // the same as lines "name = value"
};

// nullopt: --help or --version, answered on stdout. Throws UsageError.
std::optional<Options> parse_options(int argc, const char* const* argv);

// A command of an alias as words: split at spaces, "double" or 'single' quotes keep them. No shell is involved.
std::vector<std::string> split_command(std::string_view command);

}  // namespace maild
