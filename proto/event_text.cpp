#include "proto/event_text.hpp"

#include <charconv>
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
        for (const char* p = format; *p != 0;) {
            if (*p != '%') {
                if (!put_plain(p)) return false;
                continue;
            }
            ++p;
            const bool has_precision = p[0] == '.' && p[1] == '*' && p[2] == 's';
            const int precision = has_precision ? va_arg(args.list, int) : 0;
            if (has_precision) {
                if (precision < 0) return false;
                p += 2;
            }
            const Width width = width_at(p);
            const char conversion = *p;
            bool is_written = false;
            if (conversion == 's' && width == Width::as_int) {
                const char* text = va_arg(args.list, const char*);
                is_written = text && put(has_precision ? bounded(text, precision) : std::string_view(text));
            } else if (conversion == 'c' && width == Width::as_int) {
                const auto byte = static_cast<char>(va_arg(args.list, int));
                is_written = put({&byte, 1});
            } else if (conversion == '%' && p[-1] == '%') {
                is_written = put("%");
            } else if (conversion == 'd' || conversion == 'i') {
                is_written = put_signed(width, args);
            } else if (conversion == 'u') {
                is_written = put_unsigned<10>(width, args);
            } else if (conversion == 'x') {
                is_written = put_unsigned<16>(width, args);
            }
            if (!is_written) return false;
            ++p;
        }
        return true;
    }

    [[nodiscard]] std::string_view text() const { return {begin_, static_cast<std::size_t>(at_ - begin_)}; }

private:
    static Width width_at(const char*& p) {
        if (p[0] == 'z') return ++p, Width::as_size;
        if (p[0] != 'l') return Width::as_int;
        if (p[1] != 'l') return ++p, Width::as_long;
        return p += 2, Width::as_long_long;
    }

    static std::string_view bounded(const char* text, int precision) {
        return {text, strnlen(text, static_cast<std::size_t>(precision))};
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

    template <int base, typename Number>
    bool put_number(Number value) {
        const auto [end, error] = std::to_chars(at_, end_, value, base);
        if (error != std::errc()) return false;
        at_ = end;
        return true;
    }

    bool put_signed(Width width, EventArguments& args) {
        switch (width) {
            case Width::as_int: return put_number<10>(va_arg(args.list, int));
            case Width::as_long: return put_number<10>(va_arg(args.list, long));
            case Width::as_long_long: return put_number<10>(va_arg(args.list, long long));
            case Width::as_size: return put_number<10>(va_arg(args.list, std::ptrdiff_t));
        }
        return false;
    }

    template <int base>
    bool put_unsigned(Width width, EventArguments& args) {
        switch (width) {
            case Width::as_int: return put_number<base>(va_arg(args.list, unsigned));
            case Width::as_long: return put_number<base>(va_arg(args.list, unsigned long));
            case Width::as_long_long: return put_number<base>(va_arg(args.list, unsigned long long));
            case Width::as_size: return put_number<base>(va_arg(args.list, std::size_t));
        }
        return false;
    }

    char* begin_;
    char* at_;
    char* end_;
};

}  // namespace

std::string_view format_event(
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
