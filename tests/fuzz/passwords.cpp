// The password file, as an operator may write it. Either it is taken, and every line of it can be checked in a bounded
// time, or one sentence says which line is wrong, without a word of its hash.
#include <string>

#include "daemon/net/listen.hpp"
#include "daemon/net/passwords.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace quipu::fuzz;

namespace {

void check_sentence(std::string_view sentence) {
    check(sentence.starts_with("password_file: F"), "an error that does not name the file", sentence);
    check(sentence.find('\n') == std::string_view::npos, "an error of two lines", sentence);
    // A user is named, and may look like a hash himself.
    const std::size_t behind_user = sentence.rfind('\'');
    const std::string_view own = behind_user == std::string_view::npos ? sentence : sentence.substr(behind_user);
    check(own.find('$') == std::string_view::npos, "an error that gives a hash away", sentence);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        const quipu::Passwords users = quipu::parse_passwords(as_text(quipu::Bytes(data, size)), "F");
        check(!users.empty() && users.size() <= 1000, "nobody, or too many");
        std::string text;
        for (const auto& [user, hash] : users) {
            check(!user.empty() && user.find(':') == std::string::npos, "not a user", user);
            check(user.front() != '#' && hash.size() < 400, "not a line", user);
            text += user + ":" + hash + "\n";
        }
        check(quipu::parse_passwords(text, "F") == users, "another meaning", text);
        bool is_known = false;
        check(!quipu::hash_of(users, "nobody of that name", is_known).empty(), "no hash to compare with");
    } catch (const quipu::StartError& wrong) {
        check_sentence(wrong.what());
    }
    return 0;
}
