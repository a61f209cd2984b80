#include "daemon/net/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <array>
#include <cstdlib>
#include <utility>

namespace quipu {

namespace {

constexpr std::array<std::pair<std::string_view, spdlog::level::level_enum>, 7> levels = {{
    {"trace", spdlog::level::trace},
    {"debug", spdlog::level::debug},
    {"info", spdlog::level::info},
    {"warning", spdlog::level::warn},
    {"error", spdlog::level::err},
    {"critical", spdlog::level::critical},
    {"off", spdlog::level::off},
}};

constexpr std::size_t max_quoted_bytes = 200;
constexpr std::int64_t window_ns = 60'000'000'000;

}  // namespace

bool set_up_log(std::string_view level) {
    for (const auto& [name, value] : levels) {
        if (name != level) continue;
        auto logger = std::make_shared<spdlog::logger>("quipud", std::make_shared<spdlog::sinks::stderr_sink_st>());
        const bool is_under_journald = std::getenv("JOURNAL_STREAM") != nullptr;  // NOLINT(concurrency-mt-unsafe)
        logger->set_pattern(is_under_journald ? "[%l] %v" : "%Y-%m-%dT%H:%M:%S.%e%z [%l] %v");
        logger->set_level(value);
        logger->flush_on(spdlog::level::trace);
        spdlog::set_default_logger(std::move(logger));
        return true;
    }
    return false;
}

std::string quoted(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out = "\"";
    for (const char c : text.substr(0, max_quoted_bytes)) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20 || byte >= 0x7f) {
            out += "\\x";
            out += digits[byte >> 4];
            out += digits[byte & 15];
        } else {
            out += c;
        }
    }
    if (text.size() > max_quoted_bytes) out += "...";
    return out += '"';
}

bool LogBrake::admit(Now now, std::uint64_t& held_back) {
    if (now.steady_ns - window_steady_ns_ >= window_ns) {
        window_steady_ns_ = now.steady_ns;
        in_window_ = 0;
    }
    if (in_window_ >= lines_per_minute_) {
        ++held_back_;
        ++all_held_back_.total;
        return false;
    }
    ++in_window_;
    held_back = std::exchange(held_back_, 0);
    return true;
}

}  // namespace quipu
