#include "daemon/core/trace_notes.hpp"

#include <algorithm>
#include <array>
#include <protozero/buffer_fixed.hpp>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <protozero/varint.hpp>
#include <utility>

namespace quipu {

namespace {

using protozero::pbf_wire_type;

enum NotesTag : protozero::pbf_tag_type { notes_first = 1, notes_last, notes_is_inferred };

enum NoteTag : protozero::pbf_tag_type { note_wall_ns = 1, note_kind, note_lost_before, note_other, note_text };

constexpr std::uint32_t max_steps = 16;  // how many lines a late one may pass

constexpr std::uint32_t tag_of(protozero::pbf_tag_type tag, pbf_wire_type type) {
    return protozero::tag_and_type(tag, type);
}

// All but the text stands on the stack first, so that the length is known before the line is written.
void encode_note(std::string& bytes, NotesTag tag, const TraceNote& note) {
    std::array<char, 64> head{};
    protozero::fixed_size_buffer_adaptor buffer(head.data(), head.size());
    protozero::basic_pbf_writer<protozero::fixed_size_buffer_adaptor> out(buffer);
    out.add_sfixed64(note_wall_ns, note.wall_ns);
    if (note.kind != TraceNoteKind::event) out.add_uint32(note_kind, static_cast<std::uint32_t>(note.kind));
    if (note.lost_before != 0) out.add_uint32(note_lost_before, note.lost_before);
    if (note.other != 0) out.add_fixed64(note_other, note.other);
    char* const text_head = buffer.data() + buffer.size();
    *text_head = static_cast<char>(tag_of(note_text, pbf_wire_type::length_delimited));
    const int text_head_size = 1 + protozero::add_varint_to_buffer(text_head + 1, note.text.size());
    const protozero::data_view before_text(head.data(), buffer.size() + static_cast<std::size_t>(text_head_size));
    const protozero::data_view text(note.text.data(), note.text.size());
    protozero::pbf_writer(bytes).add_bytes_vectored(tag, before_text, text);
}

// Throws where the bytes are damaged: in unpack() only, which lets nothing damaged in.
TraceNote decode_note(protozero::data_view message) {
    TraceNote note;
    protozero::pbf_reader in(message);
    while (in.next()) {
        switch (in.tag_and_type()) {
            case tag_of(note_wall_ns, pbf_wire_type::fixed64): note.wall_ns = in.get_sfixed64(); break;
            case tag_of(note_kind, pbf_wire_type::varint):
                if (const std::uint32_t its = in.get_uint32(); its <= 3) note.kind = static_cast<TraceNoteKind>(its);
                break;
            case tag_of(note_lost_before, pbf_wire_type::varint): note.lost_before = in.get_uint32(); break;
            case tag_of(note_other, pbf_wire_type::fixed64): note.other = in.get_fixed64(); break;
            case tag_of(note_text, pbf_wire_type::length_delimited): {
                const protozero::data_view text = in.get_view();
                note.text = {text.data(), text.size()};
                break;
            }
            default: in.skip();
        }
    }
    return note;
}

// The message of the line at `at`, which is moved beyond it. In bytes_ a line's tag takes one byte.
protozero::data_view next_line(const char*& at, const char* end) {
    ++at;
    const auto size = static_cast<std::size_t>(protozero::decode_varint(&at, end));
    const char* const message = at;
    at += size;
    return {message, size};
}

}  // namespace

// --- Reading --------------------------------------------------------------------------------------------------------

TraceNote TraceNotes::Iterator::operator*() const {
    const char* at = at_;
    return decode_note(next_line(at, end_));
}

TraceNotes::Iterator& TraceNotes::Iterator::operator++() {
    next_line(at_, end_);
    return *this;
}

TraceNotes::Part TraceNotes::first() const {
    const char* const end = bytes_.data() + first_end_;
    return {{bytes_.data(), end}, {end, end}, first_count_};
}

TraceNotes::Part TraceNotes::last() const {
    const char* const end = bytes_.data() + bytes_.size();
    return {{bytes_.data() + last_begin_, end}, {end, end}, last_count_};
}

// --- Appending ------------------------------------------------------------------------------------------------------

std::uint64_t TraceNotes::append(const TraceNote& note, std::uint32_t limit) {
    const std::uint32_t first_limit = limit / 3;
    const bool is_first = first_count_ < first_limit;
    insert(is_first, note);
    return is_first || last_count_ <= limit - first_limit ? 0 : give_up_oldest_of_last();
}

// Lines may come out of order, since a trace's events come from several threads' rings, and its children from
// elsewhere.
void TraceNotes::insert(bool is_first, const TraceNote& note) {
    const NotesTag tag = is_first ? notes_first : notes_last;
    const Part part = is_first ? first() : last();
    const std::size_t before = bytes_.size();
    const std::size_t part_end = is_first && last_count_ > 0 ? first_end_ : before;
    std::size_t added_at = before;
    if (part.empty()) mark_ = next_mark_ = {part_end, 0};
    if (part_end == before && (part.empty() || note.wall_ns >= end_wall_ns_)) {
        encode_note(bytes_, tag, note);
        end_wall_ns_ = note.wall_ns;
    } else {
        std::string line;
        encode_note(line, tag, note);
        const std::size_t place = place_of(part, note.wall_ns);
        if (place == before) end_wall_ns_ = note.wall_ns;
        bytes_.insert(place, line);
        added_at = place;
    }
    if (part_end == before) move_marks(added_at, bytes_.size() - before);
    if (!is_first) {
        ++last_count_;
        return;
    }
    const std::size_t added = bytes_.size() - before;
    first_end_ += added;
    last_begin_ += added;
    ++first_count_;
}

// A line that is very late stays a little out of order rather than before more than the last few.
std::size_t TraceNotes::place_of(const Part& part, std::int64_t wall_ns) const {
    std::array<Iterator, max_steps + 1> places;
    std::size_t lines = part.size();
    Iterator at = part.begin();
    if (part.end().at_ == bytes_.data() + bytes_.size()) {
        lines = mark_.lines;
        at = Iterator(bytes_.data() + mark_.place, part.end().at_);
    }
    std::size_t steps = std::min<std::size_t>(lines, max_steps);
    for (std::size_t i = steps; i < lines; ++i) ++at;
    for (std::size_t i = 0; i < steps; ++i, ++at) places[i] = at;
    places[steps] = part.end();
    while (steps > 0 && (*places[steps - 1]).wall_ns > wall_ns) --steps;
    return static_cast<std::size_t>(places[steps].at_ - bytes_.data());
}

// There is one line more behind mark_, and mostly behind next_mark_.
void TraceNotes::move_marks(std::size_t added_at, std::size_t added) {
    ++mark_.lines;
    if (added_at < next_mark_.place) {
        next_mark_.place += added;
        return;
    }
    if (++next_mark_.lines < max_steps) return;
    mark_ = next_mark_;
    next_mark_ = {bytes_.size(), 0};
}

std::uint64_t TraceNotes::give_up_oldest_of_last() {
    Iterator oldest = last().begin();
    const std::uint64_t given_up = std::uint64_t{1} + (*oldest).lost_before;
    ++oldest;
    last_begin_ = static_cast<std::size_t>(oldest.at_ - bytes_.data());
    --last_count_;
    for (Mark* mark : {&mark_, &next_mark_}) {
        if (mark->place < last_begin_) *mark = {last_begin_, last_count_};
    }
    // Erasing moves all that is left: only where that is not much more than what goes.
    const bool is_worth_it = last_begin_ - first_end_ > (bytes_.size() - last_begin_) / 2;
    if (is_worth_it) close_gap();
    return given_up;
}

void TraceNotes::close_gap() {
    const std::size_t gap = last_begin_ - first_end_;
    bytes_.erase(first_end_, gap);
    last_begin_ = first_end_;
    if (last_count_ == 0) return;
    mark_.place -= gap;
    next_mark_.place -= gap;
}

void TraceNotes::trim() {
    close_gap();
    const bool is_much_free = bytes_.capacity() - bytes_.size() > bytes_.size() / 8;
    if (is_much_free) bytes_.shrink_to_fit();
}

// --- The state file -------------------------------------------------------------------------------------------------

std::string TraceNotes::packed(bool is_inferred) const {
    std::string out;
    out.reserve(bytes_.size() + 2);
    out.append(bytes_, 0, first_end_).append(bytes_, last_begin_);
    if (is_inferred) protozero::pbf_writer(out).add_bool(notes_is_inferred, true);
    return out;
}

bool TraceNotes::unpack(std::string_view packed, bool& is_inferred) {
    TraceNotes notes;
    notes.bytes_.reserve(packed.size());
    std::string last;
    bool is_marked = false;
    std::int64_t first_wall_ns = 0;
    std::int64_t last_wall_ns = 0;
    // The message of a line is kept as it is; its tag and length are written anew, in their shortest form.
    const auto take = [](std::string& part, NotesTag tag, protozero::data_view message) {
        protozero::pbf_writer(part).add_bytes(tag, message);
        return decode_note(message).wall_ns;
    };
    try {
        protozero::pbf_reader in(packed.data(), packed.size());
        while (in.next()) {
            switch (in.tag_and_type()) {
                case tag_of(notes_first, pbf_wire_type::length_delimited):
                    first_wall_ns = take(notes.bytes_, notes_first, in.get_view());
                    ++notes.first_count_;
                    break;
                case tag_of(notes_last, pbf_wire_type::length_delimited):
                    last_wall_ns = take(last, notes_last, in.get_view());
                    ++notes.last_count_;
                    break;
                case tag_of(notes_is_inferred, pbf_wire_type::varint): is_marked = in.get_uint64() != 0; break;
                default: in.skip();
            }
        }
    } catch (const protozero::exception&) {
        return false;
    }
    notes.first_end_ = notes.last_begin_ = notes.bytes_.size();
    notes.bytes_ += last;
    notes.end_wall_ns_ = notes.last_count_ > 0 ? last_wall_ns : first_wall_ns;
    notes.mark_ = notes.last_count_ > 0 ? Mark{notes.last_begin_, notes.last_count_} : Mark{0, notes.first_count_};
    notes.next_mark_ = {notes.bytes_.size(), 0};
    *this = std::move(notes);
    is_inferred = is_marked;
    return true;
}

}  // namespace quipu
