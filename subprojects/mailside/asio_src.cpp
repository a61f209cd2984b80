// Asio's implementation, compiled once for all programs on the mail side. That of TLS is a file of its own, so that a
// program which has Asio from elsewhere, as that of the tests, can take it alone.
#include <boost/asio/impl/src.hpp>
