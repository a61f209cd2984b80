// HTML from mustache templates. Values are escaped by append_html() wherever a template does not say otherwise, and
// only the layout does, for the content that was rendered before.
//
// The template library's header is heavy: render.cpp alone includes it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace quipu {

// What a template is filled with: names to texts, flags and lists of further views. In a list's rows a name that the
// row does not have is looked up outside: set every name in every row.
class View {
public:
    View();
    ~View();
    View(View&&) noexcept;
    View& operator=(View&&) noexcept;
    View(const View&) = delete;
    View& operator=(const View&) = delete;

    // An empty text also counts as a false section.
    View& set(std::string_view name, std::string_view text);
    View& number(std::string_view name, std::uint64_t value);
    View& flag(std::string_view name, bool value);
    // Appends to the list of that name. A list that nothing is added to counts as a false section; but see above:
    // declare it with list() where rows of an outer list have one of the same name.
    View& add(std::string_view name, View row);
    View& list(std::string_view name);

private:
    friend std::string render(std::string_view page_template, const View& view);
    struct Inside;
    std::unique_ptr<Inside> inside_;
};

std::string render(std::string_view page_template, const View& view);

}  // namespace quipu
