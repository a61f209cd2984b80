// Function names for people.
#pragma once

#include <string>
#include <string_view>

namespace quipu {

// "_ZN5maild7Session3runEv" -> "maild::Session::run": demangled (Itanium C++ ABI), without parameters, template
// arguments, return type and qualifiers, as pprof shows C++ names. What is not mangled stays as it is.
std::string readable_function_name(const std::string& system_name);

// The second half of it, for what is demangled already.
std::string short_function_name(std::string_view demangled);

}  // namespace quipu
