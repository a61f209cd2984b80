#include "daemon/profile/profile.hpp"

#include <boost/test/unit_test.hpp>
#include <functional>
#include <protozero/pbf_writer.hpp>

#include "tests/support/profiles.hpp"

BOOST_AUTO_TEST_SUITE(profile_profile)

using namespace quipu;
using namespace quipu::test;

namespace {

ProfileData sample_profile() {
    ProfileMaker maker;
    maker.stack({"inner", "outer", "main"}, 3).stack({"other", "main"}, 1).address(0x2000, 2);
    maker.profile().samples.push_back({{maker.location(std::vector<std::string_view>{"inlined", "caller"})}, {1, 1}, {}}
    );
    maker.profile().comments = {maker.text("made by hand")};
    maker.profile().time_ns = 1'795'572'250'937'945'941;
    return maker.profile();
}

// The bytes of one record, in front of what makes a profile of it.
std::string with_record(std::uint32_t tag, const std::string& record) {
    std::string bytes;
    protozero::pbf_writer out(bytes);
    out.add_message(tag, record);
    return bytes + write_profile(ProfileData{.sample_types = {{0, 0}}});
}

std::string message(const std::function<void(protozero::pbf_writer&)>& fill) {
    std::string bytes;
    protozero::pbf_writer out(bytes);
    fill(out);
    return bytes;
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_is_written_reads_back_the_same) {
    const std::string bytes = write_profile(sample_profile());
    const auto read = read_profile(bytes);
    BOOST_REQUIRE(read.has_value());
    BOOST_TEST((write_profile(*read) == bytes));
    BOOST_TEST(read->samples.size() == 4U);
    BOOST_TEST(read->samples[0].values[0] == 3);
    const ProfileLocation& leaf = read->locations[read->samples[0].locations[0]];
    BOOST_TEST(read->text(read->functions[leaf.lines[0].function].name) == "inner");
    BOOST_TEST(leaf.lines[0].line == 7);
    BOOST_TEST(read->text(read->mappings[leaf.mapping].file) == "/usr/sbin/maild");
    BOOST_TEST(read->text(read->samples[0].labels[0].text) == "main");
    BOOST_TEST(read->text(read->comments[0]) == "made by hand");
    BOOST_TEST(read->period == 10'000'000);
}

BOOST_AUTO_TEST_CASE(packed_and_single_numbers_mean_the_same) {
    std::string sample = message([](protozero::pbf_writer& out) {
        out.add_uint64(1, 1);
        out.add_uint64(1, 1);
        out.add_int64(2, -5);
    });
    std::string bytes = with_record(2, sample);
    protozero::pbf_writer out(bytes);
    out.add_message(4, message([](protozero::pbf_writer& location) { location.add_uint64(1, 1); }));
    const auto read = read_profile(bytes);
    BOOST_REQUIRE(read.has_value());
    BOOST_TEST(read->samples[0].locations == (std::vector<std::uint32_t>{0, 0}), boost::test_tools::per_element());
    BOOST_TEST(read->samples[0].values[0] == -5);
}

BOOST_AUTO_TEST_CASE(every_prefix_and_every_changed_byte_is_read_or_refused) {
    const std::string bytes = write_profile(sample_profile());
    std::size_t refused = 0;
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        if (!read_profile(bytes.substr(0, size))) ++refused;
    }
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        for (const char flip : {'\x01', '\x08', '\x80', '\xFF'}) {
            std::string wrong = bytes;
            wrong[at] = static_cast<char>(wrong[at] ^ flip);
            const auto read = read_profile(wrong);
            // Whatever is taken is whole: writing it follows every reference.
            if (read) BOOST_TEST(!write_profile(*read).empty());
        }
    }
    BOOST_TEST(refused > bytes.size() / 2);
}

