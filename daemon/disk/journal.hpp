// The counts that have been shown since the last commit, so that a kill -9 takes none of them back: two files beside
// quipu.db, quipu.db-published-0 and -1.
//
// An entry is a small commit. It carries the number of the last commit before it (its epoch) and of the file that it
// belongs to; what the store has already is skipped at start. Entries of even and odd epochs go into different files:
// a file begins anew with the first entry of an epoch, by when the store has all the entries in it. Nothing is synced:
// what is written survives the end of the process, and a power failure takes no more than it takes of the store.
//
// append() and clear() on one thread, at a time; never on the loop: a busy file system may keep them waiting.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "daemon/core/durable.hpp"

namespace quipu {

struct JournalLimits {
    std::uint64_t file_bytes = 64 * 1024 * 1024;  // beyond: append() fails until the store has succeeded
};

class Journal {
public:
    // `path`: of the state file.
    explicit Journal(const std::string& path, JournalLimits limits = {});
    ~Journal();
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;

    // At start: the entries for state file `file` that are not older than its commit `epoch`, oldest first. One that
    // was being written when the process was killed was never shown, and ends its file.
    std::vector<Changes> read(std::uint64_t file, std::uint64_t epoch);

    // Writes the counts of `changes` as an entry of state file `file` and of `epoch`, the number of the last commit
    // that they are not in. `stored_epoch`: of the last one that succeeded; what is older is given up. Empty: done, and
    // safe; otherwise a sentence, and the entry is not there.
    [[nodiscard]] std::string append(
        std::uint64_t file, std::uint64_t epoch, const Changes& changes, std::uint64_t stored_epoch
    );

    // The store has everything: removes the files.
    void clear();

private:
    struct Part {
        std::string path;
        int fd = -1;
        std::uint64_t size = 0;   // up to here entries are whole
        std::uint64_t epoch = 0;  // of the last of them
        std::uint64_t file = 0;   // that all of them belong to
    };

    JournalLimits limits_;
    std::array<Part, 2> parts_;
};

}  // namespace quipu
