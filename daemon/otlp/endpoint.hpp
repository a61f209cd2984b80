// Where traces are sent: a URL of an OpenTelemetry collector, taken apart.
#pragma once

#include <string>
#include <string_view>

namespace quipu {

struct OtlpEndpoint {
    bool is_tls = false;
    std::string host;    // a name or an address; IPv6 without brackets
    std::string port;    // 4318 where the URL has none
    std::string target;  // "/v1/traces"

    // As Host wants it.
    [[nodiscard]] std::string authority() const;

    bool operator==(const OtlpEndpoint&) const = default;
};

// http://HOST[:PORT][/PATH] or https://... As the specification of OTLP exporters has it, a base URL gets /v1/traces
// behind it; one that ends in that is taken as it is. Throws std::invalid_argument: a sentence without the URL's user
// and password, which are refused, since the URL is shown on pages.
OtlpEndpoint parse_otlp_endpoint(std::string_view url);

}  // namespace quipu
