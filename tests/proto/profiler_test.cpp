// The profiler whole: asked over a socket, with real signals.
#include "proto/profiler.hpp"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <thread>

#include "tests/support/asking.hpp"
#include "tests/support/pprof_reader.hpp"
#include "tests/support/printers.hpp"
#include "tests/support/profiled.hpp"

using namespace quipu;
using namespace quipu::test;
using namespace std::chrono_literals;

namespace {

struct Fixture : Profiled {
    Reply profile(const QueryArgs& args) { return reply(quipud, ask(quipud, "profile", args)); }
};

std::string thread_of(const ReadProfile::Sample& sample) {
    const auto label = sample.labels.find("thread");
    return label == sample.labels.end() ? "" : label->second;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(proto_profiler, Fixture)

BOOST_AUTO_TEST_CASE(a_cpu_profile_finds_the_busy_function_in_its_thread) {
    const Profiler profiler(emitter);
    const Repeating busy("spinner", spin_once);
    const Reply got = profile({{"seconds", "0.6"}, {"hz", "200"}});
    BOOST_REQUIRE(got.status == wire::Status::ok);
    const ReadProfile read = read_profile(got.body);

    const std::vector<std::string> types = {"samples/count", "cpu/nanoseconds"};
    BOOST_TEST(read.sample_types == types, boost::test_tools::per_element());
    BOOST_TEST(read.period_type == "cpu/nanoseconds");
    BOOST_TEST(read.period == 5'000'000);
    BOOST_TEST(read.time_ns > 1'700'000'000'000'000'000);
    BOOST_TEST(read.duration_ns >= 600'000'000);

    const auto is_spinning = [&](const ReadProfile::Sample& sample) {
        return thread_of(sample) == "spinner" && is_in_spin(read.locations.at(sample.locations.at(0)).address);
    };
    const auto any = [](const ReadProfile::Sample&) { return true; };
    const std::int64_t spinning = read.sum(0, is_spinning), all = read.sum(0, any);
    BOOST_TEST(spinning > 0);
    BOOST_TEST(spinning * 10 > all * 8, spinning << " of " << all << " samples");
    BOOST_TEST(read.sum(1, is_spinning) == spinning * read.period);
}

BOOST_AUTO_TEST_CASE(callers_are_in_the_stack_with_the_mapping_that_holds_them) {
    const Profiler profiler(emitter);
    const Repeating busy("spinner", spin_once);
    const ReadProfile read = read_profile(profile({{"seconds", "0.3"}}).body);
    BOOST_REQUIRE(!read.samples.empty());
    bool has_caller = false;
    for (const auto& [id, location] : read.locations) {
        BOOST_REQUIRE(location.mapping != 0U);
        const auto& mapping = read.mappings.at(location.mapping);
        BOOST_TEST(mapping.start <= location.address);
        BOOST_TEST(location.address < mapping.limit);
        const std::uint64_t here = address_of_spin_once();
        has_caller = has_caller || (location.address > here && location.address < here + 256);
        if (!is_in_spin(location.address)) continue;
        BOOST_TEST(mapping.filename == std::filesystem::read_symlink("/proc/self/exe").string());
        BOOST_TEST(mapping.build_id.size() == 40U);
    }
    BOOST_TEST(has_caller);
}

BOOST_AUTO_TEST_CASE(an_idle_process_has_no_samples_and_gets_no_signal) {
    const Profiler profiler(emitter);
    const ReadProfile read = read_profile(profile({{"seconds", "0.3"}}).body);
    const auto of_this_thread = [](const ReadProfile::Sample& sample) { return thread_of(sample) == "idler"; };
    BOOST_TEST(read.sum(0, of_this_thread) == 0);
}

BOOST_AUTO_TEST_CASE(what_is_no_duration_is_refused_with_a_sentence) {
    const Profiler profiler(emitter);
    for (const char* seconds : {"0", "-1", "1e18", "abc", "601", "nan", "inf", "1;id", "0x10"}) {
        const Reply got = profile({{"seconds", seconds}});
        BOOST_TEST(got.status == wire::Status::bad_argument, seconds);
        BOOST_TEST(got.body == std::string("seconds must be a number above 0 and up to 600, not \"") + seconds + '"');
    }
    for (const char* hz : {"0", "-1", "1001", "x"}) {
        const Reply got = profile({{"seconds", "0.1"}, {"hz", hz}});
        BOOST_TEST(got.status == wire::Status::bad_argument, hz);
        BOOST_TEST(got.body == std::string("hz must be a whole number from 1 to 1000, not \"") + hz + '"');
    }
    const Reply too_late = reply(quipud, ask(quipud, "profile", {{"seconds", "20"}}, 10));
    BOOST_TEST(too_late.status == wire::Status::bad_argument);
    BOOST_TEST(too_late.body == "a profile of that length does not end before the deadline");
}

BOOST_AUTO_TEST_CASE(a_second_profile_is_refused_while_one_runs) {
    const Profiler profiler(emitter);
    const AskId first = ask(quipud, "profile", {{"seconds", "60"}});
    const Reply second = profile({{"seconds", "0.1"}});
    BOOST_TEST(second.status == wire::Status::busy);
    BOOST_TEST(second.body == "a CPU profile of this mail daemon is running already: one runs at a time");
    cancel(quipud, first);
}

BOOST_AUTO_TEST_CASE(an_asker_that_leaves_frees_the_place_for_the_next_and_the_signal) {
    const Profiler profiler(emitter);
    for (int i = 0; i < 5; ++i) {
        cancel(quipud, ask(quipud, "profile", {{"seconds", "60"}}));
        BOOST_TEST(profile({{"seconds", "0.05"}}).status == wire::Status::ok);
    }
    BOOST_TEST(quipud.wait_for([](State&) { return has_default_action(); }));
}

BOOST_AUTO_TEST_CASE(quipud_that_goes_away_ends_the_profile) {
    const Profiler profiler(emitter);
    BOOST_REQUIRE(ask(quipud, "profile", {{"seconds", "60"}}) != 0U);
    BOOST_REQUIRE(quipud.wait_for([](State&) { return !has_default_action(); }));
    quipud.break_connections();
    BOOST_TEST(quipud.wait_for([](State&) { return has_default_action(); }));
}

BOOST_AUTO_TEST_CASE(destroying_the_profiler_ends_the_profile_and_takes_the_topic_back) {
    AskId id = 0;
    {
        const Profiler profiler(emitter);
        id = ask(quipud, "profile", {{"seconds", "60"}});
        BOOST_REQUIRE(quipud.wait_for([](State&) { return !has_default_action(); }));
    }
    BOOST_TEST(has_default_action());
    BOOST_TEST(reply(quipud, id).status == wire::Status::cancelled);
    BOOST_TEST(quipud.wait_for([](State& state) { return state.emitters.newest()->topics.empty(); }));
}

BOOST_AUTO_TEST_CASE(a_mail_daemon_that_handles_the_signal_keeps_it) {
    struct sigaction theirs {};

    theirs.sa_handler = [](int) {};
    sigaction(SIGPROF, &theirs, nullptr);
    const Profiler profiler(emitter);
    const Reply got = profile({{"seconds", "0.1"}});
    BOOST_TEST(got.status == wire::Status::failed);
    BOOST_TEST(got.body == "the mail daemon handles SIGPROF itself, which the profiler needs: take that handler out");

    struct sigaction now {};

    sigaction(SIGPROF, nullptr, &now);
    BOOST_TEST((now.sa_handler == theirs.sa_handler));
    signal(SIGPROF, SIG_DFL);
}

BOOST_AUTO_TEST_CASE(a_thread_that_begins_during_the_profile_is_sampled) {
    const Profiler profiler(emitter);
    const AskId id = ask(quipud, "profile", {{"seconds", "1.5"}, {"hz", "250"}});
    BOOST_REQUIRE(quipud.wait_for([](State&) { return !has_default_action(); }));
    const Repeating late("late", spin_once);
    const ReadProfile read = read_profile(reply(quipud, id).body);
    BOOST_TEST(read.sum(0, [](const auto& sample) { return thread_of(sample) == "late"; }) > 0);
}

BOOST_AUTO_TEST_SUITE_END()
