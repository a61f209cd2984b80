// Asio's implementation, compiled once for all programs on the mail side.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
