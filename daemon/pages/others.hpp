// Pages that show something of every mail daemon on record, one section each, and quipud's own at the end.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/state.hpp"
#include "daemon/pages/page.hpp"

namespace quipu {

// In the order of is_told_before().
std::vector<const EmitterRecord*> newest_first(const State& state);

std::string own_title(const State& state);

// As text: what `append` writes of each, under a line "# maild 1.0, pid 4711, emitter 2, ended" but for the newest mail
// daemon, and then `own`, under quipud's line.
using AppendOf = std::function<void(std::string& out, const EmitterRecord& emitter)>;
Response sections_as_text(const State& state, const AppendOf& append, std::string_view own);

}  // namespace quipu
