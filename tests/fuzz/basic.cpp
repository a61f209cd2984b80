// The header Authorization, as whoever reaches the port writes it. What is taken for user and password is what their
// own encoding gives again.
#include <openssl/evp.h>

#include <algorithm>
#include <string>

#include "daemon/net/passwords.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace quipu::fuzz;

namespace {

std::string header_of(const std::string& user, const std::string& password) {
    const std::string plain = user + ":" + password;
    std::string encoded((plain.size() + 2) / 3 * 4 + 1, '\0');  // and a NUL
    const int size = EVP_EncodeBlock(
        reinterpret_cast<unsigned char*>(encoded.data()),
        reinterpret_cast<const unsigned char*>(plain.data()),
        static_cast<int>(plain.size())
    );
    encoded.resize(static_cast<std::size_t>(size));
    return "Basic " + encoded;
}

bool has_controls(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto said = quipu::parse_basic(as_text(quipu::Bytes(data, size)));
    if (!said) return 0;
    check(said->user.find(':') == std::string::npos, "a user with a colon", said->user);
    check(!has_controls(said->user) && !has_controls(said->password), "a control character", said->user);
    check(said->user.size() <= 256 && said->password.size() < 512, "longer than crypt takes", said->user);
    const auto again = quipu::parse_basic(header_of(said->user, said->password));
    check(again && again->user == said->user && again->password == said->password, "another meaning", said->user);
    return 0;
}
