// Metrics for disk: what has changed, and what comes back at start.
#include <algorithm>

#include "daemon/core/metrics.hpp"

namespace quipu {

void Metrics::mark_retired(Cell& cell) {
    mark(retired_changed_, cell, cell.retired_marks);
}

std::vector<Cell*> Metrics::take_retired(Book book) {
    return take(book, retired_changed_, [](Cell& cell) -> Marks& { return cell.retired_marks; });
}

std::vector<Count*> Metrics::take_counts(InstanceMetrics& who, Book book) {
    return take(book, who.changed, [](Count& count) -> Marks& { return count.marks; });
}

void Metrics::mark_all_changed() {
    for (auto& [name, family] : families_) {
        family.is_stored = false;
        if (family.is_own) continue;
        for (auto& [label, series] : family.series) {
            const auto mark_cell = [this](Cell& cell) {
                mark(Book::store, retired_changed_, cell, cell.retired_marks);
            };
            if (auto* cell = std::get_if<Cell>(&series.value)) mark_cell(*cell);
            if (auto* histogram = std::get_if<HistogramValue>(&series.value)) {
                std::for_each(histogram->cells.begin(), histogram->cells.end(), mark_cell);
            }
        }
    }
}

void Metrics::mark_all_changed(InstanceMetrics& who) {
    for (Count& count : who.counts) mark(Book::store, who.changed, count, count.marks);
}

void Metrics::restore_retired(Cell& cell, std::uint64_t value, bool is_news) {
    // What the store says may be damaged; the journal has checksums, and its sums are right only once all is in.
    if (!is_news) value = std::min(value, cell.retired + room_above(cell.total));
    cell.total += value - cell.retired;
    cell.retired = value;
    if (is_news) mark(Book::store, retired_changed_, cell, cell.retired_marks);
}

void Metrics::restore_count(InstanceMetrics& who, Cell& cell, std::uint64_t value, bool is_news) {
    Count& count = who.counts.of(cell);
    const std::uint64_t before = count.shown();
    if (!is_news) value = std::min(value, before + room_above(cell.total));
    count.held = value;
    if (!who.is_retired) cell.total += value - before;
    if (is_news) mark(Book::store, who.changed, count, count.marks);
}

void Metrics::restore_is_retired(InstanceMetrics& who, bool is_retired) {
    if (who.is_retired == is_retired) return;
    who.is_retired = is_retired;
    for (const Count& count : who.counts) {
        count.cell->total += is_retired ? 0 - count.shown() : count.shown();
    }
}

}  // namespace quipu
