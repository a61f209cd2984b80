// quipu.h: options, the emitter, variables.
#include <charconv>
#include <chrono>
#include <cstdint>
#include <limits>
#include <new>
#include <utility>

#include "proto/c_api.hpp"
#include "proto/mail_metrics.hpp"

using quipu::view;
using quipu::without_exceptions;

struct quipu_options {
    quipu::EmitterOptions options;
};

namespace {

template <typename Number>
bool take_number(std::string_view text, Number& into) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return false;
    into = value;
    return true;
}

bool set_option(quipu::EmitterOptions& options, std::string_view key, std::string_view value) {
    for (const auto& [name, text] :
         {std::pair<std::string_view, std::string*>{"program", &options.program},
          {"version", &options.version},
          {"socket_path", &options.socket_path},
          {"config_text", &options.config_text}}) {
        if (name != key) continue;
        *text = value;
        return true;
    }
    for (const auto& [name, number] :
         {std::pair<std::string_view, std::uint32_t*>{"max_series", &options.max_series},
          {"max_labels", &options.max_labels},
          {"max_threads", &options.max_threads},
          {"max_open_traces", &options.max_open_traces},
          {"trace_ring_bytes", &options.trace_ring_bytes}}) {
        if (name == key) return take_number(value, *number);
    }
    if (key == "max_answer_backlog_bytes") return take_number(value, options.max_answer_backlog_bytes);
    std::uint32_t ms = 0;
    if (key != "flush_interval_ms" || !take_number(value, ms)) return false;
    options.flush_interval = std::chrono::milliseconds(ms);
    return true;
}

// The handle of that name, made by `make` where there is none yet. Beyond `most` all names share one handle.
template <typename Handle, typename Make>
Handle* handle_of(quipu_emitter* owner, quipu::Handles<Handle>& handles, std::string_view name, Make make) {
    const std::lock_guard lock(owner->mutex);
    auto found = handles.find(name);
    if (found == handles.end()) {
        auto made = std::make_unique<Handle>(make());
        found = handles.emplace(std::string(name), std::move(made)).first;
    }
    return found->second.get();
}

// Values beyond the cap are one label for the emitter too.
template <typename Map>
std::string_view label_of(Map* map, const char* label_value) {
    const std::lock_guard lock(map->owner->mutex);
    const std::string_view label = view(label_value);
    const bool has_room = map->by_label.size() < map->owner->max_labels;
    return has_room || map->by_label.contains(label) ? label : std::string_view("(other)");
}

quipu::Merge merge_of(int merge) {
    return merge >= QUIPU_SUM && merge <= QUIPU_LAST ? static_cast<quipu::Merge>(merge) : quipu::Merge::sum;
}

}  // namespace

const char* quipu_version(void) {
    return QUIPU_VERSION;
}

// --- Options --------------------------------------------------------------------------------------------------------

quipu_options* quipu_options_new(void) {
    return new (std::nothrow) quipu_options;
}

void quipu_options_free(quipu_options* options) {
    delete options;
}

bool quipu_options_set(quipu_options* options, const char* key, const char* value) {
    if (!options) return false;
    return without_exceptions(false, [&] { return set_option(options->options, view(key), view(value)); });
}

void quipu_options_add_argument(quipu_options* options, const char* argument) {
    if (!options) return;
    without_exceptions([&] { options->options.cmdline.emplace_back(view(argument)); });
}

void quipu_options_add_flag(quipu_options* options, const char* name, const char* value, bool is_set) {
    if (!options) return;
    without_exceptions([&] {
        options->options.flags.push_back({std::string(view(name)), std::string(view(value)), is_set});
    });
}

void quipu_options_add_secret_name(quipu_options* options, const char* name) {
    if (!options) return;
    without_exceptions([&] { options->options.secret_names.emplace_back(view(name)); });
}

void quipu_options_add_secret_value(quipu_options* options, const char* value) {
    if (!options) return;
    without_exceptions([&] { options->options.secret_values.emplace_back(view(value)); });
}

void quipu_options_set_log(quipu_options* options, quipu_log_function* log, void* context) {
    if (!options) return;
    without_exceptions([&] {
        options->options.log = nullptr;
        if (log) options->options.log = [=](std::string_view text) { log(std::string(text).c_str(), context); };
    });
}

// --- The emitter ----------------------------------------------------------------------------------------------------

quipu_emitter* quipu_emitter_new(const quipu_options* options) {
    return without_exceptions(static_cast<quipu_emitter*>(nullptr), [&] {
        return new quipu_emitter(options ? options->options : quipu::EmitterOptions{});
    });
}

