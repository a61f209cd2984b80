// chasquid's page of its queue, taken apart. Pure; takes any bytes.
#pragma once

#include <quipu/emitter.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lines.hpp"

namespace relay {

// Reads the page in pieces, since a long queue is megabytes of text.
class QueueText {
public:
    // Appends the items that are whole now.
    void feed(std::string_view piece, std::vector<quipu::QueueItem>& items);
    // The end of the page: the last item.
    void finish(std::vector<quipu::QueueItem>& items);

    // As the page says; known with the first item.
    [[nodiscard]] std::uint64_t length() const { return length_; }

    // The page began as a page of the queue does.
    [[nodiscard]] bool is_queue() const { return is_queue_; }

    // Lines that are none of the page's forms.
    [[nodiscard]] std::uint64_t unknown_lines() const { return unknown_lines_; }

private:
    void take_line(std::string_view line, std::vector<quipu::QueueItem>& items);
    bool take_recipient_line(std::string_view line);
    void put_item(std::vector<quipu::QueueItem>& items);

    LineReader lines_;
    quipu::QueueItem item_;
    bool has_item_ = false;
    bool is_queue_ = false;
    std::uint64_t length_ = 0;
    std::uint64_t unknown_lines_ = 0;
};

}  // namespace relay
