// Who may read pages at all, as far as the request shows it: pages on loopback must not be readable by whatever web
// page the operator's browser has open.
//
// Against DNS rebinding: Host names an IP address, a loopback name or a configured name. A name of the attacker's
// that resolves to 127.0.0.1 is none of these; an address cannot be rebound. Ports are not looked at: a tunnel
// changes them.
// Against other sites: what a browser marks as asked for by another site or origin is refused, unless a person
// followed a link to it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "daemon/pages/page.hpp"

namespace quipu {

// `host` as in the Host header: a name or address with or without a port. Not for an absent header.
bool is_allowed_host(std::string_view host, std::span<const std::string> allowed_names);

// The error response where the request is refused. `authority` is that of an absolute-form target, else empty.
std::optional<Response> refusal(const State& state, const Request& request, std::string_view authority);

}  // namespace quipu
