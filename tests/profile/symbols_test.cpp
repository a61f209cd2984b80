#include "daemon/profile/symbols.hpp"

#include <sys/stat.h>
#include <unistd.h>
#include <boost/test/unit_test.hpp>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/support/temp_dir.hpp"

BOOST_AUTO_TEST_SUITE(profile_symbols)

using namespace quipu;
using namespace quipu::test;
using namespace std::chrono_literals;

// Looked for by name and place in this very program.
extern "C" [[gnu::noinline]] int quipu_test_marker(int value) {
    return value * 3 + 1;
}

namespace {

const std::atomic<bool> nobody_cancels{false};

// The mapping of this program that holds the address, as /proc tells, with the build id of its file.
ProfileData with_address(const void* pointer) {
    const auto address = reinterpret_cast<std::uint64_t>(pointer);
    ProfileData profile;
    Interner intern(profile);
    profile.sample_types.emplace_back();
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        ProfileMapping mapping;
        unsigned long long start = 0;
        unsigned long long limit = 0;
        unsigned long long offset = 0;
        int path_at = 0;
        if (std::sscanf(line.c_str(), "%llx-%llx %*s %llx %*s %*s %n", &start, &limit, &offset, &path_at) < 3) continue;
        mapping.start = start;
        mapping.limit = limit;
        mapping.file_offset = offset;
        if (!mapping.holds(address)) continue;
        const std::string path = line.substr(static_cast<std::size_t>(path_at));
        mapping.file = intern(path);
        const auto file = ElfFile::open(path);
        BOOST_REQUIRE(file);
        mapping.build_id = intern(file->build_id());
        profile.mappings.push_back(mapping);
    }
    BOOST_REQUIRE(profile.mappings.size() == 1U);
    profile.locations.push_back({0, address, {}});
    return profile;
}

const void* marker_address() {
    return reinterpret_cast<const char*>(&quipu_test_marker) + 4;
}

std::string first_name(const ProfileData& profile) {
    const ProfileLocation& location = profile.locations[0];
    return location.lines.empty() ? "" : profile.text(profile.functions[location.lines.back().function].name);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_function_of_this_program_is_found) {
    BOOST_TEST(quipu_test_marker(1) == 4);
    Symbols symbols({});
    ProfileData profile = with_address(marker_address());
    symbols.add_names(profile, 0, nobody_cancels);
    BOOST_TEST(first_name(profile) == "quipu_test_marker");
    BOOST_TEST(profile.mappings[0].has_functions);
    BOOST_TEST(symbols.counts().named == 1U);
    BOOST_TEST(profile.comments.empty());
}

BOOST_AUTO_TEST_CASE(what_was_found_is_known_the_next_time) {
    Symbols symbols({});
    for (int i = 0; i < 2; ++i) {
        ProfileData profile = with_address(marker_address());
        // The file cannot be found the second time.
        if (i == 1) profile.strings[profile.mappings[0].file] = "/nowhere";
        symbols.add_names(profile, 0, nobody_cancels);
        BOOST_TEST(first_name(profile) == "quipu_test_marker");
    }
    BOOST_TEST(symbols.counts().from_memory == 1U);
}

