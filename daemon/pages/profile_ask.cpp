#include "daemon/pages/profile_ask.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "daemon/core/now.hpp"
#include "daemon/pages/queue_list.hpp"
#include "daemon/pages/text.hpp"

namespace quipu {

namespace {

// Beyond the seconds that a profile takes, for putting it together and sending it.
constexpr std::int64_t grace_ns = 15 * second_ns;

Response not_implemented(const std::string& title, std::string_view topic, std::string_view what) {
    std::string sentence = visible(title) + ", offers no ";
    sentence.append(what).append(": it registers no answer to the topic \"").append(topic).append("\".");
    return error_response(501, sentence);
}

}  // namespace

std::optional<Response> wrong_parameters(const Request& request, std::span<const std::string_view> known) {
    for (auto it = request.parameters.begin(); it != request.parameters.end(); ++it) {
        const auto is_same = [&it](const auto& other) { return other.first == it->first; };
        if (std::any_of(request.parameters.begin(), it, is_same)) {
            return error_response(400, "A parameter is given twice.");
        }
        if (std::find(known.begin(), known.end(), it->first) != known.end()) continue;
        std::string sentence = "A parameter is given that this page does not know; it knows";
        if (known.empty()) sentence += " none";
        for (const std::string_view name : known) sentence.append(name == known.front() ? " " : ", ").append(name);
        return error_response(400, sentence + ".");
    }
    return std::nullopt;
}

std::variant<std::uint32_t, Response> whole_parameter(
    const Request& request, std::string_view name, std::uint32_t least, std::uint32_t most, std::uint32_t fallback
) {
    constexpr std::size_t max_quoted_bytes = 40;
    const std::string* text = request.parameter(name);
    if (!text) return fallback;
    std::uint32_t value = 0;
    const char* end = text->data() + text->size();
    const auto [stopped, error] = std::from_chars(text->data(), end, value);
    if (error == std::errc{} && stopped == end && value >= least && value <= most) return value;
    std::string sentence(name);
    sentence += " must be a whole number from " + std::to_string(least) + " to " + std::to_string(most) + ", not ";
    append_go_quoted(sentence, shortened(*text, max_quoted_bytes));
    return error_response(400, sentence + ".");
}

std::variant<std::uint32_t, Response> seconds_parameter(
    const State& state, const Request& request, std::uint32_t fallback
) {
    const std::uint32_t most = state.limits.pprof_max_seconds;
    return whole_parameter(request, "seconds", 1, most, std::min(fallback, most));
}

std::optional<Response> not_offered(
    const State& state, const DaemonChoice& choice, std::string_view topic, std::string_view what
) {
    if (choice.answers(state, topic)) return std::nullopt;
    return not_implemented(choice.facts(state).title, topic, what);
}

std::optional<Response> busy_profiling(const State& state, const DaemonChoice& choice, Now now) {
    const std::uint32_t number = choice.is_quipud() ? 0 : choice.emitter->number;
    const std::int64_t until = state.queries.busy_until_steady_ns(number, "profile");
    if (until == 0) return std::nullopt;
    const std::int64_t left_ns = std::max<std::int64_t>(until - grace_ns - now.steady_ns, 0);
    Response response = error_response(503, "A CPU profile of this daemon is being taken; one runs at a time.");
    response.headers.emplace_back("Retry-After", std::to_string(left_ns / second_ns + 1));
    return response;
}

Ask cpu_ask(std::uint32_t seconds, std::uint32_t hz) {
    Ask ask;
    ask.topic = "profile";
    ask.args.emplace_back("seconds", std::to_string(seconds));
    if (hz != 0) ask.args.emplace_back("hz", std::to_string(hz));
    ask.deadline_ns = std::int64_t{seconds} * second_ns + grace_ns;
    return ask;
}

PageAsk ask_daemon(
    const DaemonChoice& choice,
    Ask ask,
    std::function<Finished(const State&, const Request&, Now, std::string body)> finish
) {
    PageAsk page;
    page.is_of_quipud = choice.is_quipud();
    page.ask = std::move(ask);
    page.ask.emitters = {choice.is_quipud() ? 0 : choice.emitter->number};
    page.finish = [topic = page.ask.topic, finish = std::move(finish)](
                      const State& state, const Request& request, Now now, std::vector<Reply> replies
                  ) -> Finished {
        Reply& reply = replies.at(0);
        if (reply.outcome == Outcome::answered && reply.status == wire::Status::unknown_topic) {
            return error_response(501, "The daemon does not answer questions about \"" + topic + "\" after all.");
        }
        if (!is_good(reply)) return no_answer(replies);
        if (reply.body.empty()) return error_response(502, "The daemon answered, but with nothing.");
        return finish(state, request, now, std::move(reply.body));
    };
    return page;
}

}  // namespace quipu
