// What an operator may write: the first byte chooses between quipud's configuration file, its command line and maild's;
// lines are words there. Either it is taken, or one sentence says what is wrong.
#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "daemon/net/listen.hpp"
#include "daemon/options.hpp"
#include "subprojects/maild/options.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace quipu::fuzz;

namespace {

void check_sentence(std::string_view sentence) {
    check(!sentence.empty(), "an error without a sentence");
    check(sentence.find('\n') == std::string_view::npos, "an error of two lines", sentence);
}

void read_file(std::string_view content) {
    const int fd = ::memfd_create("quipud.conf", MFD_CLOEXEC);
    check(fd >= 0 && ::write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size()), "memfd");
    const std::string flag = "--config=/proc/self/fd/" + std::to_string(fd);
    const char* const argv[] = {"quipud", flag.c_str()};
    try {
        const quipu::Options options = quipu::parse_options(2, argv);
        check(!options.flags.empty(), "no flags");
    } catch (const quipu::UsageError& wrong) {
        check_sentence(wrong.what());
    } catch (const quipu::StartError& wrong) {
        check_sentence(wrong.what());
    }
    ::close(fd);
}

// The words between line ends. --help and --version answer on stdout, and naming a file reads it: left out.
std::vector<std::string> words_of(std::string_view content) {
    std::vector<std::string> words = {"program"};
    while (!content.empty()) {
        const std::size_t end = std::min(content.find('\n'), content.size());
        std::string word(content.substr(0, std::min(end, content.find('\0'))));
        content.remove_prefix(std::min(end + 1, content.size()));
        const bool is_left_out = word.starts_with("--h") || word.starts_with("--v") || word.starts_with("--c");
        if (!is_left_out) words.push_back(std::move(word));
    }
    return words;
}

std::vector<const char*> pointers(const std::vector<std::string>& words) {
    std::vector<const char*> argv;
    for (const std::string& word : words) argv.push_back(word.c_str());
    return argv;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view content = as_text(quipu::Bytes(data + 1, size - 1));
    if (data[0] % 4 < 2) {
        read_file(content);
        return 0;
    }
    const std::vector<std::string> words = words_of(content);
    const std::vector<const char*> argv = pointers(words);
    try {
        if (data[0] % 4 == 2) {
            (void)quipu::parse_options(static_cast<int>(argv.size()), argv.data());
        } else {
            (void)maild::parse_options(static_cast<int>(argv.size()), argv.data());
        }
    } catch (const quipu::UsageError& wrong) {
        check_sentence(wrong.what());
    } catch (const quipu::StartError& wrong) {
        check_sentence(wrong.what());
    } catch (const maild::UsageError& wrong) {
        check_sentence(wrong.what());
    }
    return 0;
}
