#include "daemon/pages/published.hpp"

#include <boost/test/unit_test.hpp>
#include <map>
#include <vector>

BOOST_AUTO_TEST_SUITE(pages_published)

using namespace quipu;

namespace {

FamilyByName families(const std::vector<std::pair<std::string, Kind>>& names) {
    FamilyByName out;
    for (const auto& [name, kind] : names) {
        Family& family = out[name];
        family.name = name;
        family.kind = kind;
    }
    return out;
}

Families in_order(const FamilyByName& families) {
    Families out;
    for (const auto& [name, family] : families) out.push_back(&family);
    return out;
}

// Original name to published name.
std::map<std::string, std::string> as_variables(const FamilyByName& families) {
    std::vector<std::string> folded;
    std::map<std::string, std::string> out;
    std::string_view before;
    for (const Variable& variable : published_variables(in_order(families), folded)) {
        BOOST_TEST((before < variable.name));  // sorted, and none twice
        before = variable.name;
        out[variable.family ? variable.family->name : "own " + std::string(variable.name)] = variable.name;
    }
    return out;
}

std::map<std::string, std::string> as_metrics(const FamilyByName& families) {
    std::map<std::string, std::string> out;
    for (const Metric& metric : published_metrics(in_order(families))) out[metric.family->name] = metric.name;
    return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(variables_keep_plain_names_and_stand_sorted_with_those_of_expvar) {
    auto names = as_variables(families({{"chasquid/version", Kind::text}, {"d", Kind::counter}, {"z", Kind::counter}}));
    BOOST_TEST(names["chasquid/version"] == "chasquid/version");
    BOOST_TEST(names["own cmdline"] == "cmdline");
    BOOST_TEST(names["own memstats"] == "memstats");
    BOOST_TEST(names.size() == 5U);
}

BOOST_AUTO_TEST_CASE(odd_variable_names_become_ascii_and_stay_unique) {
    auto names = as_variables(families({
        {"m_trica", Kind::counter},
        {"m\u00E9trica", Kind::counter},
        {"m\u00E8trica", Kind::counter},
        {"a b\"\\<c", Kind::counter},
        {"\xFF", Kind::counter},
        {"cmdline", Kind::text},
        {"memstats", Kind::counter},
        {"memstats_2", Kind::counter},
    }));
    BOOST_TEST(names["m_trica"] == "m_trica");
    BOOST_TEST(names["m\u00E8trica"] == "m_trica_2");
    BOOST_TEST(names["m\u00E9trica"] == "m_trica_3");
    BOOST_TEST(names["a b\"\\<c"] == "a_b___c");
    BOOST_TEST(names["\xFF"] == "_");
    BOOST_TEST(names["cmdline"] == "cmdline_2");
    BOOST_TEST(names["memstats_2"] == "memstats_2");
    BOOST_TEST(names["memstats"] == "memstats_3");
}

BOOST_AUTO_TEST_CASE(metrics_are_named_as_chasquid_names_them) {
    auto names = as_metrics(families({
        {"chasquid/queue/putCount", Kind::counter},
        {"chasquid/version", Kind::text},
        {"7bit", Kind::gauge},
        {"a:b-c.d", Kind::gauge},
        {"\u00E9", Kind::gauge},
    }));
    BOOST_TEST(names["chasquid/queue/putCount"] == "chasquid_queue_putCount");
    BOOST_TEST(names["chasquid/version"] == "chasquid_version");
    BOOST_TEST(names["7bit"] == "i7bit");
    BOOST_TEST(names["a:b-c.d"] == "a_b_c_d");
    BOOST_TEST(names["\u00E9"] == "_");
}

BOOST_AUTO_TEST_CASE(what_chasquid_does_not_print_has_names_as_prometheus_wants_them) {
    const FamilyByName all = families({
        {"chasquid/queue/putCount", Kind::counter},
        {"mymaild/mailsTaken", Kind::counter},
        {"mymaild/sent_total", Kind::counter},
        {"mymaild/load", Kind::gauge},
        {"quipu/emitter/traceSeconds", Kind::histogram},
        {"quipu/log/heldBack", Kind::counter},
        {"quipu/x/B", Kind::counter},
        {"quipu/x_b", Kind::gauge},
    });
    std::map<std::string, std::string> in_the_older_format;
    for (const Metric& metric : published_metrics(in_order(all))) {
        in_the_older_format[metric.family->name] = metric.name + (metric.has_total ? "_total" : "");
    }
    BOOST_TEST(in_the_older_format["chasquid/queue/putCount"] == "chasquid_queue_putCount");
    BOOST_TEST(in_the_older_format["mymaild/mailsTaken"] == "mymaild_mailsTaken_total");
    BOOST_TEST(in_the_older_format["mymaild/sent_total"] == "mymaild_sent_total");
    BOOST_TEST(in_the_older_format["mymaild/load"] == "mymaild_load");
    BOOST_TEST(in_the_older_format["quipu/emitter/traceSeconds"] == "quipu_emitter_trace_seconds");
    BOOST_TEST(in_the_older_format["quipu/log/heldBack"] == "quipu_log_held_back_total");
    BOOST_TEST(in_the_older_format["quipu/x/B"] == "quipu_x_b_total");
    BOOST_TEST(in_the_older_format["quipu/x_b"] == "quipu_x_b_2");
}

BOOST_AUTO_TEST_CASE(the_label_of_a_text_is_its_last_word) {
    const auto label = [](std::string_view name, std::string_view label_name = "") {
        Family family;
        family.name = name;
        family.label_name = label_name;
        return text_label_name(family);
    };
    BOOST_TEST(label("chasquid/version") == "version");
    BOOST_TEST(label("chasquid/sourceDateStr") == "source_date_str");
    BOOST_TEST(label("x/Le") == "le_");
    BOOST_TEST(label("x/version", "version") == "version_2");
}

BOOST_AUTO_TEST_CASE(metric_names_stay_unique_with_the_suffixes_of_their_samples) {
    auto names = as_metrics(families({
        {"a.b", Kind::counter},
        {"a/b", Kind::gauge},
        {"h", Kind::histogram},
        {"h/bucket", Kind::counter},
        {"h/count", Kind::gauge},
        {"h/other", Kind::gauge},
        {"n", Kind::counter},
        {"n_total", Kind::gauge},
        {"t", Kind::text},
        {"t_info", Kind::counter},
        {"u_total", Kind::counter},
    }));
    BOOST_TEST(names["a.b"] == "a_b");
    BOOST_TEST(names["a/b"] == "a_b_2");
    BOOST_TEST(names["h/bucket"] == "h_bucket_2");
    BOOST_TEST(names["h/count"] == "h_count_2");
    BOOST_TEST(names["h/other"] == "h_other");
    BOOST_TEST(names["n_total"] == "n_total_2");
    BOOST_TEST(names["t_info"] == "t_info_2");
    BOOST_TEST(names["u_total"] == "u");  // the sample is u_total again
}

BOOST_AUTO_TEST_CASE(label_names_are_valid_and_mean_nothing_to_the_format) {
    BOOST_TEST(metric_label_name("command") == "command");
    BOOST_TEST(metric_label_name("le") == "le_");
    BOOST_TEST(metric_label_name("quantile") == "quantile_");
    BOOST_TEST(metric_label_name("a.b-c") == "a_b_c");
    BOOST_TEST(metric_label_name("9") == "label_9");
    BOOST_TEST(metric_label_name("__name__") == "label___name__");
    BOOST_TEST(metric_label_name("\xFF\"") == "label___");
}

BOOST_AUTO_TEST_CASE(labels_that_become_one_are_added_up) {
    Family family;
    family.name = "f";
    family.label_name = "l";
    const auto cell = [](std::uint64_t total) { return Series{Cell{.total = total}}; };
    family.series.emplace("\xFE", cell(1));
    family.series.emplace("\xFF", cell(2));
    family.series.emplace("\uFFFD", cell(4));
    family.series.emplace("plain", cell(8));
    family.has_wrong_labels = true;
    SeriesByLabel scratch;
    const SeriesByLabel& valid = with_valid_labels(family, scratch);
    BOOST_TEST(valid.size() == 2U);
    BOOST_TEST(valid.at("\uFFFD").counter().total == 7U);
    BOOST_TEST(valid.at("plain").counter().total == 8U);
    family.series.erase("\xFE");
    family.series.erase("\xFF");
    family.has_wrong_labels = false;
    BOOST_TEST(&with_valid_labels(family, scratch) == &family.series);
}

BOOST_AUTO_TEST_SUITE_END()
