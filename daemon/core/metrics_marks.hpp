// For metrics and metrics_keep: which counts have changed since each book (Book: store, journal) was last written.
#pragma once

#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "daemon/core/metrics.hpp"

namespace quipu {

// What a total can still grow by.
inline std::uint64_t room_above(std::uint64_t total) {
    return std::numeric_limits<std::uint64_t>::max() - total;
}

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