BOOST_AUTO_TEST_CASE(a_file_with_another_build_id_gives_no_name) {
    Symbols symbols({});
    ProfileData profile = with_address(marker_address());
    profile.strings[profile.mappings[0].build_id] = "00112233445566778899aabbccddeeff00112233";
    symbols.add_names(profile, ::getpid(), nobody_cancels);
    BOOST_TEST(first_name(profile) == "");
    BOOST_TEST(!profile.mappings[0].has_functions);
    BOOST_TEST(symbols.counts().nameless == 1U);
    BOOST_REQUIRE(profile.comments.size() == 1U);
    BOOST_TEST(profile.text(profile.comments[0]).find("the same build id") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_program_that_was_replaced_while_running_is_found_by_its_process) {
    Symbols symbols({});
    ProfileData profile = with_address(marker_address());
    profile.strings[profile.mappings[0].file] = "/replaced/since (deleted)";
    symbols.add_names(profile, ::getpid(), nobody_cancels);
    BOOST_TEST(first_name(profile) == "quipu_test_marker");
}

BOOST_AUTO_TEST_CASE(without_a_build_id_only_the_kernels_word_counts) {
    Symbols symbols({});
    ProfileData by_path = with_address(marker_address());
    by_path.strings[by_path.mappings[0].build_id] = "";
    symbols.add_names(by_path, 0, nobody_cancels);
    BOOST_TEST(first_name(by_path) == "");
}

BOOST_AUTO_TEST_CASE(hostile_places_of_files_do_no_harm) {
    const TempDir dir;
    const std::string pipe = dir.path() + "/pipe";
    BOOST_REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    std::ofstream(dir.path() + "/short") << "\x7f"
                                         << "ELF\x02\x01\x01";
    std::ofstream(dir.path() + "/text") << "not an ELF file at all";
    for (const std::string& path :
         {pipe,
          dir.path() + "/short",
          dir.path() + "/text",
          dir.path(),
          std::string("/dev/zero"),
          std::string("../../etc/passwd")}) {
        BOOST_TEST_CONTEXT(path) {
            Symbols symbols({dir.path()});
            ProfileData profile = with_address(marker_address());
            profile.strings[profile.mappings[0].file] = path;
            profile.strings[profile.mappings[0].build_id] = "../../../etc/passwd";
            symbols.add_names(profile, 0, nobody_cancels);
            BOOST_TEST(first_name(profile) == "");
            BOOST_TEST(symbols.counts().failed == 0U);
        }
    }
}

BOOST_AUTO_TEST_CASE(no_cut_or_changed_program_harms_more_than_its_own_look_up) {
    const TempDir dir;
    std::ifstream self("/proc/self/exe", std::ios::binary);
    std::string bytes(4 * 1024 * 1024, '\0');
    self.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(self.gcount()));
    for (const std::size_t size : {std::size_t{64}, std::size_t{4096}, bytes.size() / 2, bytes.size()}) {
        for (const std::size_t wrong_at : {std::size_t{16}, std::size_t{40}, std::size_t{60}, size / 3}) {
            std::string damaged = bytes.substr(0, size);
            for (std::size_t i = wrong_at; i < std::min(wrong_at + 24, size); ++i) damaged[i] = '\xFE';
            const std::string path = dir.path() + "/damaged";
            std::ofstream(path, std::ios::binary) << damaged;
            Symbols symbols({});
            ProfileData profile = with_address(marker_address());
            profile.strings[profile.mappings[0].file] = path;
            symbols.add_names(profile, 0, nobody_cancels);
            BOOST_TEST((first_name(profile) == "" || first_name(profile) == "quipu_test_marker"));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_child_that_takes_too_long_crashes_or_says_too_much_is_ended) {
    const auto nothing = [](std::string_view) {};
    const auto run = [&](const std::function<void(ChildOutput&)>& work, ChildLimits limits) {
        return run_in_child(work, nothing, limits, nobody_cancels);
    };
    BOOST_TEST((run([](ChildOutput&) {}, {}) == ChildEnd::done));
    BOOST_TEST(
        (run(
             [](ChildOutput&) {
                 for (;;) ::pause();
             },
             {.time = 100ms}
         ) == ChildEnd::late)
    );
    BOOST_TEST((run([](ChildOutput&) { ::raise(SIGKILL); }, {}) == ChildEnd::failed));
    BOOST_TEST((run([](ChildOutput&) { throw std::runtime_error("x"); }, {}) == ChildEnd::failed));
    const auto talk = [](ChildOutput& out) {
        for (;;) out.send(std::string(100'000, 'x'));
    };
    BOOST_TEST((run(talk, {.output_bytes = 1'000'000}) == ChildEnd::failed));
    std::atomic<bool> is_cancelled{true};
    const auto wait = [](ChildOutput&) {
        for (;;) ::pause();
    };
    BOOST_TEST((run_in_child(wait, nothing, {}, is_cancelled) == ChildEnd::cancelled));
}

BOOST_AUTO_TEST_CASE(a_childs_messages_come_whole_and_in_order) {
    std::vector<std::string> heard;
    const ChildEnd end = run_in_child(
        [](ChildOutput& out) {
            out.send("");
            out.send(std::string(300'000, 'a'));
            out.send("last");
        },
        [&heard](std::string_view message) { heard.emplace_back(message); },
        {},
        nobody_cancels
    );
    BOOST_TEST((end == ChildEnd::done));
    BOOST_REQUIRE(heard.size() == 3U);
    BOOST_TEST(heard[0] == "");
    BOOST_TEST((heard[1] == std::string(300'000, 'a')));
    BOOST_TEST(heard[2] == "last");
}

BOOST_AUTO_TEST_CASE(a_childs_answer_is_not_trusted) {
    LookUpResult result;
    result.is_file_found = true;
    result.lines = {{{"f", "_Z1fv", "/src/f.cpp", 3, 1}}, {}};
    const std::string bytes = write_result(result);
    LookUpResult read;
    BOOST_REQUIRE(read_result(bytes, 2, read));
    BOOST_TEST(read.is_file_found);
    BOOST_TEST(read.lines[0][0].name == "f");
    BOOST_TEST(read.lines[0][0].line == 3);
    BOOST_TEST(read.lines[1].empty());
    BOOST_TEST(!read_result(bytes, 3, read));
    for (std::size_t size = 0; size < bytes.size(); ++size) (void)read_result(bytes.substr(0, size), 2, read);
    BOOST_TEST(!read_result("nonsense", 2, read));
}

BOOST_AUTO_TEST_SUITE_END()
