#include "daemon/pages/json.hpp"

#include <cmath>

#include "daemon/pages/text.hpp"

namespace quipu {

namespace {

constexpr std::uint64_t exact_integers = std::uint64_t{1} << 53;

}  // namespace

void JsonWriter::before_value() {
    if (needs_comma_) out_ += ',';
    needs_comma_ = true;
}

JsonWriter& JsonWriter::open(char bracket) {
    before_value();
    out_ += bracket;
    needs_comma_ = false;
    return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
    out_ += bracket;
    needs_comma_ = true;
    return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
    before_value();
    append_json_string(out_, name);
    out_ += ':';
    needs_comma_ = false;
    return *this;
}

JsonWriter& JsonWriter::text(std::string_view value) {
    before_value();
    append_json_string(out_, value);
    return *this;
}

JsonWriter& JsonWriter::flag(bool value) {
    before_value();
    out_ += value ? "true" : "false";
    return *this;
}

JsonWriter& JsonWriter::integer(std::uint64_t value) {
    before_value();
    const bool is_exact = value <= exact_integers;
    if (!is_exact) out_ += '"';
    append_integer(out_, value);
    if (!is_exact) out_ += '"';
    return *this;
}

JsonWriter& JsonWriter::integer(std::int64_t value) {
    if (value >= 0) return integer(static_cast<std::uint64_t>(value));
    before_value();
    append_integer(out_, value);
    return *this;
}

JsonWriter& JsonWriter::number(double value) {
    before_value();
    if (std::isfinite(value)) {
        append_finite(out_, value);
    } else {
        out_ += "null";
    }
    return *this;
}

JsonWriter& JsonWriter::null() {
    before_value();
    out_ += "null";
    return *this;
}

}  // namespace quipu
