#include "proto/event_text.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>

namespace quipu {

namespace {

constexpr std::string_view cut_mark = "...";

enum class Width : std::uint8_t { as_int, as_long, as_long_long, as_size };

// Writes while it knows how to, and says when it does not.
class Quick {
public:
    explicit Quick(EventText& text) : begin_(text.data()), at_(begin_), end_(begin_ + limits::max_event_bytes) {}

    // false: not a format for this, or no room; what was written is of no use.
    bool write(const char* format, EventArguments& args) noexcept {
        for (const char* p = format;; ++p) {
            if (!put_plain(p)) return false;
            if (*p == 0) return true;
            ++p;
            if (*p == 's') {  // most are
                const char* text = va_arg(args.list, const char*);
                if (!text || !put(text)) return false;
            } else if (!put_conversion(p, args)) {
                return false;
            }
        }
    }

    [[nodiscard]] std::string_view text() const { return {begin_, static_cast<std::size_t>(at_ - begin_)}; }

private:
    // Leaves p at the conversion's last byte.
    bool put_conversion(const char*& p, EventArguments& args) {
        if (p[0] == '.' && p[1] == '*' && p[2] == 's') {
            p += 2;
            const int precision = va_arg(args.list, int);
            const char* text = va_arg(args.list, const char*);
            if (precision < 0 || !text) return false;
            return put({text, strnlen(text, static_cast<std::size_t>(precision))});
        }
        if (*p == '%') return put("%");
        if (*p == 'c') {
            const auto byte = static_cast<char>(va_arg(args.list, int));
            return put({&byte, 1});
        }
        const Width width = width_at(p);
        switch (*p) {
            case 'd':
            case 'i': return put_signed(signed_of(width, args));
            case 'u': return put_number<10>(unsigned_of(width, args));
            case 'x': return put_number<16>(unsigned_of(width, args));
            default: return false;
        }
    }

    static Width width_at(const char*& p) {
        if (p[0] == 'z') return ++p, Width::as_size;
        if (p[0] != 'l') return Width::as_int;
        if (p[1] != 'l') return ++p, Width::as_long;
        return p += 2, Width::as_long_long;
    }

    // Up to the next conversion or the end. Pieces are short: a call to find and another to copy would cost more.
    bool put_plain(const char*& format) {
        const char* from = format;
        char* to = at_;
        for (; *from != 0 && *from != '%'; ++from, ++to) {
            if (to == end_) return false;
            *to = *from;
        }
        at_ = to;
        format = from;
        return true;
    }

    bool put(std::string_view bytes) {
        if (bytes.size() > static_cast<std::size_t>(end_ - at_)) return false;
        std::memcpy(at_, bytes.data(), bytes.size());
        at_ += bytes.size();
        return true;
    }

    bool put_signed(long long value) {
        const auto magnitude = static_cast<unsigned long long>(value);
        if (value >= 0) return put_number<10>(magnitude);
        return put("-") && put_number<10>(0 - magnitude);
    }

    // Digit by digit: the numbers of events are short, and a library's table of pairs would have gone cold.
    template <unsigned base>
    bool put_number(unsigned long long value) {
        std::array<char, 20> digits;  // of 2^64
        char* const end = digits.data() + digits.size();
        char* at = end;
        do {
            const auto digit = static_cast<unsigned>(value % base);
            *--at = static_cast<char>(digit < 10 ? '0' + digit : 'a' + digit - 10);
            value /= base;
        } while (value != 0);
        return put({at, static_cast<std::size_t>(end - at)});
    }

    // All widths as the widest: a number's digits are made in one place, and little code is fetched between two mails.
    static long long signed_of(Width width, EventArguments& args) {
        switch (width) {
            case Width::as_int: return va_arg(args.list, int);
            case Width::as_long: return va_arg(args.list, long);
            case Width::as_long_long: return va_arg(args.list, long long);
            case Width::as_size: return va_arg(args.list, std::ptrdiff_t);
        }
        return 0;
    }

    static unsigned long long unsigned_of(Width width, EventArguments& args) {
        switch (width) {
            case Width::as_int: return va_arg(args.list, unsigned);
            case Width::as_long: return va_arg(args.list, unsigned long);
            case Width::as_long_long: return va_arg(args.list, unsigned long long);
            case Width::as_size: return va_arg(args.list, std::size_t);
        }
        return 0;
    }

    char* begin_;
    char* at_;
    char* end_;
};

}  // namespace

[[gnu::hot]] std::string_view format_event(
    EventText& text, const char* format, EventArguments& args, EventArguments& again
) noexcept {
    Quick quick(text);
    if (quick.write(format, args)) return quick.text();
    const int length = std::vsnprintf(text.data(), text.size(), format, again.list);
    if (length < 0) return format;
    if (static_cast<std::size_t>(length) < text.size()) return {text.data(), static_cast<std::size_t>(length)};
    return cut_event(text);
}

std::string_view cut_event(EventText& text) noexcept {
    cut_mark.copy(text.data() + limits::max_event_bytes - cut_mark.size(), cut_mark.size());
    return {text.data(), limits::max_event_bytes};
}

}  // namespace quipu
