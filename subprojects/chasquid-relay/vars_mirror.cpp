#include "vars_mirror.hpp"

#include <quipu/mail_metrics.hpp>

#include <mailside/log.hpp>

#include <utility>

namespace relay {

namespace {

using quipu::MailVariable;
using quipu::MailVariableKind;

constexpr std::size_t max_name_bytes = 256;
constexpr std::size_t max_text_bytes = 16384;
constexpr std::size_t max_told = 1000;

// Beside the vocabulary, every whole number of chasquid's has been a count so far; those of Go's own packages and of
// others say no such thing.
constexpr std::string_view own_prefix = "chasquid/";

// How a number or an object of numbers is to be published. An integer beyond the vocabulary that is not chasquid's may
// fall, so it is a gauge.
bool is_count(const Variable& variable, const MailVariable* known) {
    if (known) return known->kind == MailVariableKind::counter || known->kind == MailVariableKind::counter_map;
    return variable.name.starts_with(own_prefix);
}

}  // namespace

VarsMirror::VarsMirror(quipu::Emitter& emitter, Complaints complaints)
    : emitter_(emitter), complaints_(std::move(complaints)) {}

bool VarsMirror::has_fallen(const Snapshot& snapshot) const {
    for (const Variable& variable : snapshot.variables) {
        const auto it = mirrors_.find(variable.name);
        if (it == mirrors_.end() || !quipu::find_mail_variable(variable.name)) continue;
        if (const auto* count = std::get_if<Count>(&it->second)) {
            if (variable.kind == ValueKind::count && variable.count < count->total) return true;
        } else if (const auto* counts = std::get_if<Counts>(&it->second)) {
            for (const auto& [label, total] : variable.counts) {
                const auto known = counts->by_label.find(label);
                if (known != counts->by_label.end() && total < known->second.total) return true;
            }
            // Labels never go away within a run.
            if (variable.kind == ValueKind::counts && variable.counts.size() < counts->by_label.size()) return true;
        }
    }
    return false;
}

VarsMirror::Mirror VarsMirror::declare(const Variable& variable) {
    const MailVariable* known = quipu::find_mail_variable(variable.name);
    const std::string_view help = known ? known->help : std::string_view{};
    const std::string_view label = known && !known->label_name.empty() ? known->label_name : "key";
    switch (variable.kind) {
        case ValueKind::count:
            if (is_count(variable, known)) return Count{emitter_.counter(variable.name, help)};
            return emitter_.gauge(variable.name, help, {}, quipu::Merge::max);
        case ValueKind::number: return emitter_.gauge(variable.name, help, {}, quipu::Merge::max);
        case ValueKind::counts:
            if (is_count(variable, known)) return Counts{emitter_.counter_map(variable.name, label, help), {}};
            return Numbers{emitter_.gauge_map(variable.name, label, help, quipu::Merge::max), {}};
        case ValueKind::numbers: return Numbers{emitter_.gauge_map(variable.name, label, help, quipu::Merge::max), {}};
        case ValueKind::text: return Words{.text = emitter_.text(variable.name, help)};
        case ValueKind::document: {
            const bool is_memory = variable.name == "memstats";
            return Words{
                .text = emitter_.json(
                    variable.name,
                    is_memory ? "figures of the Go runtime's memory, as runtime.MemStats names them" : help
                ),
                .is_document = true};
        }
    }
    return {};
}

void VarsMirror::take(const Snapshot& snapshot) {
    for (const Variable& variable : snapshot.variables) {
        if (variable.name.empty() || variable.name.size() > max_name_bytes) {
            leave_out(variable.name.substr(0, 64), "its name is empty or has more than 256 bytes");
            continue;
        }
        const auto [it, is_new] = mirrors_.try_emplace(variable.name);
        if (is_new) it->second = declare(variable);
        if (!mirror(variable, it->second))
            leave_out(variable.name, "its value is of another kind than it was at first");
    }
    (void)emitter_.flush();
}

void VarsMirror::raise(Count& count, const std::string& name, std::uint64_t total) {
    if (total < count.total) {
        leave_out(name, "it fell within one run of chasquid, so it is no count");
        return;
    }
    count.counter.add(total - count.total);
    count.total = total;
}

// false: the value does not go with what the name was declared as.
bool VarsMirror::mirror(const Variable& variable, Mirror& as) {
    if (auto* count = std::get_if<Count>(&as)) {
        if (variable.kind != ValueKind::count) return false;
        raise(*count, variable.name, variable.count);
        return true;
    }
    if (auto* gauge = std::get_if<quipu::Gauge>(&as)) {
        if (!variable.is_number()) return false;
        gauge->set(variable.number);
        return true;
    }
    if (auto* counts = std::get_if<Counts>(&as)) {
        if (variable.kind != ValueKind::counts) return false;
        for (const auto& [label, total] : variable.counts) {
            const auto [it, is_new] = counts->by_label.try_emplace(label);
            if (is_new) it->second.counter = counts->map(label);
            raise(it->second, variable.name, total);
        }
        return true;
    }
    if (auto* numbers = std::get_if<Numbers>(&as)) {
        const auto set = [numbers](const std::string& label, double value) {
            const auto [it, is_new] = numbers->by_label.try_emplace(label);
            if (is_new) it->second = numbers->map(label);
            it->second.set(value);
        };
        for (const auto& [label, value] : variable.counts) set(label, static_cast<double>(value));
        for (const auto& [label, value] : variable.numbers) set(label, value);
        return variable.kind == ValueKind::counts || variable.kind == ValueKind::numbers;
    }
    auto* words = std::get_if<Words>(&as);
    if (!words || (variable.kind != ValueKind::text && variable.kind != ValueKind::document)) return false;
    if (words->is_document != (variable.kind == ValueKind::document)) return false;
    if (words->is_set && words->value == variable.text) return true;
    if (words->is_document && variable.text.size() > max_text_bytes) {
        leave_out(variable.name, "it has more than 16 KiB");
        return true;
    }
    words->text.set(variable.text);
    words->value = variable.text;
    words->is_set = true;
    return true;
}

void VarsMirror::leave_out(const std::string& name, std::string_view why) {
    complaints_.left_out.add();
    if (told_.size() >= max_told || !told_.try_emplace(name, true).second) return;
    complaints_.log("chasquid's variable " + mailside::printable(name) + " is not taken over: " + std::string(why));
}

}  // namespace relay
