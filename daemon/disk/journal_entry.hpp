// An entry of the journal as bytes: the counts of Changes, without last words and traces. For disk/ only.
#pragma once

#include <string>
#include <string_view>

#include "daemon/core/durable.hpp"

namespace quipu {

std::string encode_entry(const Changes& changes);

// false: these are no such bytes; `out` is then of no use. The epoch is not in them.
[[nodiscard]] bool decode_entry(std::string_view bytes, Changes& out);

}  // namespace quipu
