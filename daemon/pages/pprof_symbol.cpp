// /debug/pprof/symbol: which functions stand at given addresses of the daemon's memory, as pprof asks for them:
// "?0x1f00+0x2f00", or the same as the body of a POST.
//
// Addresses mean something in one process only, so the daemon is asked where its code lies.
#include <array>
#include <charconv>
#include <vector>

#include "daemon/pages/handlers.hpp"
#include "daemon/pages/profile_ask.hpp"
#include "daemon/pages/profile_body.hpp"
#include "daemon/pages/text.hpp"
#include "daemon/profile/legacy_text.hpp"
#include "daemon/profile/stacks.hpp"
#include "daemon/profile/thread_profile.hpp"

namespace quipu {

namespace {

constexpr std::size_t max_addresses = 20'000;
// pprof looks at the number only: 0 means that there are no symbols to be had.
constexpr std::string_view first_line = "num_symbols: 1\n";
constexpr std::string_view no_symbols = "num_symbols: 0\n";

// "0x1f00+0x2f00"; a target's "+" has become a blank. false: something else.
bool parse_addresses(std::string_view text, std::vector<std::uint64_t>& addresses) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find_first_of("+ \r\n"), text.size());
        std::string_view word = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (word.empty()) continue;
        const bool is_hex = word.starts_with("0x") || word.starts_with("0X");
        if (is_hex) word.remove_prefix(2);
        std::uint64_t address = 0;
        const auto [stopped, error] =
            std::from_chars(word.data(), word.data() + word.size(), address, is_hex ? 16 : 10);
        if (error != std::errc{} || stopped != word.data() + word.size()) return false;
        if (addresses.size() == max_addresses) return false;
        addresses.push_back(address);
    }
    return true;
}

// Of a GET they are a parameter without a value. Nothing: there is another parameter.
std::optional<std::string_view> asked_text(const Request& request) {
    if (request.method == Method::post) return request.body;
    std::string_view text;
    for (const auto& [name, value] : request.parameters) {
        if (name == "of") continue;
        if (!text.empty() || !value.empty()) return std::nullopt;
        text = name;
    }
    return text;
}

// As they were asked for.
std::string joined(const std::vector<std::uint64_t>& addresses) {
    std::string text;
    for (const std::uint64_t address : addresses) text.append(text.empty() ? "" : "+").append(hex_address(address));
    return text;
}

Response symbols_text(
    const std::string& body, const std::vector<std::uint64_t>& addresses, std::int32_t pid, const JobTools& tools
) {
    wire::ThreadReport report;
    const Bytes bytes = {reinterpret_cast<const std::uint8_t*>(body.data()), body.size()};
    if (wire::decode(bytes, report) != Errc::ok) {
        return error_response(502, "The daemon sent a list of threads that cannot be read.");
    }
    ProfileData profile = mappings_profile(report);
    for (const std::uint64_t address : addresses) profile.locations.push_back(locate(profile, address));
    tools.symbols.add_names(profile, pid, tools.is_cancelled);
    std::string out(first_line);
    for (const ProfileLocation& location : profile.locations) {
        if (location.lines.empty()) continue;
        out += hex_address(location.address) + " " + on_one_line(frame_name(profile, location, 0)) + "\n";
    }
    return plain_text(visible(out, Lines::kept));
}

}  // namespace

PageResult pprof_symbol_page(const State& state, const Request& request, Now /*now*/) {
    const std::optional<std::string_view> text = asked_text(request);
    std::vector<std::uint64_t> addresses;
    if (!text || !parse_addresses(*text, addresses)) {
        return error_response(400, "Addresses are given as 0x1f00+0x2f00, in the query or as the body of a POST.");
    }
    const auto chosen = choose_daemon(state, request, IfSeveral::refuse);
    if (const auto* wrong = std::get_if<Response>(&chosen)) {
        // pprof asks for what is nameless in a profile that it has already, leaves `of` out, and takes an error for the
        // end of everything.
        return request.method == Method::post ? plain_text(std::string(no_symbols)) : *wrong;
    }
    const auto& choice = std::get<DaemonChoice>(chosen);
    Ask ask;
    if (choice.answers(state, "symbol")) {
        ask.topic = "symbol";
        ask.args.emplace_back("addresses", joined(addresses));
        return ask_daemon(choice, std::move(ask), [](const State&, const Request&, Now, std::string body) -> Finished {
            return unchanged(std::move(body), "symbol");
        });
    }
    if (!choice.answers(state, "threads")) return plain_text(std::string(no_symbols));
    if (addresses.empty()) return plain_text(std::string(first_line));
    ask.topic = "threads";
    return ask_daemon(
        choice,
        std::move(ask),
        [addresses = std::move(addresses),
         pid = choice.facts(state).pid](const State&, const Request&, Now, std::string body) -> Finished {
            return PageJob{[addresses, pid, body = std::move(body)](const JobTools& tools) {
                return rendered(symbols_text(body, addresses, pid, tools));
            }};
        }
    );
}

}  // namespace quipu
