// Request targets taken apart, and links put together.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quipu {

struct Target {
    std::string authority;  // of an absolute-form target; else empty
    std::string path;
    std::vector<std::pair<std::string, std::string>> parameters;
};

// false: neither origin form ("/a?b=c") nor absolute form ("http://host/a?b=c"), wrong percent-encoding, a NUL, or
// more parameters than any page has.
[[nodiscard]] bool parse_target(std::string_view target, Target& out);

// A link to a page of ours. Names and values are percent-encoded; still to be escaped for where it is written.
class Link {
public:
    explicit Link(std::string_view path) : text_(path) {}

    Link& with(std::string_view name, std::string_view value);
    Link& with(std::string_view name, std::int64_t value);

    [[nodiscard]] const std::string& text() const { return text_; }

private:
    std::string text_;
    bool has_query_ = false;
};

}  // namespace quipu
