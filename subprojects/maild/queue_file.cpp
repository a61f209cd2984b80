#include "queue_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace maild {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view magic = "maild-item 1";
constexpr std::string_view item_suffix = ".item";
constexpr std::size_t max_header_bytes = 4 << 20;  // a thousand recipients with long failures
constexpr std::uint32_t kinds = 4, states = 3;

std::string one_line(std::string_view text) {
    std::string result(text);
    for (char& c : result) {
        if (static_cast<unsigned char>(c) < ' ') c = ' ';
    }
    return result;
}

template <typename Number>
bool to_number(std::string_view text, Number& number) {
    const auto [stop, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
    return ec == std::errc{} && stop == text.data() + text.size();
}

bool to_time(std::string_view text, WallTime& time) {
    std::int64_t micros = 0;
    if (!to_number(text, micros)) return false;
    time = WallTime(std::chrono::microseconds(micros));
    return true;
}

// Takes what stands before the separator out of text; false where there is none.
bool take(std::string_view& text, char separator, std::string_view& part) {
    const std::size_t end = text.find(separator);
    if (end == std::string_view::npos) return false;
    part = text.substr(0, end);
    text.remove_prefix(end + 1);
    return true;
}

bool decode_recipient(std::string_view text, Recipient& r) {
    std::string_view kind, state, attempts, address, original;
    if (!take(text, '\t', kind) || !take(text, '\t', state) || !take(text, '\t', attempts)) return false;
    if (!take(text, '\t', address) || !take(text, '\t', original)) return false;
    std::uint32_t kind_number = 0, state_number = 0;
    if (!to_number(kind, kind_number) || !to_number(state, state_number) || !to_number(attempts, r.attempts)) {
        return false;
    }
    if (kind_number >= kinds || state_number >= states) return false;
    r.kind = static_cast<Recipient::Kind>(kind_number);
    r.state = static_cast<Recipient::State>(state_number);
    r.address = address;
    r.original = original;
    r.last_failure = text;
    return true;
}

bool decode_line(std::string_view name, std::string_view value, Item& item) {
    if (name == "id")
        item.id = value;
    else if (name == "created")
        return to_time(value, item.created);
    else if (name == "next-try")
        return to_time(value, item.next_try);
    else if (name == "attempts")
        return to_number(value, item.attempts);
    else if (name == "from")
        item.from = value;
    else if (name == "to")
        item.to.emplace_back(value);
    else if (name == "recipient")
        return decode_recipient(value, item.recipients.emplace_back());
    else
        return false;
    return true;
}

std::string read_header(const File& file) {
    std::string text;
    char chunk[16 * 1024];
    while (text.size() < max_header_bytes) {
        const ssize_t n = ::read(file.fd(), chunk, sizeof chunk);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        // The separator may lie across two chunks.
        const std::size_t from = text.empty() ? 0 : text.size() - 1;
        text.append(chunk, static_cast<std::size_t>(n));
        if (text.find("\n\n", from) != std::string::npos) break;
    }
    return text;
}

[[noreturn]] void cannot(const std::string& what, const fs::path& path, int error) {
    throw std::runtime_error("cannot " + what + " " + path.string() + ": " + std::generic_category().message(error));
}

}  // namespace

bool Item::has(Recipient::State state) const {
    return std::any_of(recipients.begin(), recipients.end(), [&](const Recipient& r) { return r.state == state; });
}

std::string encode_item(const Item& item) {
    std::string text(magic);
    const auto line = [&](std::string_view name, std::string_view value) {
        text.append("\n").append(name).append(": ").append(one_line(value));
    };
    line("id", item.id);
    line("created", std::to_string(item.created.time_since_epoch().count()));
    line("next-try", std::to_string(item.next_try.time_since_epoch().count()));
    line("attempts", std::to_string(item.attempts));
    line("from", item.from);
    for (const std::string& to : item.to) line("to", to);
    for (const Recipient& r : item.recipients) {
        text += "\nrecipient: " + std::to_string(static_cast<unsigned>(r.kind)) + '\t';
        text += std::to_string(static_cast<unsigned>(r.state)) + '\t' + std::to_string(r.attempts) + '\t';
        text += one_line(r.address) + '\t' + one_line(r.original) + '\t' + one_line(r.last_failure);
    }
    return text + "\n\n";
}

