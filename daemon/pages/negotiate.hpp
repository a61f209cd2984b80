// What form of a page the client wants: Accept, Accept-Encoding and the parameter `format`.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "daemon/pages/page.hpp"

namespace quipu {

// Only where the client names OpenMetrics itself, in a version that we write, and likes it no less than plain text.
bool prefers_openmetrics(std::string_view accept);

// Only where the client names text/html itself: browsers do, tools say */* or nothing.
bool prefers_html(std::string_view accept);

bool accepts_gzip(std::string_view accept_encoding);

enum class Form : std::uint8_t { text, html, json };

// `format` where given, else HTML for browsers and `otherwise` for all others. Nothing: `format` is not one of
// text, html, json.
std::optional<Form> wanted_form(const Request& request, Form otherwise);

}  // namespace quipu
