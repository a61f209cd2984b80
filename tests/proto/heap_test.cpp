// Heap profiles: the text of the allocators, and the real allocators in a real program.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "proto/heap_text.hpp"
#include "tests/support/asking.hpp"
#include "tests/support/pprof_reader.hpp"
#include "tests/support/printers.hpp"
#include "tests/support/temp_dir.hpp"

using namespace quipu;
using namespace quipu::test;

namespace proto_heap {

namespace {

// busy-daemon under another allocator, as long as the object lives.
class BusyDaemon {
public:
    BusyDaemon(const std::string& socket_path, std::vector<std::string> environment) {
        int ends[2];
        BOOST_REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, ends[0], 0);
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
        std::string program = QUIPU_BUSY_DAEMON, flag = "--ingest_socket=" + socket_path;
        char* argv[] = {program.data(), flag.data(), nullptr};
        std::vector<char*> envp;
        for (std::string& each : environment) envp.push_back(each.data());
        envp.push_back(nullptr);
        BOOST_REQUIRE(posix_spawn(&pid_, program.c_str(), &actions, nullptr, argv, envp.data()) == 0);
        posix_spawn_file_actions_destroy(&actions);
        close(ends[0]);
        input_ = ends[1];
    }

    ~BusyDaemon() {
        close(input_);
        int status = 0;
        waitpid(pid_, &status, 0);
        BOOST_TEST(status == 0);
    }

    BusyDaemon(const BusyDaemon&) = delete;
    BusyDaemon& operator=(const BusyDaemon&) = delete;

private:
    pid_t pid_ = -1;
    int input_ = -1;
};

struct Fixture {
    TempDir dir;
    MiniQuipud quipud{dir.file("ingest.sock")};

    ReadProfile take(const std::string& topic) {
        const Reply got = reply(quipud, ask(quipud, topic));
        BOOST_REQUIRE(got.status == wire::Status::ok);
        return read_profile(got.body);
    }

    // busy_keep's 16 MiB make up most of the heap, whatever else is allocated.
    static void check_in_use(const ReadProfile& read, std::size_t bytes_at) {
        const std::int64_t bytes = read.sum(bytes_at, [](const auto&) { return true; });
        BOOST_TEST(bytes > 12 * 1024 * 1024);
        BOOST_TEST(bytes < 24 * 1024 * 1024);
        const auto is_program = [&read](std::uint64_t id) {
            const auto& mapping = read.mappings.at(read.locations.at(id).mapping);
            return mapping.filename == std::filesystem::canonical(QUIPU_BUSY_DAEMON).string() &&
                   !mapping.build_id.empty();
        };
        const std::int64_t ours = read.sum(bytes_at, [&](const ReadProfile::Sample& sample) {
            return std::any_of(sample.locations.begin(), sample.locations.end(), is_program);
        });
        BOOST_TEST(ours * 10 > bytes * 9);
    }
};

}  // namespace

}  // namespace proto_heap

BOOST_FIXTURE_TEST_SUITE(proto_heap, Fixture)

BOOST_AUTO_TEST_CASE(a_program_under_jemalloc_with_profiling_tells_what_it_holds_and_ever_allocated) {
    const BusyDaemon daemon(
        dir.file("ingest.sock"),
        {"LD_PRELOAD=libjemalloc.so.2", "MALLOC_CONF=prof:true,prof_accum:true,lg_prof_sample:14"}
    );
    const ReadProfile heap = take("heap");
    const std::vector<std::string> types = {
        "alloc_objects/count", "alloc_space/bytes", "inuse_objects/count", "inuse_space/bytes"};
    BOOST_TEST(heap.sample_types == types, boost::test_tools::per_element());
    BOOST_TEST(heap.period_type == "space/bytes");
    BOOST_TEST(heap.period == 16384);
    check_in_use(heap, 3);
    const ReadProfile allocs = take("allocs");
    const auto any = [](const auto&) { return true; };
    BOOST_TEST(allocs.sum(1, any) >= allocs.sum(3, any));
}

BOOST_AUTO_TEST_CASE(a_program_under_tcmalloc_with_sampling_tells_what_it_holds) {
    const BusyDaemon daemon(
        dir.file("ingest.sock"), {"LD_PRELOAD=libtcmalloc.so.4", "TCMALLOC_SAMPLE_PARAMETER=16384"}
    );
    const ReadProfile heap = take("heap");
    const std::vector<std::string> types = {"inuse_objects/count", "inuse_space/bytes"};
    BOOST_TEST(heap.sample_types == types, boost::test_tools::per_element());
    check_in_use(heap, 1);
}

