// Threads and tasks as text and JSON. Safe to show: hidden characters by name.
#pragma once

#include <string>
#include <string_view>

#include "daemon/pages/threads_view.hpp"

namespace quipu {

// For people. `title`: the daemon's.
std::string threads_text(const ThreadsView& view, std::string_view title);

// As Go's goroutine?debug=2: "goroutine 4711 [epoll_wait, thread maild]:", then function and place, two lines a frame.
std::string goroutine_dump(const ThreadsView& view);

std::string threads_json(const ThreadsView& view, std::string_view title);

}  // namespace quipu
