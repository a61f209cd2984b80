// The delivery status notification (RFC 3464) that tells a sender what could not be delivered. Pure.
#pragma once

#include <string>
#include <string_view>

#include "queue_file.hpp"

namespace maild {

// "Wed, 25 Nov 2026 02:03:51 +0000"
std::string mail_date(WallTime time);

// The whole message, LF line ends. id: of the DSN's own queue item. original: the beginning of the failed message, of
// which the header is quoted.
std::string make_dsn(
    const Item& item, std::string_view id, WallTime now, std::string_view hostname, std::string_view original
);

}  // namespace maild
