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

// Writes while it knows how to, and says when it does not. What an event mostly needs stands in write(), the rest
// apart: between two events of a mail daemon code has gone cold, and fetching it takes longer than running it. So no
// library is called for what is short, either.
class Quick {
public:
    explicit Quick(EventText& text) : begin_(text.data()), at_(begin_), end_(begin_ + limits::max_event_bytes) {}

    // false: not a format for this, or no room; what was written is of no use.
    bool write(const char* format, EventArguments& args) noexcept {
        for (const char* p = format;; ++p) {
            if (!put_plain(p)) return false;
            if (*p == 0) return true;
            ++p;
            if (*p == 's') {
                if (!put_text(va_arg(args.list, const char*), end_, true)) return false;
            } else if (*p == 'd') {
                if (!put_signed(va_arg(args.list, int))) return false;
            } else if (p[0] == '.' && p[1] == '*' && p[2] == 's') {
                p += 2;
                if (!put_piece(args)) return false;
            } else if (!put_conversion(p, args)) {
                return false;
            }
        }
    }

    [[nodiscard]] std::string_view text() const { return {begin_, static_cast<std::size_t>(at_ - begin_)}; }

private:
    bool put_piece(EventArguments& args) {
        const int precision = va_arg(args.list, int);
        const char* text = va_arg(args.list, const char*);
        if (precision < 0) return false;
        const bool is_longer = precision > end_ - at_;
        return put_text(text, is_longer ? end_ : at_ + precision, is_longer);
    }

    // Leaves p at the conversion's last byte.
    [[gnu::noinline]] bool put_conversion(const char*& p, EventArguments& args) {
        if (*p == '%') return put('%');
        if (*p == 'c') return put(static_cast<char>(va_arg(args.list, int)));
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

    // Up to the next conversion or the end.
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

    // Up to its end, or `limit`. false: it goes on there.
    bool put_text(const char* text, const char* limit, bool may_go_on) {
        if (!text) return false;
        char* to = at_;
        for (; to != limit && *text != 0; ++to, ++text) *to = *text;
        at_ = to;
        return to != limit || !may_go_on || *text == 0;
    }

    bool put(char byte) {
        if (at_ == end_) return false;
        *at_++ = byte;
        return true;
    }

    bool put_signed(long long value) {
        const auto magnitude = static_cast<unsigned long long>(value);
        if (magnitude < 1000 && end_ - at_ >= 3) return put_small(static_cast<unsigned>(magnitude));
        if (value >= 0) return put_number<10>(magnitude);
        return put('-') && put_number<10>(0 - magnitude);
    }

    // Below 1000, such as reply codes: without a branch.
    bool put_small(unsigned value) {
        *at_ = static_cast<char>('0' + value / 100);
        at_ += value >= 100;
        *at_ = static_cast<char>('0' + value / 10 % 10);
        at_ += value >= 10;
        *at_++ = static_cast<char>('0' + value % 10);
        return true;
    }

    template <unsigned base>
    bool put_number(unsigned long long value) {
        std::array<char, 20> digits;  // of 2^64
        std::size_t count = 0;
        do {
            const auto digit = static_cast<unsigned>(value % base);
            digits[count++] = static_cast<char>(digit < 10 ? '0' + digit : 'a' + digit - 10);
            value /= base;
        } while (value != 0);
        if (count > static_cast<std::size_t>(end_ - at_)) return false;
        while (count > 0) *at_++ = digits[--count];
        return true;
    }

    // All widths as the widest: a number's digits are made in one place.
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

std::string_view cut_to_fit(EventText& text, std::size_t length) {
    return length < text.size() ? std::string_view(text.data(), length) : cut_event(text);
}

}  // namespace

[[gnu::hot]] std::string_view format_event(
    EventText& text, const char* format, EventArguments& args, EventArguments& again
) noexcept {
    Quick quick(text);
    if (quick.write(format, args)) [[likely]]
        return quick.text();
    const int length = std::vsnprintf(text.data(), text.size(), format, again.list);
    if (length >= 0) return cut_to_fit(text, static_cast<std::size_t>(length));
    const std::string_view refused = format;
    refused.copy(text.data(), text.size());
    return cut_to_fit(text, refused.size());
}

std::string_view cut_event(EventText& text) noexcept {
    cut_mark.copy(text.data() + limits::max_event_bytes - cut_mark.size(), cut_mark.size());
    return {text.data(), limits::max_event_bytes};
}

}  // namespace quipu
