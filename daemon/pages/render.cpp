#include "daemon/pages/render.hpp"

#include <kainjow/mustache.hpp>

#include <cassert>

#include "daemon/pages/text.hpp"

namespace quipu {

namespace mustache = kainjow::mustache;

struct View::Inside {
    mustache::data data{mustache::data::type::object};
};

View::View() : inside_(std::make_unique<Inside>()) {}

View::~View() = default;
View::View(View&&) noexcept = default;
View& View::operator=(View&&) noexcept = default;

View& View::set(std::string_view name, std::string_view text) {
    if (text.empty()) return flag(name, false);
    inside_->data[std::string(name)] = mustache::data(std::string(text));
    return *this;
}

View& View::number(std::string_view name, std::uint64_t value) {
    return set(name, grouped(value));
}

View& View::flag(std::string_view name, bool value) {
    inside_->data[std::string(name)] = mustache::data(value);
    return *this;
}

View& View::list(std::string_view name) {
    inside_->data[std::string(name)] = mustache::data(mustache::data::type::list);
    return *this;
}

View& View::add(std::string_view name, View row) {
    mustache::data& rows = inside_->data[std::string(name)];
    if (!rows.is_list()) rows = mustache::data(mustache::data::type::list);
    rows.push_back(row.inside_->data);
    return *this;
}

std::string render(std::string_view page_template, const View& view) {
    mustache::mustache compiled{std::string(page_template)};
    assert(compiled.is_valid());
    compiled.set_custom_escape([](const std::string& text) {
        std::string out;
        append_html(out, text);
        return out;
    });
    std::string out;
    compiled.render(view.inside_->data, [&out](const std::string& part) { out += part; });
    return out;
}

}  // namespace quipu