void quipu_emitter_free(quipu_emitter* emitter) {
    delete emitter;
}

bool quipu_emitter_flush(quipu_emitter* emitter) {
    return emitter && emitter->emitter.flush();
}

bool quipu_emitter_is_connected(const quipu_emitter* emitter) {
    return emitter && emitter->emitter.is_connected();
}

void quipu_emitter_set_config_text(quipu_emitter* emitter, const char* text) {
    if (!emitter) return;
    without_exceptions([&] { emitter->emitter.set_config_text(view(text)); });
}

void quipu_emitter_declare_mail(quipu_emitter* emitter, const char* version, int64_t source_date_unix_s) {
    if (!emitter) return;
    without_exceptions([&] { const quipu::MailMetrics declared(emitter->emitter, view(version), source_date_unix_s); });
}

// --- Variables ------------------------------------------------------------------------------------------------------

quipu_counter* quipu_counter_new(quipu_emitter* emitter, const char* name, const char* help, const char* unit) {
    if (!emitter || !name) return nullptr;
    return without_exceptions(static_cast<quipu_counter*>(nullptr), [&] {
        return handle_of(emitter, emitter->counters, name, [&] {
            return quipu_counter{emitter->emitter.counter(name, view(help), view(unit))};
        });
    });
}

void quipu_counter_add(const quipu_counter* counter, uint64_t n) {
    if (counter) counter->counter.add(n);
}

quipu_counter_map* quipu_counter_map_new(
    quipu_emitter* emitter, const char* name, const char* label_name, const char* help
) {
    if (!emitter || !name) return nullptr;
    return without_exceptions(static_cast<quipu_counter_map*>(nullptr), [&] {
        return handle_of(emitter, emitter->counter_maps, name, [&] {
            return quipu_counter_map{emitter->emitter.counter_map(name, view(label_name), view(help)), emitter, {}};
        });
    });
}

void quipu_counter_map_add(const quipu_counter_map* map, const char* label_value, uint64_t n) {
    if (map) map->map.add(view(label_value), n);
}

quipu_counter* quipu_counter_map_get(quipu_counter_map* map, const char* label_value) {
    if (!map) return nullptr;
    return without_exceptions(static_cast<quipu_counter*>(nullptr), [&] {
        const std::string_view label = label_of(map, label_value);
        return handle_of(map->owner, map->by_label, label, [&] { return quipu_counter{map->map(label)}; });
    });
}

quipu_gauge* quipu_gauge_new(quipu_emitter* emitter, const char* name, const char* help, const char* unit, int merge) {
    if (!emitter || !name) return nullptr;
    return without_exceptions(static_cast<quipu_gauge*>(nullptr), [&] {
        return handle_of(emitter, emitter->gauges, name, [&] {
            return quipu_gauge{emitter->emitter.gauge(name, view(help), view(unit), merge_of(merge))};
        });
    });
}

void quipu_gauge_set(const quipu_gauge* gauge, double value) {
    if (gauge) gauge->gauge.set(value);
}

void quipu_gauge_add(const quipu_gauge* gauge, double delta) {
    if (gauge) gauge->gauge.add(delta);
}

quipu_gauge_map* quipu_gauge_map_new(
    quipu_emitter* emitter, const char* name, const char* label_name, const char* help, int merge
) {
    if (!emitter || !name) return nullptr;
    return without_exceptions(static_cast<quipu_gauge_map*>(nullptr), [&] {
        return handle_of(emitter, emitter->gauge_maps, name, [&] {
            quipu::GaugeMap map = emitter->emitter.gauge_map(name, view(label_name), view(help), merge_of(merge));
            return quipu_gauge_map{map, emitter, {}};
        });
    });
}

quipu_gauge* quipu_gauge_map_get(quipu_gauge_map* map, const char* label_value) {
    if (!map) return nullptr;
    return without_exceptions(static_cast<quipu_gauge*>(nullptr), [&] {
        const std::string_view label = label_of(map, label_value);
        return handle_of(map->owner, map->by_label, label, [&] { return quipu_gauge{map->map(label)}; });
    });
}

quipu_text* quipu_text_new(quipu_emitter* emitter, const char* name, const char* help) {
    if (!emitter || !name) return nullptr;
    return without_exceptions(static_cast<quipu_text*>(nullptr), [&] {
        return handle_of(emitter, emitter->texts, name, [&] {
            return quipu_text{emitter->emitter.text(name, view(help))};
        });
    });
}

void quipu_text_set(const quipu_text* text, const char* value) {
    if (text) text->text.set(view(value));
}
