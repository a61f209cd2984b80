// What outlives quipud: one SQLite file, `quipu.db` in the state directory.
//
// One call at a time: the constructor and load() at start, then the others on the worker thread; takes and returns
// values. kill -9 at any moment leaves the last whole commit; a power failure may take the last few with it, never
// half of one. A file that is damaged, empty or of a newer version is set aside (quipu.db.damaged-TIME,
// quipu.db.newer-TIME), never deleted, and a new one begun; where that cannot be (max_set_aside are there already, the
// directory cannot be written), it stays where it is, untouched, and nothing is kept until somebody has looked: each
// commit tries to set it aside anew. A file that can be read but not written (read-only, disk full)
// is loaded all the same, and a directory that cannot be written does not keep quipud from serving; commits say what
// is wrong until it is right again.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/core/durable.hpp"

struct sqlite3;

namespace quipu {

struct Unusable;

class Store {
public:
    // Opens or makes the directory and the file, and locks the directory: one quipud each. Throws std::runtime_error
    // with a sentence where that cannot be what was meant: no such parent directory, another quipud or program in it.
    // `notice`: what a person should know (a damaged file was set aside); empty: nothing.
    Store(const std::string& state_dir, std::string& notice);
    ~Store();
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    // Everything that was there at start; once.
    Saved load();

    // One transaction. Empty: done; otherwise a sentence (disk full), and nothing of it is stored: the next one must
    // carry everything that is known, because it may go into a new file.
    [[nodiscard]] std::string commit(const Changes& changes);

    // Reads the whole file and looks for damage that opening it did not show; takes as long as that takes. As
    // commit(): where something was found, the next one must carry everything.
    [[nodiscard]] std::string check();

    // The blocks of history; before check(). As check() where something was found, or where it cannot be read.
    [[nodiscard]] std::string read_history(const std::vector<WantedBlocks>& wanted, SavedBlocks& out);

    // How long quipu.db is; 0: not known.
    [[nodiscard]] std::uint64_t bytes() const;

    // The random number of the present file; 0: there is none.
    [[nodiscard]] std::uint64_t file() const { return file_; }

    // What stands at the path is nothing to write to, nor may what stands beside it (the journal) be touched.
    [[nodiscard]] bool keeps_off() const { return !unread_.empty() || left_; }

    [[nodiscard]] const std::string& path() const { return path_; }

    // Writes the write-ahead log back and lets go of the file, for good. The destructor does so too, but this may take
    // a while.
    void close();

private:
    struct Close {
        void operator()(sqlite3* db) const;
    };

    struct Left;

    void lock(std::string& notice);
    void open_at_start(std::string& notice);
    void open();
    [[nodiscard]] std::string guarded(const std::function<void()>& work);
    [[nodiscard]] std::string begin_anew(const Unusable& file);
    void write(const Changes& changes);
    [[nodiscard]] bool is_file_gone() const;
    [[nodiscard]] bool is_left_as_it_was() const;

    std::string dir_;
    std::string path_;
    int lock_ = -1;       // none: the directory cannot be written
    Saved saved_;         // until load()
    std::string unread_;  // why the file could not be read at start: what it holds must not be written over
    std::uint64_t file_ = 0;
    std::unique_ptr<sqlite3, Close> db_;  // null: there is no file yet, because none could be made
    std::unique_ptr<Left> left_;          // null: nothing of no use stands at the path
    bool is_closed_ = false;
};

}  // namespace quipu
