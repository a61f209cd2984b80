#include "tests/support/net_fixture.hpp"

#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "proto/limits.hpp"

namespace quipu::test {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto patience = 5s;

ServerOptions with_sockets(ServerOptions options, const std::string& http, const std::string& ingest) {
    UnixAddress monitoring;
    monitoring.path = http;
    options.monitoring = monitoring;
    options.ingest.path = ingest;
    return options;
}

UniqueFd connect_to(const std::string& path) {
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    BOOST_REQUIRE(path.size() < sizeof address.sun_path);
    std::memcpy(address.sun_path, path.data(), path.size());
    BOOST_REQUIRE_EQUAL(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return socket;
}

}  // namespace

// --- Edge -----------------------------------------------------------------------------------------------------------

Edge::Edge(const TempDir& dir, ServerOptions options, Limits limits)
    : state(limits), http_path_(dir.file("http.sock")), ingest_path_(dir.file("ingest.sock")) {
    spdlog::set_level(spdlog::level::off);
    server.emplace(io, state, with_sockets(std::move(options), http_path_, ingest_path_));
    server->start();
}

bool Edge::run_until(const std::function<bool()>& is_done) {
    const auto deadline = Clock::now() + patience;
    while (!is_done()) {
        if (Clock::now() > deadline) return false;
        io.run_one_for(10ms);
        if (io.stopped()) return is_done();
    }
    return true;
}

void Edge::run_dry() {
    while (io.poll() != 0) continue;
}

UniqueFd Edge::connect_http() const {
    return connect_to(http_path_);
}

UniqueFd Edge::connect_ingest() const {
    return connect_to(ingest_path_);
}

std::uint64_t Edge::count(std::string_view family, std::string_view label) const {
    const Family* found = state.metrics.find(family);
    if (!found) return ~std::uint64_t{0};
    const auto it = found->series.find(label);
    return it == found->series.end() ? ~std::uint64_t{0} : it->second.counter().total;
}

// --- Client ---------------------------------------------------------------------------------------------------------

bool Client::send(std::string_view bytes) {
    bool is_broken = false;
    const bool is_sent = edge_.run_until([&] {
        const ssize_t n = ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
        is_broken = n < 0 && errno != EAGAIN && errno != EWOULDBLOCK;
        return bytes.empty() || is_broken;
    });
    return is_sent && !is_broken;
}

void Client::send_bytewise(std::string_view bytes) {
    for (const char& byte : bytes) {
        if (!send({&byte, 1})) return;
        edge_.run_dry();
    }
}

bool Client::receive_some() {
    std::array<char, 65536> buffer;
    const ssize_t n = ::recv(fd(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (n > 0) received.append(buffer.data(), static_cast<std::size_t>(n));
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK)) is_at_end_ = true;
    return n > 0;
}

const std::string& Client::receive_until(const std::function<bool(const std::string&)>& is_enough) {
    const bool has_come = edge_.run_until([&] {
        while (receive_some()) continue;
        return is_enough(received) || is_at_end_;
    });
    BOOST_REQUIRE_MESSAGE(has_come && is_enough(received), "received only: " + received);
    return received;
}

std::string Client::receive_all() {
    BOOST_REQUIRE(is_ended());
    return received;
}

bool Client::is_silent() {
    edge_.run_dry();
    const std::size_t before = received.size();
    while (receive_some()) continue;
    return received.size() == before && !is_at_end_;
}

bool Client::is_ended() {
    return edge_.run_until([&] {
        while (receive_some()) continue;
        return is_at_end_;
    });
}

// --- HTTP -----------------------------------------------------------------------------------------------------------

std::string HttpAnswer::header(std::string_view name) const {
    const std::string start = "\r\n" + std::string(name) + ": ";
    const std::size_t at = head.find(start);
    if (at == std::string::npos) return {};
    return head.substr(at + start.size(), head.find("\r\n", at + 2) - at - start.size());
}

namespace {

// Takes a chunked body out of what was received.
std::string take_chunks(Client& client) {
    std::string body;
    for (;;) {
        client.receive_until([](const std::string& text) { return text.find("\r\n") != std::string::npos; });
        const std::size_t size = std::stoul(client.received, nullptr, 16);
        const std::size_t begin = client.received.find("\r\n") + 2;
        client.receive_until([=](const std::string& text) { return text.size() >= begin + size + 2; });
        BOOST_REQUIRE(client.received.compare(begin + size, 2, "\r\n") == 0);
        body.append(client.received, begin, size);
        client.received.erase(0, begin + size + 2);
        if (size == 0) return body;
    }
}

}  // namespace

HttpAnswer read_answer(Client& client, bool is_head) {
    HttpAnswer answer;
    client.receive_until([](const std::string& text) { return text.find("\r\n\r\n") != std::string::npos; });
    const std::size_t head_size = client.received.find("\r\n\r\n") + 4;
    answer.head = client.received.substr(0, head_size);
    BOOST_REQUIRE(answer.head.starts_with("HTTP/1."));
    answer.status = static_cast<unsigned>(std::stoul(answer.head.substr(9, 3)));
    if (!is_head && answer.header("Transfer-Encoding") == "chunked") {
        client.received.erase(0, head_size);
        answer.body = take_chunks(client);
        return answer;
    }
    const std::string length = answer.header("Content-Length");
    const std::size_t body_size = is_head || length.empty() ? 0 : std::stoul(length);
    client.receive_until([=](const std::string& text) { return text.size() >= head_size + body_size; });
    answer.body = client.received.substr(head_size, body_size);
    client.received.erase(0, head_size + body_size);
    return answer;
}

std::string get_request(std::string_view target, std::string_view headers) {
    std::string text = "GET ";
    text.append(target).append(" HTTP/1.1\r\nHost: localhost\r\n").append(headers).append("\r\n");
    return text;
}

// --- RawEmitter -----------------------------------------------------------------------------------------------------

std::string RawEmitter::frame(const wire::FromEmitter& message) {
    std::string out;
    wire::append_frame_of(out, message);
    return out;
}

std::string RawEmitter::hello(const std::vector<std::string_view>& topics) const {
    wire::Hello hello;
    hello.protocol = limits::protocol_version;
    hello.program = "maild";
    hello.version = "1.0";
    hello.instance = instance_;
    hello.topics = topics;
    return frame(hello);
}

void RawEmitter::join(const std::vector<std::string_view>& topics) {
    send(hello(topics));
    BOOST_REQUIRE(std::holds_alternative<wire::Welcome>(read_message()));
}

std::string RawEmitter::count_frames(std::int64_t value) {
    wire::Family family;
    family.id = 1;
    family.name = "test/count";
    wire::Series series;
    series.id = 1;
    series.family = 1;
    wire::Define define;
    define.families = {family};
    define.series = {series};
    wire::Deltas deltas;
    deltas.ids = {1};
    deltas.deltas = {value};
    return frame(define) + frame(deltas);
}

const wire::ToEmitter& RawEmitter::read_message() {
    const auto payload_size = [](const std::string& bytes) {
        std::size_t size = 0;
        for (std::size_t i = limits::frame_header_bytes; i-- > 0;)
            size = size << 8 | static_cast<unsigned char>(bytes[i]);
        return size;
    };
    receive_until([&](const std::string& bytes) {
        return bytes.size() >= limits::frame_header_bytes &&
               bytes.size() >= limits::frame_header_bytes + payload_size(bytes);
    });
    const std::size_t size = payload_size(received);
    payload_ = received.substr(limits::frame_header_bytes, size);
    received.erase(0, limits::frame_header_bytes + size);
    std::uint64_t unknown_fields = 0;
    const Bytes bytes(reinterpret_cast<const std::uint8_t*>(payload_.data()), payload_.size());
    BOOST_REQUIRE(wire::decode(bytes, message_, unknown_fields) == Errc::ok);
    return message_;
}

}  // namespace quipu::test