BOOST_AUTO_TEST_CASE(an_allocator_that_takes_no_samples_offers_no_heap_profile) {
    const std::vector<std::vector<std::string>> environments = {
        {}, {"LD_PRELOAD=libjemalloc.so.2"}, {"LD_PRELOAD=libtcmalloc.so.4"}};
    for (const auto& environment : environments) {
        const BusyDaemon daemon(dir.file("ingest.sock"), environment);
        std::vector<std::string> topics;
        BOOST_TEST(quipud.wait_for([&](State& state) {
            const auto* newest = state.emitters.newest();
            if (newest == nullptr || newest->life != Life::connected || newest->topics.empty()) return false;
            topics = newest->topics;
            return true;
        }));
        const std::vector<std::string> expected = {"profile", "threads"};
        std::sort(topics.begin(), topics.end());
        BOOST_TEST(topics == expected, boost::test_tools::per_element());
        quipud.kill();
        quipud.start();
    }
}

BOOST_AUTO_TEST_CASE(jemalloc_s_text_is_read_and_estimated_from_the_samples) {
    HeapText heap;
    BOOST_REQUIRE(parse_heap_text(
        "heap_v2/1000\n  t*: 3: 3000 [5: 5000]\n  t0: 3: 3000 [5: 5000]\n@ 0x10 0x2f\n"
        "  t*: 2: 2000 [4: 4000]\n  t0: 1: 1000 [2: 2000]\n  t1: 1: 1000 [2: 2000]\n@ 0x10\n  t*: 0: 0 [1: 1000000]\n"
        "\nMAPPED_LIBRARIES:\n0-1 r-xp 0 0:0 0 /x\n@ 0x99\n  t*: 1: 1 [0: 0]\n",
        10,
        heap
    ));
    BOOST_TEST(heap.period_bytes == 1000U);
    BOOST_REQUIRE(heap.stacks.size() == 2U);
    const std::vector<std::uint64_t> addresses = {0x10, 0x2f};
    BOOST_TEST(heap.stacks[0].addresses == addresses, boost::test_tools::per_element());
    // Objects of 1000 bytes are sampled with probability 1 - 1/e: 2 / 0.632 = 3.16.
    BOOST_TEST(heap.stacks[0].objects_in_use == 3);
    BOOST_TEST(heap.stacks[0].bytes_in_use == 3164);
    BOOST_TEST(heap.stacks[0].bytes_ever == 6328);
    BOOST_TEST(heap.stacks[1].bytes_in_use == 0);
    BOOST_TEST(heap.stacks[1].bytes_ever == 1000000);
}

BOOST_AUTO_TEST_CASE(tcmalloc_s_text_is_read_a_line_a_stack_and_no_more_than_wanted) {
    const std::string text =
        "heap profile:      2:     1008 [     2:     1008] @ heap_v2/16384\n"
        "     1:        8 [     1:        8] @ 0x10 0x20\n     1:  1000000 [     1:  1000000] @ "
        "0x30\n\nMAPPED_LIBRARIES:\n";
    HeapText heap;
    BOOST_REQUIRE(parse_heap_text(text, 10, heap));
    BOOST_REQUIRE(heap.stacks.size() == 2U);
    BOOST_TEST(heap.stacks[0].objects_in_use == 2049);  // 1 / (1 - exp(-8 / 16384))
    BOOST_TEST(heap.stacks[1].objects_in_use == 1);
    HeapText first;
    BOOST_REQUIRE(parse_heap_text(text, 1, first));
    BOOST_TEST(first.stacks.size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_is_no_heap_text_is_refused) {
    for (const char* text : {"", "heap_v2/", "heap_v2/x\n", "heap profile: 1: 2 [3: 4] @ other/1\n", "nonsense"}) {
        HeapText heap;
        BOOST_TEST(!parse_heap_text(text, 10, heap), text);
    }
    HeapText heap;  // lines that are none are skipped
    BOOST_TEST(parse_heap_text("heap_v2/1\n@ 0xzz\n  t*: 1: 1 [0: 0]\n@ 0x1\n  t*: x\n", 10, heap));
    BOOST_TEST(heap.stacks.empty());
}

BOOST_AUTO_TEST_SUITE_END()
