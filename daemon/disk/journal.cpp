#include "daemon/disk/journal.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>
#include <utility>

#include "daemon/disk/journal_entry.hpp"

namespace quipu {

namespace {

// Read by the same machine that wrote it: its byte order.
struct Header {
    std::uint32_t payload_bytes = 0;
    std::uint32_t checksum = 0;  // of what follows: the rest of the header and the payload
    std::uint64_t file = 0;
    std::uint64_t epoch = 0;
};

std::uint32_t checksum(std::string_view bytes) {
    return static_cast<std::uint32_t>(
        ::crc32_z(0, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size())  // NOLINT: zlib wants it so
    );
}

constexpr std::size_t checked_from = offsetof(Header, file);

std::string entry_bytes(std::uint64_t file, std::uint64_t epoch, const Changes& changes) {
    const std::string payload = encode_entry(changes);
    Header header;
    header.payload_bytes = static_cast<std::uint32_t>(payload.size());
    header.file = file;
    header.epoch = epoch;
    std::string bytes(sizeof header, '\0');
    std::memcpy(bytes.data(), &header, sizeof header);
    bytes += payload;
    header.checksum = checksum(std::string_view(bytes).substr(checked_from));
    std::memcpy(bytes.data(), &header, sizeof header);
    return bytes;
}

// errno's sentence; 0: all is written.
int write_all(int fd, std::string_view bytes, std::uint64_t at) {
    while (!bytes.empty()) {
        const ssize_t n = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(at));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno;
        if (n == 0) return ENOSPC;
        bytes.remove_prefix(static_cast<std::size_t>(n));
        at += static_cast<std::uint64_t>(n);
    }
    return 0;
}

std::string read_all(int fd, std::uint64_t max_bytes) {
    struct stat found = {};
    if (::fstat(fd, &found) != 0 || found.st_size <= 0) return {};
    std::string bytes(static_cast<std::size_t>(std::min(static_cast<std::uint64_t>(found.st_size), max_bytes)), '\0');
    std::size_t got = 0;
    while (got < bytes.size()) {
        const ssize_t n = ::pread(fd, bytes.data() + got, bytes.size() - got, static_cast<off_t>(got));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        got += static_cast<std::size_t>(n);
    }
    bytes.resize(got);
    return bytes;
}

}  // namespace

Journal::Journal(const std::string& path, JournalLimits limits) : limits_(limits) {
    parts_[0].path = path + "-published-0";
    parts_[1].path = path + "-published-1";
}

Journal::~Journal() {
    for (const Part& part : parts_) {
        if (part.fd >= 0) ::close(part.fd);
    }
}

std::vector<Changes> Journal::read(std::uint64_t file, std::uint64_t epoch) {
    std::vector<Changes> entries;
    for (Part& part : parts_) {
        const int fd = ::open(part.path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0) continue;
        const std::string bytes = read_all(fd, limits_.file_bytes);
        ::close(fd);
        std::string_view rest = bytes;
        Header header;
        while (rest.size() >= sizeof header) {
            std::memcpy(&header, rest.data(), sizeof header);
            if (header.payload_bytes > rest.size() - sizeof header) break;
            const std::string_view whole = rest.substr(0, sizeof header + header.payload_bytes);
            if (checksum(whole.substr(checked_from)) != header.checksum) break;
            if (header.file != file) break;  // left behind by a state file that is gone
            rest.remove_prefix(whole.size());
            Changes entry;
            entry.epoch = header.epoch;
            part.size += whole.size();
            part.epoch = header.epoch;
            part.file = file;
            if (header.epoch < epoch) continue;
            if (decode_entry(whole.substr(sizeof header), entry)) entries.push_back(std::move(entry));
        }
    }
    std::stable_sort(entries.begin(), entries.end(), [](const Changes& a, const Changes& b) {
        return a.epoch < b.epoch;
    });
    return entries;
}

std::string Journal::append(
    std::uint64_t file, std::uint64_t epoch, const Changes& changes, std::uint64_t stored_epoch
) {
    Part& part = parts_[epoch % 2];
    const std::string bytes = entry_bytes(file, epoch, changes);
    if (part.file != file || part.epoch < stored_epoch) part.size = 0;
    const bool is_anew = part.size == 0;
    if (part.size + bytes.size() > limits_.file_bytes) {
        return part.path + " is full, because the state file cannot be written";
    }
    if (is_anew && part.fd >= 0) ::close(std::exchange(part.fd, -1));
    if (part.fd < 0) {
        // By its name each time it begins anew: the file, or its directory, may have been replaced.
        const int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW;
        part.fd = ::open(part.path.c_str(), flags, 0640);
        if (part.fd < 0) return "cannot open " + part.path + ": " + std::generic_category().message(errno);
        // Nor may the rest of an entry that was not finished be taken for one later.
        if (::ftruncate(part.fd, static_cast<off_t>(part.size)) != 0) {
            return "cannot write " + part.path + ": " + std::generic_category().message(errno);
        }
    }
    const int error = write_all(part.fd, bytes, part.size);
    if (error != 0) return "cannot write " + part.path + ": " + std::generic_category().message(error);
    part.size += bytes.size();
    part.epoch = epoch;
    part.file = file;
    return {};
}

void Journal::clear() {
    for (Part& part : parts_) {
        if (part.fd >= 0) ::close(std::exchange(part.fd, -1));
        (void)::unlink(part.path.c_str());
        part.size = 0;
        part.epoch = 0;
    }
}

}  // namespace quipu
