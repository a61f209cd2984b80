// The files that pages load: style sheet, scripts, icon. Part of the program, served under /static/.
#pragma once

#include <string>
#include <string_view>

namespace quipu {

// "/static/style.css?v=HASH": changes with the content, so that browsers may keep what they have for a year.
// `name` is one of the files that static.cpp lists.
std::string static_link(std::string_view name);

}  // namespace quipu
