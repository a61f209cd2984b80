// The lines of one trace, packed: a trace of a hundred lines is one allocation, and what the state file holds.
//
// A trace keeps the first third of its lines, and of those that follow the last two thirds, as a ring. Both parts are
// in the order of time.
//
//     bytes_   | line | line | line | given up, not yet erased | line | line |
//              '------ first -------'                          '--- last ----'
//
// A line is a field of a protobuf message, as in column trace.notes of the state file, whose fields are only ever added
// to: notes_first = 1 and notes_last = 2, each a message {1 sfixed64 wall_ns, 2 uint32 kind, 3 uint32 lost_before,
// 4 fixed64 other, 5 bytes text}; in the file also notes_is_inferred = 3, a bool of the trace.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

namespace quipu {

enum class TraceNoteKind : std::uint8_t { event, error, link, child };

// One line of a trace.
struct TraceNote {
    std::int64_t wall_ns = 0;
    TraceNoteKind kind = TraceNoteKind::event;
    std::uint32_t lost_before = 0;  // events that the emitter lost just before this one
    std::uint64_t other = 0;        // link, child: the other trace's number, of the same instance
    std::string_view text;          // of a kept one: as long as its trace's notes are not changed
};

class TraceNotes {
public:
    // A step costs little, looking at a line a bit more. Good until the notes are changed.
    class Iterator {
    public:
        using iterator_category = std::input_iterator_tag;  // what it gives is no reference
        using value_type = TraceNote;
        using difference_type = std::ptrdiff_t;
        using pointer = void;
        using reference = TraceNote;

        Iterator() = default;

        TraceNote operator*() const;
        Iterator& operator++();

        Iterator operator++(int) {
            const Iterator before = *this;
            ++*this;
            return before;
        }

        bool operator==(const Iterator& other) const { return at_ == other.at_; }

    private:
        friend class TraceNotes;

        Iterator(const char* at, const char* end) : at_(at), end_(end) {}

        const char* at_ = nullptr;
        const char* end_ = nullptr;
    };

    struct Part {
        Iterator first;
        Iterator past_last;
        std::size_t count = 0;

        [[nodiscard]] Iterator begin() const { return first; }

        [[nodiscard]] Iterator end() const { return past_last; }

        [[nodiscard]] std::size_t size() const { return count; }

        [[nodiscard]] bool empty() const { return count == 0; }

        [[nodiscard]] TraceNote front() const { return *first; }  // not of an empty one
    };

    [[nodiscard]] Part first() const;
    [[nodiscard]] Part last() const;

    // Where its time says: nearly always at the end. `limit`: lines in all. Gives how many events were given up for
    // it, those that the emitter had lost before them included: 0 or more, with one line the less. `text` must not be
    // of these notes.
    std::uint64_t append(const TraceNote& note, std::uint32_t limit);

    // No more will come, or not soon: lets go of memory kept for that.
    void trim();

    // What they take beside the object itself, whatever of it is in use: at most about three times the lines while
    // they grow, hardly more than the lines after trim().
    [[nodiscard]] std::size_t memory() const { return bytes_.capacity(); }

    // As in the state file.
    [[nodiscard]] std::string packed(bool is_inferred) const;
    // False: damaged, and nothing is changed. What a newer quipud has written beside is skipped, and a kind that only
    // it knows is an event.
    bool unpack(std::string_view packed, bool& is_inferred);

private:
    // A place from which a late line's is looked for: a line of the part at the end of bytes_, or its begin.
    struct Mark {
        std::size_t place = 0;    // in bytes_
        std::uint32_t lines = 0;  // from there to the end
    };

    void insert(bool is_first, const TraceNote& note);
    [[nodiscard]] std::size_t place_of(const Part& part, std::int64_t wall_ns) const;
    void move_marks(std::size_t added_at, std::size_t added);
    std::uint64_t give_up_oldest_of_last();
    void close_gap();

    std::string bytes_;
    std::size_t first_end_ = 0;  // in bytes_
    std::size_t last_begin_ = 0;
    std::int64_t end_wall_ns_ = 0;  // of the line at the end of bytes_, where there is one
    std::uint32_t first_count_ = 0;
    std::uint32_t last_count_ = 0;
    Mark mark_;       // with 16 to 31 lines, once there are so many
    Mark next_mark_;  // with less
};

}  // namespace quipu
