// Asio and Beast, compiled once. boost_dep carries the two *_SEPARATE_COMPILATION macros, so that no file can disagree.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
