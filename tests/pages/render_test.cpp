#include "daemon/pages/render.hpp"

#include <boost/test/unit_test.hpp>

#include "daemon/pages/web/assets.hpp"
#include "tests/pages/world.hpp"

BOOST_AUTO_TEST_SUITE(pages_render)

using namespace quipu;

BOOST_AUTO_TEST_CASE(values_are_escaped) {
    View view;
    view.set("x", "<b>'\"&\u202E");
    BOOST_TEST(
        render("<i title=\"{{x}}\">{{x}}</i>", view) ==
        "<i title=\"&lt;b&gt;&#39;&#34;&amp;[U+202E]\">&lt;b&gt;&#39;&#34;&amp;[U+202E]</i>"
    );
}

BOOST_AUTO_TEST_CASE(values_are_never_taken_for_templates) {
    View view;
    view.set("x", "{{{secret}}}{{#y}}").set("secret", "told");
    BOOST_TEST(render("{{x}}", view) == "{{{secret}}}{{#y}}");
}

BOOST_AUTO_TEST_CASE(empty_texts_and_lists_are_false_sections) {
    View view;
    view.set("none", "").set("some", "x").list("rows").flag("yes", true);
    BOOST_TEST(
        render(
            "{{#none}}1{{/none}}{{^none}}2{{/none}}{{#some}}3{{some}}{{/some}}{{#rows}}4{{/rows}}"
            "{{^rows}}5{{/rows}}{{#yes}}6{{/yes}}{{^yes}}7{{/yes}}{{missing}}",
            view
        ) == "23x56"
    );
}

BOOST_AUTO_TEST_CASE(rows_of_rows_keep_their_own_values) {
    View view;
    for (const char* name : {"a", "b"}) {
        View row;
        row.set("name", name);
        for (const char* inner : {"1", "2"}) row.add("inner", std::move(View().set("n", inner)));
        view.add("rows", std::move(row));
    }
    BOOST_TEST(render("{{#rows}}{{name}}({{#inner}}{{name}}{{n}} {{/inner}}){{/rows}}", view) == "a(a1 a2 )b(b1 b2 )");
}

BOOST_AUTO_TEST_CASE(layout_alone_writes_something_unescaped) {
    using namespace quipu::web;
    for (const std::string_view page :
         {error_html,
          paging_html,
          index_html,
          emitters_html,
          flags_html,
          config_html,
          queue_html,
          traces_html,
          trace_html}) {
        BOOST_TEST(!test::has(page, "{{{"));
        BOOST_TEST(!test::has(page, "{{&"));
    }
    BOOST_TEST(test::has(layout_html, "{{{content}}}"));
    BOOST_TEST(layout_html.find("{{{") == layout_html.rfind("{{{"));
}

BOOST_AUTO_TEST_CASE(templates_need_no_inline_style_or_script) {
    using namespace quipu::web;
    for (const std::string_view page :
         {layout_html,
          error_html,
          paging_html,
          index_html,
          emitters_html,
          flags_html,
          config_html,
          queue_html,
          traces_html,
          trace_html}) {
        for (const std::string_view inline_code :
             {"style=", "<style", "<script>", " onclick", " onload", "javascript:"}) {
            BOOST_TEST(!test::has(page, inline_code));
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
