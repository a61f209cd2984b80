// A ring of trace events: one thread writes, the courier reads, neither waits. Full means that an event is refused.
//
//        read_                 write_
//   ......|record|record|record|......     positions only grow; position modulo size is the place
//
//   record:  slot, kind, size of the text | steady_ns | text, padded | other?  | lost_before?
//            8 bytes                        8           n * 8          8         8
//
// So small, since what a mail writes here drives something else out of the processor's cache. A record lies in one
// piece; where it would not fit before the end of the ring, a filler takes the rest: 8 bytes that tell its size.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

namespace quipu {

struct RingRecord {
    std::uint32_t slot;         // of the trace
    std::uint32_t lost_before;  // events of the trace
    std::uint64_t steady_ns;
    std::uint64_t other;  // link
    std::uint8_t kind;    // wire::TraceEventKind, or filler
};

class EventRing {
public:
    static constexpr std::uint8_t filler = 0xff;
    static constexpr std::size_t head_bytes = 16;

    EventRing() = default;

    // Size: a power of two. Memory is got at the first write.
    void set_size(std::uint32_t bytes) { size_ = bytes; }

    // Writer only. A text of less than 64 KiB. false: no room. Compiled into its callers, see Outbox::append().
    [[gnu::always_inline]] bool write(const RingRecord& record, std::string_view text) noexcept {
        if (!bytes_ && !allocate()) [[unlikely]]
            return false;
        const std::uint32_t size = size_of(text.size(), record.other != 0, record.lost_before != 0);
        std::uint64_t at = write_.load(std::memory_order_relaxed);
        const std::uint64_t to_end = size_ - (at & (size_ - 1));
        const std::uint64_t fill = size > to_end ? to_end : 0;
        if (!has_room(at + fill + size)) [[unlikely]]
            return false;
        if (fill > 0) [[unlikely]] {
            put_filler(at, static_cast<std::uint32_t>(fill));
            at += fill;
        }
        if (!text.empty()) std::memcpy(place_at(at) + head_bytes, text.data(), text.size());
        put_record(at, record, text.size());
        return true;
    }

    // Writer only: where the next record's text can be written, up to `bytes` of it, for write_placed(). Null: there is
    // no room for that in one piece.
    char* text_place(std::size_t bytes) noexcept {
        const std::uint64_t at = write_.load(std::memory_order_relaxed);
        const std::uint64_t to_end = size_ - (at & (size_ - 1));
        const std::uint64_t wanted = size_of(bytes, true, true);
        if (!bytes_ || to_end < wanted || !has_room(at + wanted)) [[unlikely]]
            return nullptr;
        return reinterpret_cast<char*>(place_at(at) + head_bytes);
    }

    // Writer only: the record of the text that was written to text_place() just before.
    [[gnu::always_inline]] void write_placed(const RingRecord& record, std::size_t text_size) noexcept {
        put_record(write_.load(std::memory_order_relaxed), record, text_size);
    }

    // Reader only: where the writer is now, and the record at a position before that.
    [[nodiscard]] std::uint64_t end() const { return write_.load(std::memory_order_acquire); }

    [[nodiscard]] std::uint64_t begin() const { return read_.load(std::memory_order_relaxed); }

    // Valid until release() goes beyond it.
    std::uint32_t read(std::uint64_t at, RingRecord& record, std::string_view& text) const {
        const std::byte* place = place_at(at);
        const std::uint64_t first = got(place);
        record.kind = static_cast<std::uint8_t>(first >> kind_bit);
        record.slot = static_cast<std::uint32_t>(first >> slot_bit);
        if (record.kind == filler) return record.slot;  // its size
        const bool has_other = (first >> other_bit & 1) != 0;
        const bool has_lost = (first >> lost_bit & 1) != 0;
        const std::size_t text_size = first & 0xffff;
        const std::uint32_t size = size_of(text_size, has_other, has_lost);
        record.steady_ns = got(place + word_bytes);
        text = {reinterpret_cast<const char*>(place) + head_bytes, text_size};
        record.lost_before = has_lost ? static_cast<std::uint32_t>(got(place + size - word_bytes)) : 0;
        record.other = has_other ? got(place + head_bytes + padded(text_size)) : 0;
        return size;
    }

