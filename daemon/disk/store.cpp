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
#include "daemon/disk/rows_tables.hpp"
#include "daemon/disk/sqlite.hpp"

namespace quipu {

namespace {

constexpr off_t min_file_bytes = 512;  // SQLite's smallest page

std::string reason(int error) {
    return std::generic_category().message(error);
}

// The directory is what it should be, only that nothing can be written into it.
bool is_about_writing(int error) {
    return error == EACCES || error == EPERM || error == EROFS || error == ENOSPC || error == EDQUOT;
}

}  // namespace

void Store::Close::operator()(sqlite3* db) const {
    sqlite3_close(db);
}

// A file of no use that could not be set aside, as it was found: whatever has been changed since, somebody has looked.
struct Store::Left {
    Unusable file;
    struct stat found = {};
};

Store::Store(const std::string& state_dir, std::string& notice) : dir_(state_dir), path_(state_dir + "/quipu.db") {
    lock(notice);
    try {
        open_at_start(notice);
    } catch (...) {
        if (lock_ >= 0) ::close(lock_);
        throw;
    }
}

Store::~Store() {
    db_.reset();
    if (lock_ >= 0) ::close(lock_);
}

void Store::close() {
    db_.reset();
    is_closed_ = true;
}

void Store::lock(std::string& notice) {
    const std::string lock_path = dir_ + "/quipu.lock";
    if (::mkdir(dir_.c_str(), 0750) != 0 && errno != EEXIST && !is_about_writing(errno)) {
        throw std::runtime_error("cannot make the state directory " + dir_ + ": " + reason(errno));
    }
    int fd = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || ::access(dir_.c_str(), W_OK) != 0) {
        const int error = errno;
        if (!is_about_writing(error)) {
            if (fd >= 0) ::close(fd);
            throw std::runtime_error("cannot use the state directory " + dir_ + ": " + reason(error));
        }
        notice = "cannot write in the state directory " + dir_ + ": " + reason(error) +
                 "; until that is right, nothing new is kept";
        // Where the file is not there and cannot be made, nobody else has locked it.
        if (fd < 0) fd = ::open(lock_path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0) return;
    }
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
        const int error = errno;
        ::close(fd);
        if (error == EWOULDBLOCK) throw std::runtime_error("another quipud uses the state directory " + dir_);
        throw std::runtime_error("cannot lock " + lock_path + ": " + reason(error));
    }
    lock_ = fd;
}

void Store::open_at_start(std::string& notice) {
    std::string problem;
    try {
        open();
        saved_ = read_rows(db_.get());
        file_ = saved_.file;
        return;
    } catch (const Unusable& file) {
        problem = begin_anew(file);
    } catch (const SqliteError& error) {
        if (error.is_damage()) {
            problem = begin_anew({"damaged", std::string("is damaged (") + error.what() + ")"});
        } else {
            if (error.is_busy()) throw std::runtime_error("another program uses " + path_ + ": " + error.what());
            db_.reset();
            problem = unread_ = "cannot read " + path_ + ": " + error.what() +
                                "; it is left as it is, and nothing is kept until quipud is started again";
        }
    }
    if (notice.empty()) notice = problem;  // one sentence says enough
}

// The file that is there, or a new one.
void Store::open() {
    struct stat found = {};
    if (::lstat(path_.c_str(), &found) != 0) {
        db_.reset(open_new_file(path_));
    } else {
        if (!S_ISREG(found.st_mode)) throw Unusable{"damaged", "is not a regular file"};
        if (found.st_size == 0) throw Unusable{"damaged", "is empty"};
        // SQLite would take it for empty, too, and write over it.
        if (found.st_size < min_file_bytes) throw Unusable{"damaged", "is too short to be whole"};
        db_.reset(open_existing_file(path_));
    }
}

Saved Store::load() {
    return std::exchange(saved_, {});
}

std::string Store::commit(const Changes& changes) {
    return guarded([&] { write(changes); });
}

std::string Store::check() {
    return db_ && lock_ >= 0 ? guarded([this] { check_integrity(db_.get()); }) : std::string();
}

std::string Store::read_history(const std::vector<WantedBlocks>& wanted, SavedBlocks& out) {
    return db_ && lock_ >= 0 ? guarded([&] { out = read_history_blocks(db_.get(), wanted); }) : std::string();
}

std::uint64_t Store::bytes() const {
    struct stat found = {};
    return ::stat(path_.c_str(), &found) == 0 ? static_cast<std::uint64_t>(found.st_size) : 0;
}

// Failures as sentences; a file that turns out to be of no use is set aside.
std::string Store::guarded(const std::function<void()>& work) {
    if (!unread_.empty()) return unread_;
    if (is_closed_) return path_ + " is closed";
    try {
        if (lock_ < 0) {
            std::string still;
            lock(still);
            if (!still.empty()) return still;
        }
        if (is_left_as_it_was()) return begin_anew(left_->file);
        left_.reset();
        if (!db_) open();
        if (is_file_gone()) return begin_anew({"removed", "was removed or replaced while in use"});
        work();
        return {};
    } catch (const Unusable& file) {
        return begin_anew(file);
    } catch (const SqliteError& error) {
        if (db_ && sqlite3_get_autocommit(db_.get()) == 0) {
            (void)sqlite3_exec(db_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
        }
        if (!error.is_damage()) return "cannot write " + path_ + ": " + error.what();
        return begin_anew({"damaged", std::string("is damaged (") + error.what() + ")"});
    } catch (const std::runtime_error& error) {
        return error.what();
    }
}

void Store::write(const Changes& changes) {
    execute(db_.get(), "BEGIN IMMEDIATE");
    write_rows(db_.get(), changes);
    execute(db_.get(), "COMMIT");
    if (file_ == 0) {
        Saved meta;
        read_meta(db_.get(), meta);
        file_ = meta.file;
    }
}

bool Store::is_file_gone() const {
    int has_moved = 0;
    const int code = sqlite3_file_control(db_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &has_moved);
    return code == SQLITE_OK && has_moved != 0;
}

bool Store::is_left_as_it_was() const {
    struct stat now = {};
    if (!left_ || ::lstat(path_.c_str(), &now) != 0) return false;
    const struct stat& then = left_->found;
    return now.st_dev == then.st_dev && now.st_ino == then.st_ino && now.st_size == then.st_size &&
           now.st_mtim.tv_sec == then.st_mtim.tv_sec && now.st_mtim.tv_nsec == then.st_mtim.tv_nsec;
}

// What stands at the path is kept under another name, and the next commit makes a new file; or it stays as it is, and
// every commit comes here again. Returns the sentence. A copy: `file` may be left_'s own.
std::string Store::begin_anew(const Unusable& file) {
    const Unusable found = file;
    const bool is_ours = found.kind == "removed";  // what we have open; what stands at the path is not
    if (db_ && !is_ours) let_go_untouched(db_.release());
    db_.reset();
    file_ = 0;
    left_.reset();
    std::string sentence = path_ + " " + found.why;
    auto left = std::make_unique<Left>();
    if (::lstat(path_.c_str(), &left->found) != 0) return sentence;
    try {
        const std::string name = set_aside(path_, found.kind);
        return sentence + "; it was set aside as " + name + " and totals begin anew";
    } catch (const std::runtime_error& failure) {
        left->file = found;
        left_ = std::move(left);
        return sentence + "; " + failure.what() + "; until that is right, it is left as it is and nothing is kept";
    }
}

}  // namespace quipu