BOOST_AUTO_TEST_CASE(references_to_what_is_not_there_are_refused) {
    const auto one = [](std::uint32_t tag, std::uint64_t value) {
        return message([=](protozero::pbf_writer& out) { out.add_uint64(tag, value); });
    };
    BOOST_TEST(!read_profile(with_record(2, one(1, 9))).has_value());  // a sample's location
    BOOST_TEST(!read_profile(with_record(4, one(1, 0))).has_value());  // a location without an id
    BOOST_TEST(!read_profile(with_record(5, one(2, 0) + one(1, 1) + one(2, 77))).has_value());  // a function's name
    BOOST_TEST(!read_profile(with_record(3, one(1, 1) + one(5, 77))).has_value());              // a mapping's file
    BOOST_TEST(!read_profile(with_record(4, one(1, 1) + one(2, 5))).has_value());               // a location's mapping
    BOOST_TEST(!read_profile(with_record(1, one(1, 77))).has_value());                          // a sample type's name
    BOOST_TEST(read_profile(with_record(4, one(1, 1))).has_value());
    const std::string twice = with_record(4, one(1, 1));
    BOOST_TEST(!read_profile(with_record(4, one(1, 1)) + twice).has_value());
}

BOOST_AUTO_TEST_CASE(a_profile_needs_a_sample_type_and_a_value_for_each) {
    BOOST_TEST(!read_profile("").has_value());
    BOOST_TEST(!read_profile(write_profile(ProfileData{})).has_value());
    ProfileMaker maker;
    maker.stack({"f"}, 1).profile().samples[0].values.pop_back();
    BOOST_TEST(!read_profile(write_profile(maker.profile())).has_value());
}

BOOST_AUTO_TEST_CASE(fields_of_other_types_and_unknown_ones_are_skipped) {
    std::string bytes = write_profile(sample_profile());
    protozero::pbf_writer out(bytes);
    out.add_uint64(2, 7);         // a sample that is a number
    out.add_string(9, "time");    // a time that is a text
    out.add_string(99, "later");  // of a newer version
    const auto read = read_profile(bytes);
    BOOST_REQUIRE(read.has_value());
    BOOST_TEST(read->samples.size() == 4U);
}

BOOST_AUTO_TEST_CASE(each_limit_holds_at_its_value_and_refuses_one_more) {
    const ProfileData profile = sample_profile();
    const std::string bytes = write_profile(profile);
    const auto fits = [&bytes](auto change) {
        ProfileLimits limits;
        change(limits);
        return read_profile(bytes, limits).has_value();
    };
    BOOST_TEST(fits([&](ProfileLimits& l) { l.bytes = bytes.size(); }));
    BOOST_TEST(!fits([&](ProfileLimits& l) { l.bytes = bytes.size() - 1; }));
    BOOST_TEST(fits([&](ProfileLimits& l) { l.samples = profile.samples.size(); }));
    BOOST_TEST(!fits([&](ProfileLimits& l) { l.samples = profile.samples.size() - 1; }));
    BOOST_TEST(fits([&](ProfileLimits& l) { l.locations = profile.locations.size(); }));
    BOOST_TEST(!fits([&](ProfileLimits& l) { l.locations = profile.locations.size() - 1; }));
    BOOST_TEST(fits([&](ProfileLimits& l) { l.functions = profile.functions.size(); }));
    BOOST_TEST(!fits([&](ProfileLimits& l) { l.functions = profile.functions.size() - 1; }));
    BOOST_TEST(fits([&](ProfileLimits& l) { l.strings = profile.strings.size(); }));
    BOOST_TEST(!fits([&](ProfileLimits& l) { l.strings = profile.strings.size() - 1; }));
    BOOST_TEST(!fits([&](ProfileLimits& l) { l.mappings = 0; }));
    BOOST_TEST(!fits([&](ProfileLimits& l) { l.sample_types = 1; }));
    BOOST_TEST(!fits([&](ProfileLimits& l) { l.frames = 20; }));
}

BOOST_AUTO_TEST_SUITE_END()
