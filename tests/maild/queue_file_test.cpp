#include "subprojects/maild/queue_file.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

#include <stdlib.h>
#include <unistd.h>

namespace maild {

BOOST_AUTO_TEST_SUITE(maild_queue_file)

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

Item sample(const std::string& id) {
    Item item;
    item.id = id;
    item.created = WallTime(1'700'000'000'123'456us);
    item.next_try = item.created + 90s;
    item.attempts = 3;
    item.from = "a@b.c";
    item.to = {"user@mail.test", "pipe@mail.test"};
    item.recipients = {
        {Recipient::Kind::local, Recipient::State::sent, 1, "user@mail.test", "User@mail.test", ""},
        {Recipient::Kind::pipe, Recipient::State::pending, 3, "cat \"a b\"", "pipe@mail.test", "exit status 75"},
        {Recipient::Kind::forward, Recipient::State::failed, 2, "x@far.test", "fwd@mail.test", "550 no"},
    };
    return item;
}

void check_equal(const Item& a, const Item& b) {
    BOOST_TEST(a.id == b.id);
    BOOST_TEST((a.created == b.created && a.next_try == b.next_try));
    BOOST_TEST(a.attempts == b.attempts);
    BOOST_TEST(a.from == b.from);
    BOOST_TEST(a.to == b.to, boost::test_tools::per_element());
    BOOST_REQUIRE_EQUAL(a.recipients.size(), b.recipients.size());
    for (std::size_t i = 0; i < a.recipients.size(); ++i) {
        const Recipient &x = a.recipients[i], &y = b.recipients[i];
        BOOST_TEST((x.kind == y.kind && x.state == y.state && x.attempts == y.attempts));
        BOOST_TEST(x.address == y.address);
        BOOST_TEST(x.original == y.original);
        BOOST_TEST(x.last_failure == y.last_failure);
    }
}

struct TemporaryFolder {
    TemporaryFolder() {
        std::string name = (fs::temp_directory_path() / "maild-test-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
        path = name;
    }

    ~TemporaryFolder() { fs::remove_all(path); }

    std::size_t count() const {
        return static_cast<std::size_t>(std::distance(fs::directory_iterator(path), fs::directory_iterator()));
    }

    fs::path path;
};

std::string read_rest(const File& file) {
    char text[1000];
    const ssize_t n = ::read(file.fd(), text, sizeof text);
    return {text, static_cast<std::size_t>(n < 0 ? 0 : n)};
}

// Puts an item with this message, as the queue does.
Item put(const QueueDir& dir, const std::string& id, const std::string& message) {
    Item item = sample(id);
    item.body_offset = encode_item(item).size();
    Spool spool(dir.temporary(id), item);
    spool.append(message);
    BOOST_TEST(dir.put(spool, item, Tally()));
    return item;
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_item_is_read_as_it_was_written) {
    const Item item = sample("id1");
    const std::string header = encode_item(item);
    const auto read = decode_item(header + "Subject: x\n\nbody\n\n");
    BOOST_REQUIRE(read);
    check_equal(*read, item);
    BOOST_TEST(read->body_offset == header.size());
}

BOOST_AUTO_TEST_CASE(a_cut_item_is_refused_at_every_byte) {
    const std::string header = encode_item(sample("id1"));
    for (std::size_t size = 0; size < header.size(); ++size) BOOST_TEST(!decode_item(header.substr(0, size)));
}

BOOST_AUTO_TEST_CASE(any_byte_may_be_wrong_without_harm) {
    const std::string header = encode_item(sample("id1"));
    for (std::size_t at = 0; at < header.size(); ++at) {
        for (const char c : {'\0', '\n', '\t', '9', '\xff'}) {
            std::string wrong = header;
            wrong[at] = c;
            const auto item = decode_item(wrong);
            if (item) BOOST_TEST(item->body_offset <= wrong.size());
        }
    }
}

BOOST_AUTO_TEST_CASE(values_cannot_break_lines) {
    Item item = sample("id1");
    item.recipients[1].last_failure = "550 a\r\nid: other\n\nb\tc";
    const auto read = decode_item(encode_item(item));
    BOOST_REQUIRE(read);
    BOOST_TEST(read->id == "id1");
    BOOST_TEST(read->recipients[1].last_failure == "550 a  id: other  b c");
}

BOOST_AUTO_TEST_CASE(items_survive_a_restart) {
    const TemporaryFolder folder;
    {
        const QueueDir dir(folder.path);
        put(dir, "id1", "body 1\n");
        put(dir, "id2", "body 2\n");
    }
    const QueueDir dir(folder.path);
    const std::vector<Item> items = dir.load();
    BOOST_REQUIRE_EQUAL(items.size(), 2u);
    for (const Item& item : items) {
        check_equal(item, sample(item.id));
        BOOST_TEST(read_rest(dir.open_body(item)) == (item.id == "id1" ? "body 1\n" : "body 2\n"));
    }
}

BOOST_AUTO_TEST_CASE(a_rewritten_item_keeps_its_message) {
    const TemporaryFolder folder;
    const QueueDir dir(folder.path);
    Item item = put(dir, "id1", "body\n");
    item.recipients[1].last_failure = "something much longer than what stood there before";
    BOOST_TEST(dir.rewrite(item, Tally()));
    BOOST_TEST(read_rest(dir.open_body(item)) == "body\n");
    const std::vector<Item> items = dir.load();
    BOOST_REQUIRE_EQUAL(items.size(), 1u);
    check_equal(items[0], item);
    dir.remove("id1");
    BOOST_TEST(dir.load().empty());
}

BOOST_AUTO_TEST_CASE(what_was_not_put_leaves_nothing) {
    const TemporaryFolder folder;
    const QueueDir dir(folder.path);
    { Spool spool(dir.temporary("id1"), sample("id1")); }
    BOOST_TEST(folder.count() == 1u);  // the lock
}

BOOST_AUTO_TEST_CASE(leftovers_go_and_damaged_items_are_set_aside) {
    const TemporaryFolder folder;
    const QueueDir dir(folder.path);
    put(dir, "good", "body\n");
    std::ofstream(folder.path / "tmp.x") << "half a ma";
    std::ofstream(folder.path / "bad.item") << "rubbish";
    std::ofstream(folder.path / "other.item") << encode_item(sample("another"));
    BOOST_TEST(dir.load().size() == 1u);
    BOOST_TEST(!fs::exists(folder.path / "tmp.x"));
    BOOST_TEST(fs::exists(folder.path / "bad.item.bad"));
    BOOST_TEST(fs::exists(folder.path / "other.item.bad"));
    BOOST_TEST(dir.load().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_folder_has_one_queue_at_a_time) {
    const TemporaryFolder folder;
    const QueueDir dir(folder.path);
    BOOST_CHECK_THROW(QueueDir{folder.path}, std::runtime_error);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace maild
