#include "process_search.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace relay {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// The kernel counts starts in clock ticks since the boot, chasquid reads a clock a moment after its start.
constexpr auto tolerance = 3s;

std::string content_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

// Field 22 of /proc/PID/stat; the second one, a name in parentheses, may hold anything.
bool has_started(const fs::path& process, std::chrono::system_clock::time_point when) {
    constexpr int fields_between = 20;
    const std::string stat = content_of(process / "stat");
    std::istringstream rest(stat.substr(std::min(stat.rfind(')'), stat.size() - 1) + 1));
    std::string skipped;
    for (int i = 0; i < fields_between - 1; ++i) rest >> skipped;
    std::int64_t ticks = 0;
    timespec up{};
    if (!(rest >> ticks) || ::clock_gettime(CLOCK_BOOTTIME, &up) != 0) return false;
    const auto up_for = std::chrono::seconds(up.tv_sec);
    const auto age = up_for - std::chrono::milliseconds(ticks * 1000 / ::sysconf(_SC_CLK_TCK));
    const auto expected = std::chrono::system_clock::now() - when;
    return age > expected - tolerance && age < expected + tolerance;
}

}  // namespace

std::uint32_t find_process(const std::vector<std::string>& cmdline, std::chrono::system_clock::time_point started) {
    std::string wanted;
    for (const std::string& argument : cmdline) wanted += argument + '\0';
    std::uint32_t found = 0;
    std::error_code error;
    for (fs::directory_iterator it("/proc", error), end; !error && it != end; it.increment(error)) {
        const std::string name = it->path().filename();
        std::uint32_t pid = 0;
        const auto [stop, ec] = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (ec != std::errc{} || stop != name.data() + name.size()) continue;
        if (content_of(it->path() / "cmdline") != wanted || !has_started(it->path(), started)) continue;
        if (found != 0) return 0;
        found = pid;
    }
    return found;
}

}  // namespace relay
