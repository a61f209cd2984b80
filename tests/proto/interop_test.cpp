// quipu.proto read by the official compiler, against our codec: each reads what the other writes.
#include <boost/test/unit_test.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "proto/message.hpp"
#include "tests/support/files.hpp"
#include "tests/support/golden.hpp"
#include "tests/support/hex.hpp"
#include "tests/support/printers.hpp"
#include "tests/support/samples.hpp"

namespace quipu {

BOOST_AUTO_TEST_SUITE(proto_interop)

using test::as_bytes;
using test::payload_of;

namespace {

// A folder of its own, removed at the end.
class TemporaryFolder {
public:
    TemporaryFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "quipu-interop-XXXXXX").string();
        BOOST_REQUIRE(::mkdtemp(name.data()) != nullptr);
        path_ = name;
    }

    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    [[nodiscard]] std::string file(std::string_view name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

// protoc --MODE=TYPE, input to output. Fails the test case where protoc does.
std::string protoc(std::string_view mode, std::string_view type, std::string_view input) {
    const TemporaryFolder folder;
    std::ofstream(folder.file("in"), std::ios::binary) << input;
    const std::string command = "'" QUIPU_PROTOC "' --" + std::string(mode) + "=" + std::string(type) +
                                " --proto_path='" + test::source_path("proto") + "' quipu.proto <'" +
                                folder.file("in") + "' >'" + folder.file("out") + "'";
    BOOST_REQUIRE_MESSAGE(std::system(command.c_str()) == 0, command);  // NOLINT(concurrency-mt-unsafe)
    std::ifstream out(folder.file("out"), std::ios::binary);
    return {std::istreambuf_iterator<char>(out), std::istreambuf_iterator<char>()};
}

std::string text_of(const test::Sample& sample) {
    return "frames/" + std::string(sample.name) + ".txtpb";
}

}  // namespace

BOOST_AUTO_TEST_CASE(protoc_reads_every_message_that_we_write) {
    for (const test::Sample& sample : test::samples()) {
        const std::string frame = frame_of(sample);
        test::check_golden(text_of(sample), protoc("decode", sample.type(), payload_of(frame)));
    }
}

BOOST_AUTO_TEST_CASE(we_read_every_message_that_protoc_writes) {
    for (const test::Sample& sample : test::samples()) {
        BOOST_TEST_CONTEXT(sample.name) {
            const std::string payload = protoc("encode", sample.type(), test::read_golden(text_of(sample)));
            const std::string frame = frame_of(sample);
            BOOST_TEST(payload == payload_of(frame));
            std::uint64_t unknown_fields = 0;
            if (sample.is_from_emitter()) {
                wire::FromEmitter out;
                BOOST_TEST(wire::decode(as_bytes(payload), out, unknown_fields) == Errc::ok);
                BOOST_TEST(test::frame_of(out) == frame);
            } else {
                wire::ToEmitter out;
                BOOST_TEST(wire::decode(as_bytes(payload), out, unknown_fields) == Errc::ok);
                BOOST_TEST(test::frame_of(out) == frame);
            }
            BOOST_TEST(unknown_fields == 0U);
        }
    }
}

BOOST_AUTO_TEST_CASE(protoc_and_we_agree_on_the_body_of_a_queue_answer) {
    std::string body;
    append_body(body, test::sample_queue());
    test::check_golden("frames/queue_body.txtpb", protoc("decode", "quipu.v1.Queue", body));
    const std::string theirs = protoc("encode", "quipu.v1.Queue", test::read_golden("frames/queue_body.txtpb"));
    BOOST_TEST(theirs == body);
    wire::Queue out;
    BOOST_TEST(wire::decode(as_bytes(theirs), out) == Errc::ok);
    BOOST_TEST(out.items.size() == 1U);
}

BOOST_AUTO_TEST_CASE(protoc_and_we_agree_on_the_body_of_a_threads_answer) {
    std::string body;
    append_body(body, test::sample_thread_report());
    test::check_golden("frames/thread_report_body.txtpb", protoc("decode", "quipu.v1.ThreadReport", body));
    const std::string theirs =
        protoc("encode", "quipu.v1.ThreadReport", test::read_golden("frames/thread_report_body.txtpb"));
    BOOST_TEST(theirs == body);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quipu
