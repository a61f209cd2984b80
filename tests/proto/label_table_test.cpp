#include "proto/label_table.hpp"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <string>
#include <thread>
#include <vector>

#include "proto/outbox.hpp"

BOOST_AUTO_TEST_SUITE(proto_label_table)

using namespace quipu;

namespace {

struct Table {
    Outbox outbox{EmitterOptions{}};
    LabelTable labels{outbox, 1, 1, 100'000};
};

// Of every length to beyond twice what is compared as words; of each, all that differ from "aaa..." in one byte.
std::vector<std::string> labels_that_differ_in_one_byte() {
    std::vector<std::string> all;
    for (std::size_t size = 0; size <= 40; ++size) {
        all.emplace_back(size, 'a');
        for (std::size_t at = 0; at < size; ++at) {
            for (const char byte : {'b', '\0', '\xff'}) {
                std::string& label = all.emplace_back(size, 'a');
                label[at] = byte;
            }
        }
    }
    return all;
}

}  // namespace

BOOST_AUTO_TEST_CASE(labels_of_every_length_that_differ_in_one_byte_are_told_apart) {
    Table table;
    const std::vector<std::string> all = labels_that_differ_in_one_byte();
    for (std::size_t i = 0; i < all.size(); ++i) {
        BOOST_TEST_CONTEXT(all[i].size() << " bytes, number " << i) {
            BOOST_REQUIRE(!table.labels.find(all[i]));
            table.labels.add(all[i], static_cast<std::uint32_t>(i));
        }
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
        const std::string elsewhere = "x" + all[i] + "x";  // the bytes around a label do not count
        const LabelNode* found = table.labels.find(std::string_view(elsewhere).substr(1, all[i].size()));
        BOOST_TEST_CONTEXT(all[i].size() << " bytes, number " << i) {
            BOOST_REQUIRE(found);
            BOOST_TEST(found->index == i);
            BOOST_TEST(found->label == all[i]);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_label_that_is_there_is_found_by_others_while_the_table_grows) {
    Table table;
    std::atomic<std::uint32_t> added{0};
    constexpr std::uint32_t count = 5000;
    const auto label = [](std::uint32_t i) { return "label-" + std::to_string(i); };
    std::atomic<std::uint32_t> missed{0};
    std::thread reader([&] {
        for (std::uint32_t i = 0; i < count;) {
            if (i >= added.load(std::memory_order_acquire)) continue;
            const LabelNode* found = table.labels.find(label(i));
            if (!found || found->index != i) ++missed;
            ++i;
        }
    });
    for (std::uint32_t i = 0; i < count; ++i) {
        table.labels.add(label(i), i);
        added.store(i + 1, std::memory_order_release);
    }
    reader.join();
    BOOST_TEST(missed == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
