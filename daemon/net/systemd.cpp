#include "daemon/net/systemd.hpp"

#include <spdlog/spdlog.h>
#include <systemd/sd-daemon.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <string_view>
#include <system_error>

namespace quipu {

namespace {

// systemd frees what it gives by malloc.
class Names {
public:
    Names() : count_(::sd_listen_fds_with_names(1, &names_)) {}

    ~Names() {
        for (int i = 0; names_ && i < count_; ++i) std::free(names_[i]);
        std::free(names_);
    }

    Names(const Names&) = delete;
    Names& operator=(const Names&) = delete;

    [[nodiscard]] int count() const { return count_; }  // < 0: errno, negative

    [[nodiscard]] std::string_view operator[](int i) const { return names_ && names_[i] ? names_[i] : ""; }

private:
    char** names_ = nullptr;
    int count_;
};

// "ingest" of "ingest" and of "quipud-ingest.socket".
std::string_view short_name(std::string_view name) {
    constexpr std::string_view prefix = "quipud-";
    constexpr std::string_view suffix = ".socket";
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
    if (name.ends_with(suffix)) name.remove_suffix(suffix.size());
    return name;
}

// One whole message; where nobody listens, or nobody is there to, it is lost.
void notify(const std::string& message) {
    (void)::sd_notify(0, message.c_str());
}

std::string monotonic_us() {
    timespec now = {};
    (void)::clock_gettime(CLOCK_MONOTONIC, &now);
    return std::to_string(std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000);
}

}  // namespace

void take_handed_sockets(ServerOptions& options) {
    const Names names;
    if (names.count() < 0) {
        const std::string reason = std::generic_category().message(-names.count());
        throw StartError("cannot take the sockets that systemd hands over (LISTEN_FDS): " + reason);
    }
    for (int i = 0; i < names.count(); ++i) {
        const std::string_view name = short_name(names[i]);
        int* place = nullptr;
        if (name == "ingest") place = &options.handed.ingest;
        if (name == "http") place = &options.handed.http;
        const std::string whole = "the socket '" + std::string(names[i]) + "' that systemd hands over";
        if (!place) throw StartError(whole + " is neither 'ingest' nor 'http': see FileDescriptorName= in its unit");
        if (*place >= 0) throw StartError(whole + " comes twice: give one ListenStream=");
        *place = SD_LISTEN_FDS_START + i;
    }
    if (options.handed.ingest >= 0) options.ingest = handed_unix_address(options.handed.ingest);
    if (options.handed.http < 0) return;
    if (options.monitoring.index() != 0) spdlog::info("a socket was handed over: it takes monitoring_address's place");
    options.monitoring = handed_http_address(options.handed.http);
}

std::string status_line(const State& state) {
    const std::size_t connected = state.emitters.daemon_count();
    std::string line = connected == 0   ? "no mail daemon is connected"
                       : connected == 1 ? "1 mail daemon is connected"
                                        : std::to_string(connected) + " mail daemons are connected";
    for (const HealthCheck& check : state.health) {
        if (check.is_ok && check.name != "store") continue;
        line += "; ";
        if (!check.is_ok) line += "failed: " + check.name + " ";
        line += check.detail;
    }
    // One line, whatever a detail holds.
    std::replace_if(
        line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' '
    );
    return line;
}

Supervisor::Supervisor(boost::asio::io_context& io) : feed_(io) {
    std::uint64_t limit_us = 0;
    if (::sd_watchdog_enabled(0, &limit_us) > 0) watchdog_ = std::chrono::microseconds(limit_us);
}

void Supervisor::ready(const State& state) {
    told_ = status_line(state);
    notify("READY=1\nSTATUS=" + told_);
    if (watchdog_.count() > 0) feed();
}

void Supervisor::tell(const State& state) {
    std::string line = status_line(state);
    if (line == told_) return;
    told_ = std::move(line);
    notify("STATUS=" + told_);
}

void Supervisor::reloading() {
    notify("RELOADING=1\nMONOTONIC_USEC=" + monotonic_us());
}

void Supervisor::reloaded() {
    notify("READY=1");
}

void Supervisor::stopping() {
    notify("STOPPING=1\nSTATUS=taking the last counts");
}

// Three times within the limit: one may come late.
void Supervisor::feed() {
    notify("WATCHDOG=1");
    feed_.expires_after(watchdog_ / 3);
    feed_.async_wait([this](boost::system::error_code error) {
        if (!error) feed();
    });
}

}  // namespace quipu
