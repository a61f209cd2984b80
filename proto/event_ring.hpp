// A ring of trace events: one thread writes, the courier reads, neither waits. Full means that an event is refused.
//
//        read_                 write_
//   ......|record|record|record|......     positions only grow; position modulo size is the place
//
// A record lies in one piece; where it would not fit before the end of the ring, a filler takes the rest.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>

namespace quipu {

struct RingRecord {
    std::uint32_t size;  // of the whole record, a multiple of 8
    std::uint32_t slot;  // of the trace
    std::uint64_t steady_ns;
    std::uint64_t other;  // link
    std::uint32_t lost_before;
    std::uint16_t text_size;
    std::uint8_t kind;  // wire::TraceEventKind, or filler
    std::uint8_t unused;
};

static_assert(sizeof(RingRecord) == 32);

class EventRing {
public:
    static constexpr std::uint8_t filler = 0xff;

    EventRing() = default;

    // Size: a power of two. Memory is got at the first write.
    void set_size(std::uint32_t bytes) { size_ = bytes; }

    // Writer only. false: no room. Compiled into its callers, see Outbox::append().
    [[gnu::always_inline]] bool write(const RingRecord& record, std::string_view text) noexcept {
        if (!bytes_ && !allocate()) return false;
        const auto size = static_cast<std::uint32_t>((sizeof(RingRecord) + text.size() + 7) & ~std::size_t{7});
        std::uint64_t at = write_.load(std::memory_order_relaxed);
        const std::uint64_t to_end = size_ - (at & (size_ - 1));
        const std::uint64_t fill = size > to_end ? to_end : 0;
        if (!has_room(at + fill + size)) return false;
        if (fill > 0) put_filler(at, static_cast<std::uint32_t>(fill));
        at += fill;
        std::byte* place = bytes_.get() + (at & (size_ - 1));
        // Field by field: to put it together elsewhere and copy it would wait for the small writes to be done.
        auto* put = new (place) RingRecord;
        put->size = size;
        put->slot = record.slot;
        put->steady_ns = record.steady_ns;
        put->other = record.other;
        put->lost_before = record.lost_before;
        put->text_size = static_cast<std::uint16_t>(text.size());
        put->kind = record.kind;
        std::byte* text_place = place + sizeof record;
        const bool is_there = reinterpret_cast<const std::byte*>(text.data()) == text_place;
        if (!text.empty() && !is_there) std::memcpy(text_place, text.data(), text.size());
        write_.store(at + size, std::memory_order_release);
        // The next record's place was last used a whole ring ago: it comes while the mail daemon does something else.
        __builtin_prefetch(place + size + 64, 1);
        __builtin_prefetch(place + size + 128, 1);
        return true;
    }

    // Writer only: where the next record's text will be, if at least `bytes` are free in one piece from there: a text
    // that is written there before write() need not be copied. Else null.
    char* text_place(std::size_t bytes) noexcept {
        if (!bytes_ && !allocate()) return nullptr;
        const std::uint64_t at = write_.load(std::memory_order_relaxed);
        const std::uint64_t to_end = size_ - (at & (size_ - 1));
        const std::uint64_t wanted = sizeof(RingRecord) + bytes;
        if (to_end < wanted || !has_room(at + wanted)) return nullptr;
        return reinterpret_cast<char*>(bytes_.get() + (at & (size_ - 1)) + sizeof(RingRecord));
    }

    // Reader only: where the writer is now, and the record at a position before that.
    [[nodiscard]] std::uint64_t end() const { return write_.load(std::memory_order_acquire); }

    [[nodiscard]] std::uint64_t begin() const { return read_.load(std::memory_order_relaxed); }

    // Valid until release() goes beyond it.
    std::uint32_t read(std::uint64_t at, RingRecord& record, std::string_view& text) const {
        const std::byte* place = bytes_.get() + (at & (size_ - 1));
        // A filler may be shorter than a record; its size and mark sit in its first 8 bytes.
        std::uint64_t first = 0;
        std::memcpy(&first, place, sizeof first);
        if (first >> 32 == filler_slot) {
            record.kind = filler;
            return static_cast<std::uint32_t>(first);
        }
        std::memcpy(&record, place, sizeof record);
        text = {reinterpret_cast<const char*>(place) + sizeof record, record.text_size};
        return record.size;
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

    static constexpr std::uint64_t filler_slot = 0xffffffff;

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
        const std::uint64_t first = filler_slot << 32 | size;
        std::memcpy(bytes_.get() + (at & (size_ - 1)), &first, sizeof first);
    }

    // What a write looks at, in one cache line.
    alignas(64) std::unique_ptr<std::byte, FreeBytes> bytes_;
    std::uint32_t size_ = 0;
    std::uint64_t seen_read_ = 0;
    std::atomic<std::uint64_t> write_{0};
    alignas(64) std::atomic<std::uint64_t> read_{0};
};

}  // namespace quipu
