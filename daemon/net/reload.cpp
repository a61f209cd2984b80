// SIGHUP: certificate and passwords are read again, and whatever is broken leaves the old one in place. All other flags
// want a restart. Reading happens on the worker: a file system that hangs must not hang us.
#include <spdlog/spdlog.h>

#include <boost/asio/post.hpp>
#include <exception>
#include <utility>

#include "daemon/net/server.hpp"
#include "daemon/net/systemd.hpp"

namespace quipu {

Access load_access(const AccessFiles& files) {
    Access access;
    const auto attempt = [](std::string& problem, auto load) {
        try {
            load();
        } catch (const std::exception& failure) {
            problem = failure.what();
        }
    };
    if (!files.certificate.empty()) {
        attempt(access.tls_problem, [&] {
            access.tls = load_tls(files.certificate, files.private_key, access.tls_notice);
        });
    }
    if (!files.passwords.empty()) {
        attempt(access.passwords_problem, [&] { access.passwords = load_passwords(files.passwords); });
    }
    return access;
}

// At the start nothing is there yet to go on with.
void Server::open_access() {
    if (const std::string problem = exposure_problem(options_); !problem.empty()) throw StartError(problem);
    Access access = load_access(options_.access);
    if (!access.tls_problem.empty()) throw StartError(access.tls_problem);
    if (!access.passwords_problem.empty()) throw StartError(access.passwords_problem);
    if (access.passwords) http_side_.auth = std::make_unique<Auth>(io_, state_.own, access.passwords);
    take_access(access);
}

void Server::reload() {
    if (std::exchange(is_reloading_, true)) return;
    supervisor_->reloading();
    spdlog::info("reloading certificate and passwords; all other flags want a restart");
    asio::post(keeper_.worker(), [this, files = options_.access] {
        asio::post(io_, [this, access = load_access(files)] { reloaded(access); });
    });
}

void Server::reloaded(const Access& access) {
    is_reloading_ = false;
    take_access(access);
    spdlog::info(
        "reloaded certificate={} passwords={}",
        access.tls ? "new" : (http_side_.tls ? "kept" : "none"),
        access.passwords ? "new" : (http_side_.auth ? "kept" : "none")
    );
    supervisor_->reloaded();
}

void Server::take_access(const Access& access) {
    const auto report = [this](std::string_view name, const std::string& problem, std::string_view well) {
        if (problem.empty()) {
            set_health(name, true, well);
            return;
        }
        spdlog::error("{}: {}", name, problem);
        set_health(name, false, problem);
    };
    if (!options_.access.certificate.empty()) {
        if (access.tls) http_side_.tls = access.tls;
        const bool is_kept = !access.tls_problem.empty();
        report("certificate", is_kept ? access.tls_problem + "; the old one is used" : access.tls_notice, "valid");
    }
    if (!options_.access.passwords.empty()) {
        if (access.passwords && http_side_.auth) http_side_.auth->replace(access.passwords);
        const bool is_kept = !access.passwords_problem.empty();
        report("passwords", is_kept ? access.passwords_problem + "; the old ones count" : "", "loaded");
    }
}

std::string exposure_problem(const ServerOptions& options) {
    const AccessFiles& access = options.access;
    if (access.certificate.empty() != access.private_key.empty()) {
        return "tls_certificate and tls_private_key go together: give both or neither";
    }
    const auto* tcp = std::get_if<TcpAddress>(&options.monitoring);
    if (!tcp || is_loopback(*tcp) || (!access.certificate.empty() && !access.passwords.empty())) return {};
    return "monitoring_address " + tcp->host +
           " can be reached by others: it needs tls_certificate, tls_private_key and password_file";
}

}  // namespace quipu
