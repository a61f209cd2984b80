// What maild has of mailside, under the names that it uses everywhere.
#pragma once

#include <mailside/flags.hpp>
#include <mailside/log.hpp>
#include <mailside/wire.hpp>

namespace maild {

namespace asio = mailside::asio;
using mailside::as_result;
using mailside::awaitable;
using mailside::Clock;
using mailside::error_code;
using mailside::HostPort;
using mailside::log_line;
using mailside::spawn;
using mailside::tcp;
using mailside::UsageError;
using mailside::Wire;

}  // namespace maild
