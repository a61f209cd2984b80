#include "daemon/pages/others.hpp"

#include <algorithm>

#include "daemon/pages/layout.hpp"
#include "daemon/pages/text.hpp"

namespace quipu {

std::vector<const EmitterRecord*> newest_first(const State& state) {
    std::vector<const EmitterRecord*> emitters;
    for (const auto& emitter : state.emitters.all()) emitters.push_back(emitter.get());
    std::stable_sort(emitters.begin(), emitters.end(), [](const EmitterRecord* a, const EmitterRecord* b) {
        return is_told_before(*a, *b);
    });
    return emitters;
}

std::string own_title(const State& state) {
    return state.build.version.empty() ? "quipud" : "quipud " + state.build.version;
}

Response sections_as_text(const State& state, const AppendOf& append, std::string_view own) {
    Response response;
    response.content_type = "text/plain; charset=utf-8";
    std::string& out = response.body;
    const std::vector<const EmitterRecord*> emitters = newest_first(state);
    if (emitters.empty()) out += "# No mail daemon has connected yet.\n";
    for (const EmitterRecord* emitter : emitters) {
        if (emitter != emitters.front() || emitter->is_companion) {
            out += "\n# ";
            append_visible(out, emitter_title(*emitter), Lines::flat);
            out.append(", ").append(life_text(emitter->life)).append("\n");
        }
        append(out, *emitter);
    }
    out.append("\n# ").append(own_title(state)).append("\n").append(own);
    return response;
}

}  // namespace quipu
