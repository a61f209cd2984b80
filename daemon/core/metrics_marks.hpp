// Which counts have changed since each book was last written.
#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

namespace quipu {

// Where changes are written down, each at its own pace: the store, once a second, and the journal, before a page with
// them leaves (durable.hpp). Whatever is marked for the journal is marked for the store.
enum class Book : std::uint8_t { store, journal };
inline constexpr std::array all_books = {Book::store, Book::journal};

// The books in which something has to be written anew.
class Marks {
public:
    [[nodiscard]] bool has(Book book) const { return (bits_ & bit(book)) != 0; }

    [[nodiscard]] bool has_all() const { return bits_ == all; }

    void set(Book book) { bits_ = static_cast<std::uint8_t>(bits_ | bit(book)); }

    void set_all() { bits_ = all; }

    void clear(Book book) { bits_ = static_cast<std::uint8_t>(bits_ & ~bit(book)); }

private:
    static constexpr std::uint8_t all = 3;

    static std::uint8_t bit(Book book) { return static_cast<std::uint8_t>(1U << static_cast<unsigned>(book)); }

    std::uint8_t bits_ = 0;
};

// What is marked, a list for each book: taking it costs what has changed, not what there is.
template <typename Item>
using Marked = std::array<std::vector<Item*>, all_books.size()>;

// Into the book's list, unless it is there.
template <typename Item>
void mark(Book book, Marked<Item>& marked, Item& item, Marks& marks) {
    if (marks.has(book)) return;
    marks.set(book);
    marked[static_cast<std::size_t>(book)].push_back(&item);
}

template <typename Item>
void mark(Marked<Item>& marked, Item& item, Marks& marks) {
    if (marks.has_all()) [[likely]]
        return;
    for (const Book book : all_books) mark(book, marked, item, marks);
}

// The book's list. What the store takes need not go into the journal any more.
template <typename Item, typename MarksOf>
std::vector<Item*> take(Book book, Marked<Item>& marked, MarksOf marks_of) {
    std::vector<Item*> taken;
    for (const Book one : all_books) {
        if (one != book && book != Book::store) continue;
        std::vector<Item*> list = std::exchange(marked[static_cast<std::size_t>(one)], {});
        for (Item* item : list) marks_of(*item).clear(one);
        if (one == book) taken = std::move(list);
    }
    return taken;
}

}  // namespace quipu
