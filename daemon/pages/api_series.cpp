// /api/v1/series: which series there are, and of which there is history.
#include <algorithm>

#include "daemon/pages/api.hpp"
#include "daemon/pages/handlers.hpp"
#include "daemon/pages/text.hpp"

namespace quipu {

namespace {

constexpr std::int64_t default_limit = 1000;
constexpr std::int64_t most_limit = 10000;
constexpr std::int64_t most_page = 1'000'000'000;
constexpr std::size_t max_words = 16;

struct Listed {
    const Family* family = nullptr;
    const std::string* label = nullptr;
    const HistoryKey* gone = nullptr;  // has history, but nobody has defined it since quipud started
};

struct Filter {
    std::vector<std::string_view> words;  // each is to be in name, label or help
    bool is_history_only = false;
};

std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    while (words.size() < max_words) {
        const std::size_t begin = std::min(text.find_first_not_of(' '), text.size());
        text.remove_prefix(begin);
        if (text.empty()) break;
        const std::size_t end = std::min(text.find(' '), text.size());
        words.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    return words;
}

// The words that the family itself does not have: its labels must have them.
std::vector<std::string_view> missing_words(const Filter& filter, const Family& family) {
    std::vector<std::string_view> missing;
    for (const std::string_view word : filter.words) {
        if (!contains_folded(family.name, word) && !contains_folded(family.help, word)) missing.push_back(word);
    }
    return missing;
}

bool has_all(std::string_view text, const std::vector<std::string_view>& words) {
    return std::all_of(words.begin(), words.end(), [text](std::string_view word) {
        return contains_folded(text, word);
    });
}

std::vector<Listed> select(const State& state, const Filter& filter) {
    std::vector<Listed> found;
    for (const auto& [name, family] : state.metrics.families()) {
        const std::vector<std::string_view> missing = missing_words(filter, family);
        for (const auto& [label, series] : family.series) {
            if (!has_all(label, missing)) continue;
            if (filter.is_history_only && !state.history.find(name, label)) continue;
            found.push_back({&family, &label, nullptr});
        }
    }
    for (const auto& [key, series] : state.history.series()) {
        if (series.source || key.cell != 0) continue;
        const Family* family = state.metrics.find(key.name);
        if (family && family->series.contains(key.label)) continue;
        if (has_all(key.name + " " + key.label, filter.words)) found.push_back({nullptr, nullptr, &key});
    }
    return found;
}

void write_series(JsonWriter& json, const State& state, const Listed& listed) {
    json.open_object();
    if (listed.gone) {
        const HistorySeries* series = state.history.find(listed.gone->name, listed.gone->label);
        json.key("name").text(listed.gone->name);
        if (!listed.gone->label.empty()) json.key("label").text(listed.gone->label);
        json.key("kind").text(series ? kind_word(series->kind) : "").key("unit").text("").key("help").text("");
        json.key("has_history").flag(true).close_object();
        return;
    }
    json.key("name").text(listed.family->name);
    if (listed.family->is_labelled()) {
        json.key("label_name").text(listed.family->label_name).key("label").text(*listed.label);
    }
    json.key("kind").text(kind_word(listed.family->kind)).key("unit").text(listed.family->unit);
    json.key("help").text(listed.family->help);
    const bool has_history = state.history.find(listed.family->name, *listed.label) != nullptr;
    json.key("has_history").flag(has_history).close_object();
}

}  // namespace

PageResult api_series_page(const State& state, const Request& request, Now now) {
    Filter filter;
    const std::string* q = request.parameter("q");
    if (q) filter.words = words_of(*q);
    if (const std::string* only = request.parameter("has_history")) {
        if (*only != "0" && *only != "1") return refuse_value("has_history", *only, "is neither 0 nor 1.");
        filter.is_history_only = *only == "1";
    }
    std::int64_t limit = default_limit;
    if (const std::string* text = request.parameter("limit")) {
        const auto given = parse_whole(*text, 1, most_limit);
        if (!given) return refuse_value("limit", *text, "is not a number of series from 1 to 10000.");
        limit = *given;
    }
    std::int64_t page = 1;
    if (const std::string* text = request.parameter("page")) {
        const auto given = parse_whole(*text, 1, most_page);
        if (!given) return refuse_value("page", *text, "is not the number of a page, from 1.");
        page = *given;
    }
    const std::vector<Listed> found = select(state, filter);
    const auto total = static_cast<std::int64_t>(found.size());
    const std::int64_t begin = std::min((page - 1) * limit, total);
    Response response;
    response.content_type = json_type;
    JsonWriter json(response.body);
    json.open_object().key("now").integer(now.wall_ns / 1'000'000'000).key("matching").integer(total);
    json.key("page").integer(page).key("pages").integer(std::max<std::int64_t>((total + limit - 1) / limit, 1));
    json.key("history").open_object().key("series").integer(std::uint64_t{state.history.series().size()});
    json.key("limit").integer(std::uint64_t{state.history.limits().series});
    json.key("bytes").integer(std::uint64_t{state.history.cost_bytes()}).close_object();
    json.key("series").open_array();
    for (std::int64_t i = begin; i < std::min(begin + limit, total); ++i) {
        write_series(json, state, found[static_cast<std::size_t>(i)]);
    }
    json.close_array().close_object();
    response.body += '\n';
    return response;
}

}  // namespace quipu
