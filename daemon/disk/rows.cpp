#include "daemon/disk/rows.hpp"

#include <array>

#include "daemon/disk/rows_tables.hpp"

namespace quipu {

namespace {

struct Kind {
    void (*read)(sqlite3* db, Saved& saved);
    void (*write)(sqlite3* db, const Changes& changes);
};

// THE list of what the file holds. Later rows may refer to earlier ones.
constexpr std::array kinds = {
    Kind{read_meta, write_meta},
    Kind{read_counts, write_counts},
    Kind{read_instances, write_instances},
    Kind{read_traces, write_traces},
    Kind{read_history, write_history},
};

}  // namespace

Saved read_rows(sqlite3* db) {
    Saved saved;
    for (const Kind& kind : kinds) kind.read(db, saved);
    return saved;
}

void write_rows(sqlite3* db, const Changes& changes) {
    for (const Kind& kind : kinds) kind.write(db, changes);
}

}  // namespace quipu
