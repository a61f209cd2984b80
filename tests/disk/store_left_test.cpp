// What is of no use and cannot be set aside: it stays as it is, to the byte, until somebody has looked.
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <memory>

#include "daemon/disk/open.hpp"
#include "daemon/disk/store.hpp"
#include "tests/support/files.hpp"
#include "tests/support/temp_dir.hpp"

BOOST_AUTO_TEST_SUITE(disk_store_left)

using namespace quipu;
using namespace quipu::test;
namespace fs = std::filesystem;

namespace {

// A store with what it said at start.
struct Opened {
    explicit Opened(const std::string& dir) : store(std::make_unique<Store>(dir, notice)) {}

    std::string notice;
    std::unique_ptr<Store> store;
};

Changes some_changes() {
    Changes changes;
    DurableFamily& family = changes.families.emplace_back();
    family.name = "count";
    changes.retired = {{"count", "", 0, 7}};
    DurableInstance& instance = changes.instances.emplace_back();
    instance.instance = std::string(16, 'a');
    instance.words = {{{"argument", "", "maild"}}};
    instance.counts = {{"count", "", 0, 3}};
    return changes;
}

// With some_changes() in it, as bytes.
std::string sound_file() {
    const TempDir dir;
    BOOST_REQUIRE_EQUAL(Opened(dir.path()).store->commit(some_changes()), "");
    return read_file(dir.file("quipu.db"));
}

void write_version(const std::string& path, int version) {
    sqlite3* db = nullptr;
    BOOST_REQUIRE_EQUAL(sqlite3_open(path.c_str(), &db), SQLITE_OK);
    const std::string sql = "PRAGMA user_version = " + std::to_string(version);
    BOOST_TEST(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(db);
}

std::size_t count_asides(const std::string& dir) {
    std::size_t count = 0;
    for (const auto& entry : fs::directory_iterator(dir)) {
        count += entry.path().filename().string().starts_with("quipu.db.damaged-");
    }
    return count;
}

// As many as there may be.
void fill_asides(const std::string& dir) {
    for (std::size_t i = 0; i < max_set_aside; ++i) write_file(dir + "/quipu.db.damaged-" + std::to_string(i), "x");
}

// However often it is tried, nothing is written and nothing is lost.
void check_left_untouched(Store& store, const std::string& bytes) {
    for (int i = 0; i < 3; ++i) {
        const std::string problem = store.commit(some_changes());
        BOOST_TEST(problem.find("it is left as it is and nothing is kept") != std::string::npos, problem);
        BOOST_TEST(store.check() == "");
        BOOST_TEST(store.keeps_off());
        BOOST_TEST(store.file() == 0U);
        BOOST_TEST(read_file(store.path()) == bytes);
    }
}

// Takes away, as long as it lives, what lets this process write into a directory; the superuser's rights, too.
class Powerless {
public:
    explicit Powerless(std::string dir) : dir_(std::move(dir)) {
        BOOST_REQUIRE_EQUAL(::chmod(dir_.c_str(), 0555), 0);
        if (::geteuid() == 0) BOOST_REQUIRE_EQUAL(::seteuid(65534), 0);
    }

    ~Powerless() {
        if (::getuid() == 0) (void)::seteuid(0);
        (void)::chmod(dir_.c_str(), 0755);
    }

    Powerless(const Powerless&) = delete;
    Powerless& operator=(const Powerless&) = delete;

private:
    std::string dir_;
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_damaged_file_that_finds_no_place_aside_is_left_untouched_until_somebody_has_looked) {
    const TempDir dir;
    const std::string sound = sound_file();
    const std::string half = sound.substr(0, sound.size() / 2);
    write_file(dir.file("quipu.db"), half);
    fill_asides(dir.path());
    const Opened opened(dir.path());
    BOOST_TEST(opened.notice.find("look at them and remove some") != std::string::npos);
    check_left_untouched(*opened.store, half);
    fs::remove(dir.file("quipu.db.damaged-3"));
    BOOST_TEST(opened.store->commit(some_changes()).find("it was set aside as") != std::string::npos);
    BOOST_TEST(!opened.store->keeps_off());
    BOOST_TEST(opened.store->commit(some_changes()) == "");
    std::size_t kept = 0;
    for (const auto& entry : fs::directory_iterator(dir.path())) kept += read_file(entry.path().string()) == half;
    BOOST_TEST(kept == 1U);
}

BOOST_AUTO_TEST_CASE(what_somebody_has_put_in_the_place_of_an_untouched_file_is_used) {
    const std::string sound = sound_file();
    for (const bool is_removed : {false, true}) {
        const TempDir dir;
        write_file(dir.file("quipu.db"), "no database, but long enough for one" + std::string(600, '.'));
        fill_asides(dir.path());
        const Opened opened(dir.path());
        BOOST_TEST(opened.store->keeps_off());
        fs::remove(dir.file("quipu.db"));
        if (!is_removed) write_file(dir.file("quipu.db"), sound);
        BOOST_TEST(opened.store->commit(some_changes()) == "");
        BOOST_TEST(!opened.store->keeps_off());
        BOOST_TEST(opened.store->file() != 0U);
        BOOST_TEST(count_asides(dir.path()) == max_set_aside);
    }
}

BOOST_AUTO_TEST_CASE(a_newer_file_that_finds_no_place_aside_is_left_untouched_with_its_log) {
    const TempDir dir;
    const TempDir newer;
    {
        const Opened opened(dir.path());
        BOOST_TEST(opened.store->commit(some_changes()) == "");
        write_version(dir.file("quipu.db"), 999);
        // While the store is open, what was written is in the log only.
        for (const std::string name : {"quipu.db", "quipu.db-wal"}) fs::copy_file(dir.file(name), newer.file(name));
    }
    const std::string bytes = read_file(newer.file("quipu.db"));
    const std::string log = read_file(newer.file("quipu.db-wal"));
    BOOST_REQUIRE(!log.empty());
    fill_asides(newer.path());
    const Opened opened(newer.path());
    BOOST_TEST(opened.notice.find("newer quipud (schema version 999)") != std::string::npos);
    check_left_untouched(*opened.store, bytes);
    BOOST_TEST(read_file(newer.file("quipu.db-wal")) == log);
}

// Damage that only the look through the whole file shows, after the store has been opened for writing.
BOOST_AUTO_TEST_CASE(a_file_found_damaged_while_in_use_is_left_untouched_where_it_finds_no_place_aside) {
    const std::string sound = sound_file();
    constexpr std::size_t page = 4096;
    // The heads of pages first: that is where it is found.
    for (std::size_t nth = 0; nth < sound.size() - page; ++nth) {
        const std::size_t pages = sound.size() / page - 1;
        const std::size_t i = page + nth % pages * page + nth / pages;
        const TempDir dir;
        std::string bytes = sound;
        bytes[i] = static_cast<char>(~bytes[i]);
        write_file(dir.file("quipu.db"), bytes);
        const Opened opened(dir.path());
        if (!opened.notice.empty()) continue;
        fill_asides(dir.path());
        const std::string problem = opened.store->check();
        if (problem.empty()) continue;
        BOOST_TEST(problem.find("look at them and remove some") != std::string::npos, problem);
        check_left_untouched(*opened.store, bytes);
        return;
    }
    BOOST_FAIL("no byte whose change only the look through the whole file shows");
}

BOOST_AUTO_TEST_CASE(a_damaged_file_in_a_directory_that_cannot_be_written_is_left_untouched) {
    const TempDir dir;
    const std::string sound = sound_file();
    const std::string half = sound.substr(0, sound.size() / 2);
    write_file(dir.file("quipu.db"), half);
    write_file(dir.file("quipu.lock"), "");
    for (const char* name : {"quipu.db", "quipu.lock"}) fs::permissions(dir.file(name), fs::perms(0666));
    {
        const Powerless nobody(dir.path());
        const Opened opened(dir.path());
        BOOST_TEST(!opened.notice.empty());
        BOOST_TEST(opened.store->keeps_off());
        BOOST_TEST(opened.store->commit(some_changes()) != "");
        BOOST_TEST(read_file(dir.file("quipu.db")) == half);
    }
    BOOST_TEST(count_asides(dir.path()) == 0U);
}

BOOST_AUTO_TEST_CASE(a_store_that_was_closed_takes_nothing_more) {
    const TempDir dir;
    const Opened opened(dir.path());
    opened.store->close();
    BOOST_TEST(opened.store->commit(some_changes()) == dir.file("quipu.db") + " is closed");
    BOOST_TEST(opened.store->check() == "");
}

BOOST_AUTO_TEST_SUITE_END()
