// One item of the mail queue in each form that /debug/queue has. `emitter`: EmitterRecord::number.
#pragma once

#include <cstdint>
#include <string>

#include "daemon/core/now.hpp"
#include "daemon/pages/json.hpp"
#include "daemon/pages/render.hpp"
#include "proto/message.hpp"

namespace quipu {

// As chasquid prints it, which tools grep.
void append_queue_text(std::string& out, const wire::QueueItem& item);
void append_queue_json(JsonWriter& json, const wire::QueueItem& item, std::uint32_t emitter);
View queue_row(const wire::QueueItem& item, std::uint32_t emitter, Now now);

}  // namespace quipu
