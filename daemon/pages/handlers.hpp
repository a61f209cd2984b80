// The handler of each endpoint; table.cpp puts them in rows.
#pragma once

#include "daemon/pages/page.hpp"

namespace quipu {

PageResult index_page(const State& state, const Request& request, Now now);
PageResult traces_page(const State& state, const Request& request, Now now);
PageResult traces_live_page(const State& state, const Request& request, Now now);
PageResult traces_stream_page(const State& state, const Request& request, Now now);
PageResult queue_page(const State& state, const Request& request, Now now);
PageResult threads_page(const State& state, const Request& request, Now now);
PageResult pprof_page(const State& state, const Request& request, Now now);
PageResult pprof_redirect(const State& state, const Request& request, Now now);
PageResult pprof_cpu_page(const State& state, const Request& request, Now now);
PageResult pprof_other_page(const State& state, const Request& request, Now now);  // heap, allocs and so on
PageResult pprof_goroutine_page(const State& state, const Request& request, Now now);
PageResult pprof_cmdline_page(const State& state, const Request& request, Now now);
PageResult pprof_symbol_page(const State& state, const Request& request, Now now);
PageResult flame_page(const State& state, const Request& request, Now now);
PageResult vars_page(const State& state, const Request& request, Now now);
PageResult variables_page(const State& state, const Request& request, Now now);
PageResult metrics_page(const State& state, const Request& request, Now now);
PageResult flags_page(const State& state, const Request& request, Now now);
PageResult config_page(const State& state, const Request& request, Now now);
PageResult emitters_page(const State& state, const Request& request, Now now);
PageResult api_page(const State& state, const Request& request, Now now);
PageResult api_series_page(const State& state, const Request& request, Now now);
PageResult api_history_page(const State& state, const Request& request, Now now);
PageResult api_now_page(const State& state, const Request& request, Now now);
PageResult api_stream_page(const State& state, const Request& request, Now now);
PageResult static_page(const State& state, const Request& request, Now now);
PageResult health_page(const State& state, const Request& request, Now now);

}  // namespace quipu
