// Decoding the body of a "queue" answer, an item at a time.
#include "proto/message_decoding.hpp"

namespace quipu::wire {

static void read(pbf_reader r, QueueRecipient& out, Decoding& d) {
    while (r.next()) switch (r.tag_and_type()) {
            case bytes(1): out.address = d.text(r, limits::max_text_bytes); break;
            case bytes(2): out.type = d.text(r, limits::max_word_bytes); break;
            case varint(3): out.status = r.get_uint32(); break;
            case bytes(4): out.original_address = d.text(r, limits::max_text_bytes); break;
            case bytes(5): out.last_failure = d.text(r, limits::max_text_bytes); break;
            case varint(6): out.attempts = r.get_uint32(); break;
            case fixed(7): out.next_try_wall_ns = r.get_fixed64(); break;
            default: d.skip(r);
        }
}

static void read(pbf_reader r, QueueItem& out, Decoding& d, std::size_t& room_for_recipients) {
    while (r.next()) switch (r.tag_and_type()) {
            case bytes(1): out.id = d.text(r, limits::max_word_bytes); break;
            case fixed(2): out.created_wall_ns = r.get_fixed64(); break;
            case bytes(3): out.from = d.text(r, limits::max_text_bytes); break;
            case bytes(4): {
                if (room_for_recipients == 0) return d.fail(Errc::text_too_long);
                --room_for_recipients;
                out.to.push_back(d.text(r, limits::max_text_bytes));
                break;
            }
            case bytes(5): {
                if (room_for_recipients == 0) return d.fail(Errc::text_too_long);
                --room_for_recipients;
                read(r.get_message(), out.recipients.emplace_back(), d);
                break;
            }
            default: d.skip(r);
        }
}

// The memory that `out` had serves again.
static void read_new(pbf_reader r, QueueItem& out, Decoding& d, std::size_t& room_for_recipients) {
    out.id = {};
    out.created_wall_ns = 0;
    out.from = {};
    out.to.clear();
    out.recipients.clear();
    read(r, out, d, room_for_recipients);
}

QueueReader::QueueReader(Bytes body)
    : rest_(body), items_left_(limits::max_queue_items), recipients_left_(limits::max_queue_recipients) {}

QueueReader::Found QueueReader::next(QueueItem& out) {
    if (error_ != Errc::ok) return Found::error;
    std::uint64_t unknown_fields = 0;
    Decoding d{unknown_fields};
    Found found = Found::other;
    try {
        pbf_reader r(reinterpret_cast<const char*>(rest_.data()), rest_.size());
        if (!r.next()) return Found::end;
        switch (r.tag_and_type()) {
            case bytes(1): {
                if (items_left_-- == 0) d.fail(Errc::text_too_long);
                const protozero::data_view view = r.get_view();
                item_bytes_ = {reinterpret_cast<const std::uint8_t*>(view.data()), view.size()};
                read_new(pbf_reader(view), out, d, recipients_left_);
                found = Found::item;
                break;
            }
            case varint(2): total_ = r.get_uint64(); break;
            default: d.skip(r);
        }
        rest_ = rest_.last(r.length());
    } catch (const protozero::exception&) {
        d.fail(Errc::malformed);
    }
    error_ = d.error;
    return error_ == Errc::ok ? found : Found::error;
}

Errc decode(Bytes item_bytes, QueueItem& out) {
    std::uint64_t unknown_fields = 0;
    Decoding d{unknown_fields};
    std::size_t recipients_left = limits::max_queue_recipients;
    try {
        const auto* data = reinterpret_cast<const char*>(item_bytes.data());
        read_new(pbf_reader(data, item_bytes.size()), out, d, recipients_left);
    } catch (const protozero::exception&) {
        return Errc::malformed;
    }
    return d.error;
}

Errc decode(Bytes body, Queue& out) {
    QueueReader reader(body);
    QueueItem item;
    for (;;) {
        const QueueReader::Found found = reader.next(item);
        if (found == QueueReader::Found::item) out.items.push_back(std::move(item));
        if (found == QueueReader::Found::end || found == QueueReader::Found::error) break;
    }
    out.total = reader.total();
    return reader.error();
}

}  // namespace quipu::wire
