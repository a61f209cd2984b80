// What every page must be, whatever was fed into it. Each check ends the process with what is wrong.
#pragma once

#include <string_view>

#include "daemon/pages/page.hpp"

namespace quipu::fuzz {

void check_json(std::string_view body);
// Only tags that our templates have, attributes in quotes, no inline script, no control or hidden characters.
void check_html(std::string_view body);
// No blank lines, known comments only, each family in one piece, samples that parse.
void check_metrics(std::string_view body, bool is_openmetrics);
void check_event_stream(std::string_view body);
// A page that is made in steps, put together.
Response whole(Finished finished, const State& state, const Request& request, Now now);
// Likewise of a page that neither asks nor goes on.
Response whole(PageResult result, const State& state, const Request& request, Now now);
// By its content type; headers too.
void check_response(const Response& response);

}  // namespace quipu::fuzz
