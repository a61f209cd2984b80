// quipud: parse options, start, run, exit code.
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <exception>
#include <string>

#include "daemon/net/log.hpp"
#include "daemon/net/own_answers.hpp"
#include "daemon/net/server.hpp"
#include "daemon/net/systemd.hpp"
#include "daemon/options.hpp"

namespace {

constexpr int exit_cannot_start = 1;
constexpr int exit_usage = 2;

void describe_self(quipu::State& state, const quipu::Options& options) {
    std::array<char, 256> hostname{};
    if (::gethostname(hostname.data(), hostname.size() - 1) == 0) state.hostname = hostname.data();
    state.build.version = QUIPU_VERSION;
    state.build.compiler = __VERSION__;
    state.start_wall_ns = quipu::read_clocks().wall_ns;
    state.flags = options.flags;
    state.allowed_hosts = options.allowed_hosts;
    state.disabled_pages = options.disabled_pages;
    state.cmdline = options.cmdline;
    state.pid = ::getpid();
}

int run(const quipu::Options& options) {
    quipu::set_up_log(options.log_level);
    ::umask(0027);  // what we make is for us and our group
    quipu::ServerOptions where = options.server;
    quipu::take_handed_sockets(where);
    quipu::State state(options.limits);
    describe_self(state, options);
    boost::asio::io_context io(1);
    quipu::Server server(io, state, where);
    server.start();
    io.run();
    return 0;
}

std::string version_text() {
    const std::string build_id = quipu::own_build_id();
    return "quipud " QUIPU_VERSION + (build_id.empty() ? "" : " (build " + build_id + ")");
}

int complain(const char* sentence, int exit_code) {
    std::fprintf(stderr, "quipud: %s\n", sentence);
    return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        const quipu::Options options = quipu::parse_options(argc, argv);
        if (options.is_help) std::fputs(quipu::help_text().c_str(), stdout);
        if (options.is_version) std::puts(version_text().c_str());
        if (options.is_help || options.is_version) return 0;
        return run(options);
    } catch (const quipu::UsageError& wrong) {
        return complain((std::string(wrong.what()) + "; see quipud --help").c_str(), exit_usage);
    } catch (const std::exception& failure) {
        return complain(failure.what(), exit_cannot_start);
    }
}
