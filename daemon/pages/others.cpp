#include "daemon/pages/others.hpp"

#include <algorithm>

#include "daemon/pages/layout.hpp"
#include "daemon/pages/text.hpp"

namespace quipu {

std::vector<const EmitterRecord*> newest_first(const State& state) {
    std::vector<const EmitterRecord*> emitters;
    for (const auto& emitter : state.emitters.all()) emitters.push_back(emitter.get());
    std::stable_sort(emitters.begin(), emitters.end(), [](const EmitterRecord* a, const EmitterRecord* b) {
        if (a->is_companion != b->is_companion) return b->is_companion;
        const bool is_a_here = a->life == Life::connected;
        const bool is_b_here = b->life == Life::connected;
        return is_a_here != is_b_here ? is_a_here : a->start_wall_ns > b->start_wall_ns;
    });
    return emitters;
}

std::string own_title(const State& state) {
    return state.build.version.empty() ? "quipud" : "quipud " + state.build.version;
}

void append_section_line(std::string& out, const EmitterRecord& emitter) {
    out += "\n# ";
    append_visible(out, emitter_title(emitter), Lines::flat);
    out.append(", ").append(life_text(emitter.life)).append("\n");
}

void append_own_section_line(std::string& out, const State& state) {
    out.append("\n# ").append(own_title(state)).append("\n");
}

}  // namespace quipu
