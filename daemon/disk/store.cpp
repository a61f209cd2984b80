#include "daemon/disk/store.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "daemon/disk/open.hpp"
#include "daemon/disk/rows.hpp"
#include "daemon/disk/sqlite.hpp"

namespace quipu {

namespace {

constexpr off_t min_file_bytes = 512;  // SQLite's smallest page

std::string reason(int error) {
    return std::generic_category().message(error);
}

}  // namespace

void Store::Close::operator()(sqlite3* db) const {
    sqlite3_close(db);
}

Store::Store(const std::string& state_dir, std::string& notice) : path_(state_dir + "/quipu.db") {
    if (::mkdir(state_dir.c_str(), 0750) != 0 && errno != EEXIST) {
        throw std::runtime_error("cannot make the state directory " + state_dir + ": " + reason(errno));
    }
    lock(state_dir);
    try {
        open_at_start(notice);
    } catch (...) {
        ::close(lock_);
        throw;
    }
}

Store::~Store() {
    db_.reset();
    ::close(lock_);
}

void Store::lock(const std::string& state_dir) {
    const std::string lock_path = state_dir + "/quipu.lock";
    const int fd = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) throw std::runtime_error("cannot write in the state directory " + state_dir + ": " + reason(errno));
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
        const int error = errno;
        ::close(fd);
        if (error == EWOULDBLOCK) throw std::runtime_error("another quipud uses the state directory " + state_dir);
        throw std::runtime_error("cannot lock " + lock_path + ": " + reason(error));
    }
    lock_ = fd;
    if (::access(state_dir.c_str(), W_OK) != 0) {
        const int error = errno;
        ::close(fd);
        throw std::runtime_error("cannot write in the state directory " + state_dir + ": " + reason(error));
    }
}

void Store::open_at_start(std::string& notice) {
    struct stat found = {};
    const bool is_there = ::lstat(path_.c_str(), &found) == 0;
    try {
        if (is_there && !S_ISREG(found.st_mode)) throw std::runtime_error(path_ + " is not a regular file");
        if (is_there && found.st_size == 0) throw Unusable{"damaged", "is empty"};
        // SQLite would take it for empty, too, and write over it.
        if (is_there && found.st_size < min_file_bytes) throw Unusable{"damaged", "is too short to be whole"};
        if (is_there) {
            db_.reset(open_existing_file(path_));
            saved_ = read_rows(db_.get());
            return;
        }
    } catch (const Unusable& file) {
        notice = begin_anew(file.kind, file.why);
    } catch (const SqliteError& error) {
        if (!error.is_damage()) throw std::runtime_error("cannot read " + path_ + ": " + error.what());
        notice = begin_anew("damaged", std::string("is damaged (") + error.what() + ")");
    }
    try {
        open_new();
    } catch (const SqliteError& error) {
        // There is nothing to lose: commit() tries again.
        if (!notice.empty()) notice += "; ";
        notice += "cannot make " + path_ + ": " + error.what();
    }
}

void Store::open_new() {
    db_.reset(open_new_file(path_));
}

Saved Store::load() {
    return std::exchange(saved_, {});
}

std::string Store::commit(const Changes& changes) {
    try {
        if (!db_) open_new();
        if (is_file_gone()) return begin_anew("removed", "was removed or replaced while in use");
        write(changes);
        return {};
    } catch (const SqliteError& error) {
        if (db_ && sqlite3_get_autocommit(db_.get()) == 0) {
            (void)sqlite3_exec(db_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
        }
        if (!error.is_damage()) return "cannot write " + path_ + ": " + error.what();
        return begin_anew("damaged", std::string("is damaged (") + error.what() + ")");
    } catch (const std::runtime_error& error) {
        return error.what();
    }
}

void Store::write(const Changes& changes) {
    execute(db_.get(), "BEGIN IMMEDIATE");
    write_rows(db_.get(), changes);
    execute(db_.get(), "COMMIT");
}

bool Store::is_file_gone() const {
    int has_moved = 0;
    const int code = sqlite3_file_control(db_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &has_moved);
    return code == SQLITE_OK && has_moved != 0;
}

// What stands at the path is kept under another name; the next commit makes a new file. Returns the sentence.
std::string Store::begin_anew(const std::string& kind, const std::string& why) {
    db_.reset();
    std::string sentence = path_ + " " + why;
    if (::access(path_.c_str(), F_OK) != 0) return sentence;
    return sentence + "; it was set aside as " + set_aside(path_, kind) + " and totals begin anew";
}

}  // namespace quipu
