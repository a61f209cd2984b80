#include "daemon/pages/daemon_choice.hpp"

#include <algorithm>
#include <charconv>

#include "daemon/pages/layout.hpp"
#include "daemon/pages/others.hpp"
#include "daemon/pages/target.hpp"
#include "daemon/pages/text.hpp"
#include "daemon/pages/web/assets.hpp"

namespace quipu {

namespace {

constexpr std::string_view own_word = "quipud";
constexpr std::size_t of_digits = 16;

// Mail daemons: a companion has to be named by `of` to be asked.
std::vector<const EmitterRecord*> connected(const State& state) {
    std::vector<const EmitterRecord*> emitters = newest_first(state);
    std::erase_if(emitters, [](const EmitterRecord* emitter) {
        return emitter->life != Life::connected || emitter->is_companion;
    });
    return emitters;
}

bool is_named(const EmitterRecord& emitter, std::string_view of) {
    const std::string instance = instance_hex(emitter);
    if (of.size() == of_digits || of.size() == instance.size()) return std::string_view(instance).starts_with(of);
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(of.data(), of.data() + of.size(), number);
    return error == std::errc{} && end == of.data() + of.size() && number == emitter.number;
}

std::string short_instance(const EmitterRecord& emitter) {
    return instance_hex(emitter).substr(0, of_digits);
}

Response several(const std::vector<const EmitterRecord*>& emitters) {
    std::string sentence = "Several mail daemons are connected; say which one is meant:";
    for (const EmitterRecord* emitter : emitters) {
        sentence.append("\n  of=").append(short_instance(*emitter)).append("  ");
        append_visible(sentence, emitter_title(*emitter), Lines::flat);
    }
    return error_response(400, sentence.append("\n  of=quipud"));
}

}  // namespace

bool DaemonChoice::answers(const State& state, std::string_view topic) const {
    if (emitter) return emitter->answers(topic);
    return std::find(state.topics.begin(), state.topics.end(), topic) != state.topics.end();
}

DaemonFacts DaemonChoice::facts(const State& state) const {
    if (!emitter) return {own_title(state), std::string(own_word), state.pid};
    return {emitter_title(*emitter), short_instance(*emitter), emitter->peer.pid};
}

std::variant<DaemonChoice, Response> choose_daemon(const State& state, const Request& request, IfSeveral if_several) {
    const std::string* of = request.parameter("of");
    if (of && *of == own_word) return DaemonChoice{};
    if (of && !of->empty()) {
        const EmitterRecord* gone = nullptr;
        for (const auto& emitter : state.emitters.all()) {
            if (!is_named(*emitter, *of)) continue;
            if (emitter->life == Life::connected) return DaemonChoice{emitter.get()};
            gone = emitter.get();
        }
        if (!gone) return error_response(404, "There is no such mail daemon; /debug/emitters lists them.");
        return error_response(404, visible(emitter_title(*gone)) + ", is not connected any more.");
    }
    const std::vector<const EmitterRecord*> emitters = connected(state);
    if (emitters.empty()) {
        Response response = error_response(503, "No mail daemon is connected that could be asked.");
        response.headers.emplace_back("Retry-After", "5");
        return response;
    }
    if (emitters.size() > 1 && if_several == IfSeveral::refuse) return several(emitters);
    return DaemonChoice{emitters.front()};
}

void set_choices(View& view, const State& state, std::string_view chosen_of, std::string_view path) {
    view.set("chooser", web::chooser_html).list("choices");  // the partial of that name
    const auto add = [&](const DaemonChoice& choice) {
        const DaemonFacts facts = choice.facts(state);
        View row;
        row.set("title", facts.title).set("link", Link(path).with("of", facts.of).text());
        row.flag("is_here", facts.of == chosen_of);
        view.add("choices", std::move(row));
    };
    for (const EmitterRecord* emitter : connected(state)) add(DaemonChoice{emitter});
    add(DaemonChoice{});
}

}  // namespace quipu
