// Queue items as files: what an item is, its text form, and the folder that holds them. An item is one file: a header
// of lines, an empty line, the message with LF line ends. A file appears whole (temporary name, fsync, rename, fsync
// of the folder) or not at all, so a crash at any moment leaves the old state or the new one.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "counts.hpp"

namespace maild {

using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;

struct Recipient {
    enum class Kind : std::uint8_t { local, pipe, forward, remote };
    enum class State : std::uint8_t { pending, sent, failed };

    Kind kind = Kind::local;
    State state = State::pending;
    std::uint32_t attempts = 0;
    std::string address = {};   // an address, or the command of a pipe
    std::string original = {};  // as the client gave it
    std::string last_failure = {};
};

struct Item {
    std::string id;  // sorts by creation
    WallTime created;
    WallTime next_try;
    std::uint32_t attempts = 0;
    std::string from;             // empty: the null sender
    std::vector<std::string> to;  // as the client gave them
    std::vector<Recipient> recipients;
    std::size_t body_offset = 0;  // in its file; not part of the text form

    [[nodiscard]] bool has(Recipient::State state) const;
};

// The header. Control characters in values become spaces, since a line is a value.
std::string encode_item(const Item& item);
// Reads a file's beginning; nullopt where it is not a whole, sound header. Never throws.
std::optional<Item> decode_item(std::string_view file);

// A file descriptor, closed with its owner.
class File {
public:
    explicit File(int fd = -1) : fd_(fd) {}

    ~File();
    File(File&& other) noexcept;
    File& operator=(File&& other) noexcept;

    [[nodiscard]] int fd() const { return fd_; }

    [[nodiscard]] bool is_open() const { return fd_ >= 0; }

    [[nodiscard]] bool write(std::string_view bytes) const;
    // Appends what is left of another file.
    [[nodiscard]] bool copy_rest_of(const File& other) const;

private:
    int fd_;
};

// fsync, rename, fsync of the folder.
[[nodiscard]] bool publish(const File& file, const std::filesystem::path& from, const std::filesystem::path& to);

// One item on its way into the queue: a temporary file, removed again unless it was put.
class Spool {
public:
    Spool(std::filesystem::path path, const Item& item);
    ~Spool();
    Spool(Spool&&) = delete;

    // Once a write has failed, everything after fails too.
    void append(std::string_view text);

    [[nodiscard]] bool is_good() const { return is_good_; }

private:
    friend class QueueDir;

    std::filesystem::path path_;
    File file_;
    bool is_good_;
};

class QueueDir {
public:
    // Makes the folder where it is absent, and locks it. Throws std::runtime_error with a sentence for the operator.
    explicit QueueDir(std::filesystem::path path);

    // Removes leftover temporary files, sets damaged items aside under another name and reports them.
    std::vector<Item> load() const;
    [[nodiscard]] std::filesystem::path temporary(const std::string& id) const;
    [[nodiscard]] bool put(Spool& spool, const Item& item, const Tally& written) const;
    // Writes the item's header anew; the message is copied. Updates body_offset.
    [[nodiscard]] bool rewrite(Item& item, const Tally& written) const;
    void remove(const std::string& id) const;
    // The item's file at its message; not open where it cannot be read.
    [[nodiscard]] File open_body(const Item& item) const;

private:
    [[nodiscard]] std::filesystem::path path_of(const std::string& id) const;

    std::filesystem::path path_;
    File lock_;
};

}  // namespace maild