std::optional<Item> decode_item(std::string_view file) {
    std::string_view rest = file, line;
    if (!take(rest, '\n', line) || line != magic) return std::nullopt;
    Item item;
    while (take(rest, '\n', line)) {
        if (line.empty()) {
            item.body_offset = file.size() - rest.size();
            return item.id.empty() || item.recipients.empty() ? std::nullopt : std::optional(std::move(item));
        }
        const std::size_t colon = line.find(": ");
        if (colon == std::string_view::npos) return std::nullopt;
        if (!decode_line(line.substr(0, colon), line.substr(colon + 2), item)) return std::nullopt;
    }
    return std::nullopt;
}

File::~File() {
    if (fd_ >= 0) ::close(fd_);
}

File::File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

File& File::operator=(File&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
}

bool File::write(std::string_view bytes) const {
    while (!bytes.empty()) {
        const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
}

bool File::copy_rest_of(const File& other) const {
    char chunk[64 * 1024];
    while (true) {
        const ssize_t n = ::read(other.fd_, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return n == 0;
        if (!write({chunk, static_cast<std::size_t>(n)})) return false;
    }
}

bool publish(const File& file, const fs::path& from, const fs::path& to) {
    if (::fsync(file.fd()) != 0 || ::rename(from.c_str(), to.c_str()) != 0) return false;
    const File folder(::open(to.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return folder.is_open() && ::fsync(folder.fd()) == 0;
}

Spool::Spool(fs::path path, const Item& item)
    : path_(std::move(path)),
      file_(::open(path_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)),
      is_good_(file_.is_open() && file_.write(encode_item(item))) {}

Spool::~Spool() {
    if (!path_.empty()) ::unlink(path_.c_str());
}

void Spool::append(std::string_view text) {
    is_good_ = is_good_ && file_.write(text);
}

QueueDir::QueueDir(fs::path path) : path_(std::move(path)) {
    std::error_code error;
    fs::create_directories(path_, error);
    if (error) cannot("make the queue folder", path_, error.value());
    lock_ = File(::open((path_ / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!lock_.is_open()) cannot("write in the queue folder", path_, errno);
    if (::flock(lock_.fd(), LOCK_EX | LOCK_NB) != 0) {
        throw std::runtime_error("another maild uses the queue folder " + path_.string());
    }
}

std::vector<Item> QueueDir::load() const {
    std::vector<Item> items;
    std::vector<fs::path> files;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(path_, error)) files.push_back(entry.path());
    if (error) cannot("read the queue folder", path_, error.value());
    for (const fs::path& file : files) {
        const std::string name = file.filename();
        if (name.starts_with("tmp.")) ::unlink(file.c_str());
        if (name.starts_with("tmp.") || !name.ends_with(item_suffix)) continue;
        const File opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
        std::optional<Item> item = opened.is_open() ? decode_item(read_header(opened)) : std::nullopt;
        if (item && path_of(item->id) == file) {
            items.push_back(std::move(*item));
            continue;
        }
        ::rename(file.c_str(), (file.string() + ".bad").c_str());
        mailside::log_line("damaged queue item set aside as " + file.string() + ".bad");
    }
    return items;
}

fs::path QueueDir::temporary(const std::string& id) const {
    return path_ / ("tmp." + id);
}

bool QueueDir::put(Spool& spool, const Item& item, const Tally& written) const {
    if (!spool.is_good_ || !publish(spool.file_, spool.path_, path_of(item.id))) return false;
    spool.path_.clear();
    written.add();
    return true;
}

bool QueueDir::rewrite(Item& item, const Tally& written) const {
    const File body = open_body(item);
    Spool spool(temporary(item.id), item);
    if (!body.is_open() || !spool.is_good_ || !spool.file_.copy_rest_of(body)) return false;
    if (!put(spool, item, written)) return false;
    item.body_offset = encode_item(item).size();
    return true;
}

void QueueDir::remove(const std::string& id) const {
    ::unlink(path_of(id).c_str());
}

File QueueDir::open_body(const Item& item) const {
    File file(::open(path_of(item.id).c_str(), O_RDONLY | O_CLOEXEC));
    const auto offset = static_cast<off_t>(item.body_offset);
    if (file.is_open() && ::lseek(file.fd(), offset, SEEK_SET) != offset) return File();
    return file;
}

fs::path QueueDir::path_of(const std::string& id) const {
    return path_ / (id + std::string(item_suffix));
}

}  // namespace maild
