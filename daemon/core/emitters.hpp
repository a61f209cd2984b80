// Who pushes: every instance (process) of a mail daemon that has said Hello, what it said of itself, and its life.
//
//     Hello ----> connected <----> lost (socket gone, process alive or not known) ----> ended
//                     +-----------------------------------------------------------------^
//
// An ended instance stays on record for a while (EmitterLimits::ended_on_record): its last flags, configuration and
// command line, how it ended.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/metrics.hpp"
#include "daemon/core/now.hpp"
#include "daemon/core/traces.hpp"
#include "proto/message.hpp"

namespace quipu {

struct EmitterLimits {
    std::uint32_t connected = 64;            // beyond: refused
    std::uint32_t lost = 256;                // beyond: the one lost longest counts as ended at once
    std::uint32_t ended_on_record = 32;      // beyond: the one that ended first is forgotten
    std::size_t output_bytes = 1024 * 1024;  // waiting to be sent to one emitter; beyond: closed
    // What all on record say of themselves; beyond: left out of who says it then, configuration first, counted.
    std::size_t words_bytes = std::size_t{64} * 1024 * 1024;
    std::int64_t lost_grace_ns = 60'000'000'000;  // a lost one of unknown fate counts as ended after this
};

enum class Life : std::uint8_t { connected, lost, ended };

// Facts about the other end of the socket that it cannot forge (SO_PEERCRED).
struct Peer {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::int32_t pid = 0;  // 0: in another pid namespace
};

struct FlagText {
    std::string name;
    std::string value;
    bool is_set = false;
};

struct EmitterRecord {
    std::uint32_t number = 0;  // small, unique while quipud runs: for links and choices on pages
    std::string instance;      // 16 bytes
    std::string program;
    std::string version;
    std::string hostname;
    Peer peer;
    std::uint32_t pid = 0;  // as it says itself
    std::int64_t start_wall_ns = 0;
    std::vector<std::string> cmdline;
    std::vector<FlagText> flags;
    std::string config_text;
    std::vector<std::string> topics;
    std::size_t words_bytes = 0;  // of command line, flags, configuration and topics
    bool is_companion = false;    // no mail daemon, but what stands beside one
    wire::Process process;        // its memory, last known

    Life life = Life::connected;
    std::int64_t connected_wall_ns = 0;  // its present or last connection
    std::int64_t heard_wall_ns = 0;      // its last frame
    std::int64_t life_wall_ns = 0;       // since when `life` is what it is
    std::int64_t lost_steady_ns = 0;
    bool is_alive = false;          // the edge watches its process, which runs: no grace while lost
    std::string how;                // lost, ended: one phrase, "said goodbye: exit"
    Marks life_marks;               // its life, or what it says of itself, has changed
    std::uint32_t connections = 0;  // how often it connected
    std::uint64_t frames = 0;
    std::uint64_t bytes = 0;

    InstanceMetrics metrics;
    TraceOrigin traces;

    // Frames to be sent, appended by the session and by queries, taken by the connection. Empty unless connected.
    std::string output;

    [[nodiscard]] bool answers(std::string_view topic) const;

    void mark_life() {
        for (const Book book : all_books) life_marks.set(book);
    }
};

// The order in which pages tell of them: mail daemons before companions, the connected before those that are gone, who
// has started last first.
bool is_told_before(const EmitterRecord& a, const EmitterRecord& b);

std::string instance_hex(const EmitterRecord& emitter);  // 32 hex digits

class Emitters {
public:
    explicit Emitters(EmitterLimits limits = {}) : limits_(limits) {}

    // In the order of their first Hello.
    [[nodiscard]] const std::vector<std::unique_ptr<EmitterRecord>>& all() const { return all_; }

    [[nodiscard]] const EmitterLimits& limits() const { return limits_; }

    [[nodiscard]] std::uint32_t count(Life life) const;

    [[nodiscard]] std::uint32_t connected_count() const { return count(Life::connected); }

    // Of these, the mail daemons: without companions.
    [[nodiscard]] std::uint32_t daemon_count() const;

    // Of the connected mail daemons, or else of all on record, the one whose process started last; null: none ever.
    // Companions are none.
    [[nodiscard]] const EmitterRecord* newest() const;

    // Null while no more are lost than the limit allows.
    [[nodiscard]] EmitterRecord* lost_beyond_limit();

    [[nodiscard]] EmitterRecord* find(std::string_view instance);
    [[nodiscard]] EmitterRecord* find(std::uint32_t number);

    // A new record for that instance; the caller has looked that there is none.
    EmitterRecord& add(std::string_view instance);
    // Takes over what Hello says.
    static void describe(EmitterRecord& emitter, const wire::Hello& hello, Peer peer, Now now);
    // Takes over what Describe says.
    static void describe(EmitterRecord& emitter, const wire::Describe& describe);
    // After what an emitter says of itself has changed: keeps all of it together within the limit. Returns how many
    // texts were left out.
    std::size_t bound_words(EmitterRecord& emitter) const;

    // What all instances have in cells.
    [[nodiscard]] std::size_t counts() const;

    // Forgets the ones that ended first, beyond the limit. Returns their instances, to be removed from disk.
    std::vector<std::string> trim();
    void forget(std::string_view instance);

private:
    EmitterLimits limits_;
    std::vector<std::unique_ptr<EmitterRecord>> all_;
    std::uint32_t last_number_ = 0;
};

}  // namespace quipu