    void release(std::uint64_t up_to) { read_.store(up_to, std::memory_order_release); }

    [[nodiscard]] std::uint64_t used() const { return end() - begin(); }

    [[nodiscard]] std::uint32_t size() const { return size_; }

    // In a forked child: nobody else runs.
    void reset() noexcept { read_.store(write_.load(std::memory_order_relaxed), std::memory_order_relaxed); }

private:
    struct FreeBytes {
        void operator()(std::byte* memory) const { std::free(memory); }
    };

    static constexpr std::size_t word_bytes = 8;
    // In a record's first word, behind the text's size.
    static constexpr unsigned kind_bit = 16, other_bit = 24, lost_bit = 25, slot_bit = 32;

    static std::size_t padded(std::size_t text_size) noexcept {
        return (text_size + word_bytes - 1) & ~(word_bytes - 1);
    }

    static std::uint32_t size_of(std::size_t text_size, bool has_other, bool has_lost) noexcept {
        return static_cast<std::uint32_t>(head_bytes + padded(text_size) + word_bytes * (has_other + has_lost));
    }

    static void put(std::byte* place, std::uint64_t word) noexcept { std::memcpy(place, &word, sizeof word); }

    static std::uint64_t got(const std::byte* place) noexcept {
        std::uint64_t word = 0;
        std::memcpy(&word, place, sizeof word);
        return word;
    }

    std::byte* place_at(std::uint64_t at) const noexcept { return bytes_.get() + (at & (size_ - 1)); }

    // All but the text, which is there.
    [[gnu::always_inline]] void put_record(std::uint64_t at, const RingRecord& record, std::size_t text_size) noexcept {
        const bool has_other = record.other != 0;
        const bool has_lost = record.lost_before != 0;
        const std::uint32_t size = size_of(text_size, has_other, has_lost);
        std::byte* const place = place_at(at);
        put(place,
            text_size | std::uint64_t{record.kind} << kind_bit | std::uint64_t{has_other} << other_bit |
                std::uint64_t{has_lost} << lost_bit | std::uint64_t{record.slot} << slot_bit);
        put(place + word_bytes, record.steady_ns);
        if (has_lost) [[unlikely]]
            put(place + size - word_bytes, record.lost_before);
        if (has_other) put(place + head_bytes + padded(text_size), record.other);
        write_.store(at + size, std::memory_order_release);
        // The next record's place was last used a whole ring ago: it comes while the mail daemon does something else.
        __builtin_prefetch(place + size + 64, 1);
        __builtin_prefetch(place + size + 128, 1);
    }

    bool allocate() noexcept {
        bytes_.reset(static_cast<std::byte*>(std::calloc(size_, 1)));
        return bytes_ != nullptr;
    }

    // Writer only: whether it may write up to that position. The reader's own is read only where the one last seen
    // does not say so: the reader changes it on another processor.
    bool has_room(std::uint64_t end) noexcept {
        if (end - seen_read_ <= size_) return true;
        seen_read_ = read_.load(std::memory_order_acquire);
        return end - seen_read_ <= size_;
    }

    void put_filler(std::uint64_t at, std::uint32_t size) noexcept {
        put(place_at(at), std::uint64_t{filler} << kind_bit | std::uint64_t{size} << slot_bit);
    }

    // What a write looks at, in one cache line.
    alignas(64) std::unique_ptr<std::byte, FreeBytes> bytes_;
    std::uint32_t size_ = 0;
    std::uint64_t seen_read_ = 0;
    std::atomic<std::uint64_t> write_{0};
    alignas(64) std::atomic<std::uint64_t> read_{0};
};

}  // namespace quipu
