// Pages that show something of every mail daemon on record, one section each, and quipud's own at the end.
#pragma once

#include <string>
#include <vector>

#include "daemon/core/state.hpp"

namespace quipu {

// Connected ones first, then those that are gone; the latest started first.
std::vector<const EmitterRecord*> newest_first(const State& state);

std::string own_title(const State& state);

// "\n# maild 1.0, pid 4711, emitter 2, ended\n"
void append_section_line(std::string& out, const EmitterRecord& emitter);
void append_own_section_line(std::string& out, const State& state);

}  // namespace quipu
