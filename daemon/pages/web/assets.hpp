// The files of this folder, put into the program at build time.
#pragma once

#include <string_view>

namespace quipu::web {

extern const std::string_view layout_html;
extern const std::string_view error_html;
extern const std::string_view paging_html;
extern const std::string_view index_html;
extern const std::string_view emitters_html;
extern const std::string_view flags_html;
extern const std::string_view config_html;
extern const std::string_view queue_html;
extern const std::string_view traces_html;
extern const std::string_view trace_html;
extern const std::string_view live_html;
extern const std::string_view chooser_html;
extern const std::string_view pprof_html;
extern const std::string_view threads_html;
extern const std::string_view flame_html;
extern const std::string_view flame_js;
extern const std::string_view api_txt;
extern const std::string_view variables_html;
extern const std::string_view live_js;
extern const std::string_view page_js;
extern const std::string_view feed_js;
extern const std::string_view dashboard_css;
extern const std::string_view tiles_js;
extern const std::string_view view_js;
extern const std::string_view charts_js;
extern const std::string_view add_js;
extern const std::string_view dygraph_css;
extern const std::string_view dygraph_js;
extern const std::string_view style_css;
extern const std::string_view icon_svg;

}  // namespace quipu::web
