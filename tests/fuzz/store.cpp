// A state file that holds anything: two bytes tell how much of the input is the journal (quipu.db-wal), the rest is
// quipu.db. Either it is read or it is set aside; what is committed then is there after the next start.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <utility>

#include "daemon/core/state.hpp"
#include "daemon/disk/store.hpp"
#include "daemon/pages/page.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/valid.hpp"

using namespace quipu;
using namespace quipu::fuzz;
namespace fs = std::filesystem;

namespace {

constexpr Now start{.steady_ns = 1'000'000'000'000, .wall_ns = 1'795'572'250'937'945'941};

// In memory where there is such a place; emptied before each use, and gone at the end.
class Folder {
public:
    Folder() {
        std::string pattern = fs::exists("/dev/shm") ? "/dev/shm/quipu-fuzz-XXXXXX" : "/tmp/quipu-fuzz-XXXXXX";
        check(::mkdtemp(pattern.data()) != nullptr, "no folder");
        path = pattern;
    }

    ~Folder() { fs::remove_all(path); }

    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    void clear() const {
        for (const auto& entry : fs::directory_iterator(path)) fs::remove_all(entry.path());
    }

    fs::path path;
};

void write_file(const fs::path& path, std::string_view bytes) {
    std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

Changes one_more_count() {
    DurableFamily family;
    family.name = "fuzz/count";
    Changes changes;
    changes.families.push_back(family);
    changes.retired.push_back({family.name, "", 0, 7});
    return changes;
}

void show(Saved saved, Store& store) {
    State state;
    restore(state, std::move(saved), start);
    SavedBlocks blocks;
    if (store.read_history(state.history.wanted_blocks(start), blocks).empty()) {
        state.history.restore_blocks(checked(std::move(blocks)), start);
    }
    state.history_feed.sample(state, start);
    Request request;
    request.host = "localhost";
    for (const std::string_view target :
         {"/debug/vars",
          "/metrics",
          "/debug/emitters?format=json",
          "/api/v1/series",
          "/api/v1/history?name=m/mails&from=-2592000",
          "/"}) {
        request.target = target;
        PageResult result = dispatch(state, request, start);
        check_response(whole(std::move(result), state, request, start));
    }
    end_overdue(state, start);
    (void)take_changes(state, Book::store, start);
}

bool holds_the_count(const Saved& saved) {
    for (const DurableCount& row : saved.retired) {
        if (row.family == "fuzz/count" && row.label.empty() && row.cell == 0) return row.value == 7;
    }
    return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Folder folder;
    if (size < 2) return 0;
    folder.clear();
    const std::string_view bytes = as_text(Bytes(data + 2, size - 2));
    const std::size_t journal = std::min<std::size_t>(bytes.size(), data[0] | std::size_t{data[1]} << 8);
    write_file(folder.path / "quipu.db", bytes.substr(journal));
    if (journal > 0) write_file(folder.path / "quipu.db-wal", bytes.substr(0, journal));
    std::string notice;
    std::string problem;
    try {
        Store store(folder.path.string(), notice);
        show(store.load(), store);
        problem = store.commit(one_more_count());
    } catch (const std::runtime_error& failure) {
        check(*failure.what() != '\0', "a failure without a sentence");
        return 0;
    }
    if (!problem.empty()) return 0;  // a sentence: it is tried again
    Store again(folder.path.string(), notice);
    check(holds_the_count(again.load()), "a commit that is not there after the next start", notice);
    return 0;
}
