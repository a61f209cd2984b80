// JSON, written in order into a string: commas and escapes are taken care of, nesting is the caller's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace quipu {

class JsonWriter {
public:
    explicit JsonWriter(std::string& out) : out_(out) {}

    JsonWriter& open_object() { return open('{'); }

    JsonWriter& close_object() { return close('}'); }

    JsonWriter& open_array() { return open('['); }

    JsonWriter& close_array() { return close(']'); }

    JsonWriter& key(std::string_view name);

    JsonWriter& text(std::string_view value);
    JsonWriter& flag(bool value);
    // Beyond 2^53 as text, since readers would round it.
    JsonWriter& integer(std::uint64_t value);
    JsonWriter& integer(std::int64_t value);
    // Not finite: null.
    JsonWriter& number(double value);
    JsonWriter& null();

private:
    JsonWriter& open(char bracket);
    JsonWriter& close(char bracket);
    void before_value();

    std::string& out_;
    bool needs_comma_ = false;
};

}  // namespace quipu
