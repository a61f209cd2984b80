// /debug/variables: all variables for people. Programs read /debug/vars and /metrics.
#include "daemon/pages/handlers.hpp"
#include "daemon/pages/layout.hpp"
#include "daemon/pages/target.hpp"
#include "daemon/pages/text.hpp"
#include "daemon/pages/web/assets.hpp"

namespace quipu {

namespace {

constexpr std::size_t rows_per_page = 1000;
constexpr std::size_t max_document_bytes = 200;  // of a JSON document; /debug/vars has the whole

struct VariableRow {
    const Family* family = nullptr;
    std::string_view label;
    const Series* series = nullptr;  // null: a family that has none yet
};

std::string_view kind_text(Kind kind) {
    switch (kind) {
        case Kind::counter: return "counter";
        case Kind::gauge: return "gauge";
        case Kind::text: return "text";
        case Kind::histogram: return "histogram";
    }
    return {};
}

std::string value_text(const VariableRow& row) {
    if (!row.series) return {};
    switch (row.family->kind) {
        case Kind::counter: return grouped(row.series->counter().total);
        case Kind::gauge: return number_text(row.series->gauge().shown);
        case Kind::text:
            return row.family->is_json ? shortened(row.series->text().shown, max_document_bytes)
                                       : row.series->text().shown;
        case Kind::histogram: break;
    }
    // The last cell is the sum, in multiples of its unit; the others count.
    const std::vector<Cell>& cells = row.series->histogram().cells;
    std::uint64_t count = 0;
    for (std::size_t i = 0; i + 1 < cells.size(); ++i) count += cells[i].total;
    std::string out = grouped(count) + " times";
    if (count == 0) return out;
    const double sum = static_cast<double>(cells.back().total) * row.family->sum_unit;
    out.append(", on average ").append(number_text(sum / static_cast<double>(count)));
    return row.family->unit.empty() ? out : out.append(" ").append(row.family->unit);
}

bool matches(const VariableRow& row, std::string_view needle) {
    return contains_folded(row.family->name, needle) || contains_folded(row.label, needle) ||
           contains_folded(row.family->help, needle);
}

std::vector<VariableRow> rows_of(const State& state, std::string_view needle, std::size_t& total) {
    std::vector<VariableRow> rows;
    const auto add = [&](const VariableRow& row) {
        ++total;
        if (matches(row, needle)) rows.push_back(row);
    };
    for (const auto& [name, family] : state.metrics.families()) {
        for (const auto& [label, series] : family.series) add({&family, label, &series});
        if (family.series.empty()) add({&family, {}, nullptr});
    }
    return rows;
}

View view_of(const VariableRow& row) {
    View view;
    view.set("name", row.family->name).set("label", row.label).set("label_name", row.family->label_name);
    view.set("kind", kind_text(row.family->kind)).set("help", row.family->help).set("value", value_text(row));
    view.flag("is_text", row.family->kind == Kind::text);
    const bool is_stale = row.series && row.family->kind == Kind::gauge && row.series->gauge().is_stale;
    view.flag("is_stale", is_stale);
    std::string chart = row.family->name;
    if (row.family->is_labelled()) chart.append(":").append(row.label);
    const bool has_chart = row.series && row.family->kind != Kind::text && is_utf8(chart);
    view.set("chart_link", has_chart ? Link("/").with("add", chart).text() + "#charts" : "");
    return view;
}

}  // namespace

PageResult variables_page(const State& state, const Request& request, Now now) {
    const PageText page{"Variables", "/debug/variables", web::variables_html};
    const std::string needle = request.needle();
    std::size_t total = 0;
    const std::vector<VariableRow> rows = rows_of(state, needle, total);
    const std::optional<Paging> paging = page_of(request, rows.size(), rows_per_page);
    if (!paging) return html_error(state, now, page, 400, "The page is not a number.");
    View view;
    view.set("q", needle).number("count", rows.size()).number("total", total);
    view.list("rows");
    for (std::size_t i = paging->begin; i < paging->end; ++i) view.add("rows", view_of(rows[i]));
    Link link("/debug/variables");
    if (!needle.empty()) link.with("q", needle);
    set_paging(view, *paging, link);
    return html_page(state, now, page, view);
}

}  // namespace quipu
