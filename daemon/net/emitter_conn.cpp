#include "daemon/net/emitter_conn.hpp"

#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <cerrno>
#include <utility>

#include "daemon/net/keeper.hpp"

namespace quipu {

namespace {

// Reads in a row before others get their turn.
constexpr int reads_per_turn = 4;
// The most that is taken from a socket on its way out: more than a socket buffer holds, less than for ever.
constexpr int reads_at_end = 64;

Peer emitter_peer(int socket) {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return {};
    return {credentials.uid, credentials.gid, credentials.pid};
}

Errc refusal_for(const Ingest& ingest, const Peer& peer) {
    if (!ingest.users.empty() && !ingest.users.contains(peer.uid)) return Errc::user_refused;
    const auto connected = ingest.exchange.emitters().size();
    const bool is_full = connected >= ingest.exchange.state().emitters.limits().connected;
    return is_full ? Errc::too_many_emitters : Errc::ok;
}

// The one short frame fits into the fresh socket's buffer; nothing is waited for.
void send_refusal(int socket, Errc errc) {
    wire::Refuse refusal;
    refusal.code = static_cast<std::uint32_t>(errc);
    refusal.reason = sentence(errc);
    std::string frame;
    wire::append_frame_of(frame, refusal);
    (void)::send(socket, frame.data(), frame.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace

void accept_emitter(Ingest& ingest, UniqueFd socket) {
    State& state = ingest.exchange.state();
    const Peer peer = emitter_peer(socket.get());
    const Errc refusal = refusal_for(ingest, peer);
    if (refusal == Errc::ok) {
        ++state.own.connections.total;
        spdlog::debug("emitter connection uid={} gid={} pid={}", peer.uid, peer.gid, peer.pid);
        ProcessHandle process = open_process(socket.get(), peer.pid);
        std::make_shared<EmitterConn>(ingest, std::move(socket), peer)->start(std::move(process));
        return;
    }
    ++state.own.refused_connections.total;
    if (refusal == Errc::user_refused) {
        ++state.own.refused_users.total;
        state.ingest.last_refused_uid = peer.uid;
    }
    send_refusal(socket.get(), refusal);
    std::uint64_t held_back = 0;
    if (!ingest.complaints.admit(read_clocks(), held_back)) return;
    spdlog::warn(
        "emitter connection refused error=\"{}\" uid={} gid={} pid={} held_back={}",
        sentence(refusal),
        peer.uid,
        peer.gid,
        peer.pid,
        held_back
    );
}

void end_process(Ingest& ingest, std::uint32_t emitter_number) {
    State& state = ingest.exchange.state();
    const std::vector<EmitterConn*> open = ingest.exchange.emitters();
    for (EmitterConn* conn : open) {
        if (conn->emitter() && conn->emitter()->number == emitter_number) conn->drain_and_close("its process ended");
    }
    EmitterRecord* emitter = state.emitters.find(emitter_number);
    if (!emitter || emitter->life == Life::ended) return;
    set_ended(state, *emitter, "its process ended without goodbye", read_clocks());
    ingest.exchange.settle();
    std::uint64_t held_back = 0;
    if (!ingest.lives.admit(read_clocks(), held_back)) return;
    spdlog::info(
        "emitter ended emitter={} how=\"process ended without goodbye\" held_back={}", emitter_number, held_back
    );
}

EmitterConn::EmitterConn(Ingest& ingest, UniqueFd socket, Peer peer)
    : ingest_(ingest),
      socket_(ingest.exchange.io(), asio::generic::stream_protocol(AF_UNIX, 0), socket.release()),
      peer_(peer),
      session_(ingest.exchange.state(), peer),
      wake_(ingest.exchange.io(), asio::steady_timer::time_point::max()),
      deadline_(ingest.exchange.io()) {}

void EmitterConn::start(ProcessHandle process) {
    process_ = std::move(process);
    ingest_.exchange.add(*this);
    arm_deadline(ingest_.times.frame);
    asio::co_spawn(ingest_.exchange.io(), read_loop(shared_from_this()), expect_no_exception);
    asio::co_spawn(ingest_.exchange.io(), write_loop(shared_from_this()), expect_no_exception);
}

// `self` keeps the connection alive as long as the coroutine runs.
asio::awaitable<void> EmitterConn::read_loop([[maybe_unused]] std::shared_ptr<EmitterConn> self) {
    while (!is_over_ && !is_closed_) {
        // Waiting apart from reading: what has been read is fed at once, so drain_and_close() may read in between.
        const auto [error] = co_await socket_.async_wait(Socket::wait_read, as_result);
        if (error || is_over_ || is_closed_) break;
        Progress progress = Progress::going_on;
        for (int i = 0; i < reads_per_turn && progress == Progress::going_on; ++i) progress = read_once();
        if (!is_closed_) after_feed();
    }
}

asio::awaitable<void> EmitterConn::write_loop([[maybe_unused]] std::shared_ptr<EmitterConn> self) {
    bool is_kept = false;
    while (!is_closed_) {
        // Its goodbye is answered by "everything is stored".
        if (is_over_ && !std::exchange(is_kept, true) && session_.error() == Errc::ok && ingest_.exchange.keeper()) {
            co_await ingest_.exchange.keeper()->publish();
            if (is_closed_) break;
        }
        const Progress progress = send_once();
        if (progress == Progress::blocked) {
            const auto [error] = co_await socket_.async_wait(Socket::wait_write, as_result);
            if (error && !is_closed_) close("its socket failed");
        } else if (progress == Progress::over && !is_closed_) {
            if (is_over_) {
                close(session_.error() == Errc::ok ? "it said goodbye" : sentence(session_.error()));
                break;
            }
            const auto [error] = co_await wake_.async_wait(as_result);  // cancelled: there is something to write
            (void)error;
        }
    }
}

// One read into the shared buffer, fed at once. over: the session or the peer wants no more.
EmitterConn::Progress EmitterConn::read_once() {
    // recv has no room for control messages: file descriptors sent along are closed by the kernel.
    const ssize_t n = ::recv(socket_.native_handle(), ingest_.buffer.data(), ingest_.buffer.size(), MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) return Progress::going_on;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Progress::blocked;
    if (n <= 0) {
        close(n == 0 ? "it closed its connection" : "its socket failed");
        return Progress::over;
    }
    const auto size = static_cast<std::size_t>(n);
    const bool goes_on = session_.feed(Bytes(ingest_.buffer.data(), size), read_clocks());
    if (!is_greeted_ && session_.emitter()) greet();
    if (!goes_on) begin_goodbye();
    if (!goes_on) return Progress::over;
    return size < ingest_.buffer.size() ? Progress::blocked : Progress::going_on;
}

// over: nothing to send.
EmitterConn::Progress EmitterConn::send_once() {
    std::string& output = session_.output();
    if (output.empty()) return Progress::over;
    const ssize_t n = ::send(socket_.native_handle(), output.data(), output.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n >= 0) {
        output.erase(0, static_cast<std::size_t>(n));
        return Progress::going_on;
    }
    if (errno == EINTR) return Progress::going_on;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return Progress::blocked;
    // The peer is gone, but what it wrote before may still be unread: reading, not writing, ends the connection.
    output.clear();
    return Progress::over;
}

void EmitterConn::after_feed() {
    watch_frame();
    ingest_.exchange.settle();
}

// Hello has been taken.
void EmitterConn::greet() {
    is_greeted_ = true;
    EmitterRecord& emitter = *session_.emitter();
    emitter.is_alive = ingest_.processes.watch(emitter.number, std::move(process_));
    // An earlier connection of the same instance is dead weight now.
    const std::vector<EmitterConn*> open = ingest_.exchange.emitters();
    for (EmitterConn* conn : open) {
        if (conn != this && conn->session_.is_replaced()) conn->close("it connected again");
    }
    std::uint64_t held_back = 0;
    if (!ingest_.lives.admit(read_clocks(), held_back)) return;
    spdlog::info(
        "emitter connected emitter={} uid={} pid={} program={} version={} instance={} connections={} held_back={}",
        emitter.number,
        peer_.uid,
        peer_.pid,
        in_quotes(emitter.program),
        in_quotes(emitter.version),
        instance_hex(emitter),
        emitter.connections,
        held_back
    );
}

// The session takes no more: the writer sends its last words and closes.
void EmitterConn::begin_goodbye() {
    if (is_over_) return;
    is_over_ = true;
    arm_deadline(ingest_.times.goodbye);
    wake_.cancel();
    const Errc errc = session_.error();
    std::uint64_t held_back = 0;
    if (errc == Errc::ok || !ingest_.complaints.admit(read_clocks(), held_back)) return;
    spdlog::warn(
        "emitter refused error=\"{}\" uid={} pid={} program={} held_back={}",
        sentence(errc),
        peer_.uid,
        peer_.pid,
        session_.emitter() ? in_quotes(session_.emitter()->program) : "\"\"",
        held_back
    );
}

void EmitterConn::wake_if_writable() {
    if (is_closed_ || session_.output().empty()) return;
    if (session_.output().size() > ingest_.exchange.state().emitters.limits().output_bytes) {
        session_.refuse(Errc::output_overflow);  // it does not read: nobody waits for the Refuse to be sent
        begin_goodbye();
    }
    wake_.cancel();
}

// A frame that has begun must end in time, however slowly its bytes drip; each whole frame starts the time anew.
void EmitterConn::watch_frame() {
    if (is_over_ || is_closed_) return;
    if (!session_.is_waiting()) {
        deadline_steady_ns_ = 0;
        return;
    }
    const std::uint64_t frames = session_.emitter() ? session_.emitter()->frames : 0;
    if (deadline_steady_ns_ != 0 && frames == frames_at_arming_) return;
    frames_at_arming_ = frames;
    arm_deadline(ingest_.times.frame);
}

void EmitterConn::arm_deadline(std::chrono::nanoseconds after) {
    const auto due = asio::steady_timer::clock_type::now() + after;
    deadline_steady_ns_ = std::chrono::nanoseconds(due.time_since_epoch()).count();
    deadline_.expires_at(due);
    deadline_.async_wait([self = shared_from_this()](boost::system::error_code error) {
        if (!error) self->deadline_passed();
    });
}

void EmitterConn::deadline_passed() {
    if (is_closed_ || deadline_steady_ns_ == 0 || read_clocks().steady_ns < deadline_steady_ns_) return;
    if (is_over_) {
        close("it did not read our last words");
        return;
    }
    // It may be us who were stopped meanwhile: what lies in the socket counts first.
    const std::int64_t due = deadline_steady_ns_;
    Progress progress = Progress::going_on;
    for (int i = 0; i < reads_at_end && progress == Progress::going_on; ++i) progress = read_once();
    if (is_closed_ || is_over_) return;
    after_feed();
    if (deadline_steady_ns_ != due) return;
    session_.refuse(Errc::frame_timeout);
    begin_goodbye();
}

void EmitterConn::drain_and_close(std::string_view why) {
    const auto self = shared_from_this();
    Progress progress = is_over_ ? Progress::over : Progress::going_on;
    for (int i = 0; i < reads_at_end && progress == Progress::going_on; ++i) progress = read_once();
    if (is_closed_) return;
    while (send_once() == Progress::going_on) continue;
    close(why);
}

void EmitterConn::close(std::string_view why) {
    if (is_closed_) return;
    is_closed_ = true;
    std::string who = "-";
    if (session_.emitter()) who = std::to_string(session_.emitter()->number);
    session_.closed(read_clocks());  // may forget the emitter
    boost::system::error_code ignored;
    socket_.close(ignored);
    wake_.cancel();
    deadline_.cancel();
    ingest_.exchange.remove(*this);
    ingest_.exchange.settle();
    std::uint64_t held_back = 0;
    if (!is_greeted_ || !ingest_.lives.admit(read_clocks(), held_back)) return;
    spdlog::info(
        "emitter connection closed emitter={} uid={} pid={} why={} held_back={}",
        who,
        peer_.uid,
        peer_.pid,
        in_quotes(why),
        held_back
    );
}

}  // namespace quipu
