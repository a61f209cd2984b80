#include "daemon/net/access_files.hpp"

#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <functional>

#include "daemon/net/listen.hpp"
#include "daemon/net/server.hpp"
#include "tests/support/certificate.hpp"
#include "tests/support/files.hpp"
#include "tests/support/temp_dir.hpp"

BOOST_AUTO_TEST_SUITE(net_access_files)

using namespace quipu;
using namespace quipu::test;

namespace {

std::string complaint(const std::function<void()>& attempt) {
    try {
        attempt();
    } catch (const StartError& error) {
        return error.what();
    }
    return "no complaint";
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

// openssl ecparam -genkey -name prime256v1 | openssl ec -aes128 -passout pass:x: what the header says is enough.
constexpr const char* locked_key =
    "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n-----END EC PRIVATE KEY-----\n";

}  // namespace

BOOST_AUTO_TEST_CASE(every_misconfiguration_of_tls_has_its_sentence) {
    const TempDir dir;
    const std::string cert = dir.file("cert.pem");
    const std::string key = dir.file("key.pem");
    const Certificate good = make_certificate();
    const auto load = [&] {
        return complaint([&] {
            std::string notice;
            (void)load_tls(cert, key, notice);
        });
    };
    BOOST_TEST(has(load(), "cannot read the certificate " + cert));
    write_file(cert, good.certificate_pem, 0644);
    BOOST_TEST(has(load(), "cannot read the private key " + key));
    write_file(key, good.key_pem, 0640);
    BOOST_TEST(load() == "no complaint");
    write_file(key, good.key_pem, 0644);
    BOOST_TEST(has(load(), key + " has mode 0644; make it 0640 or narrower"));
    write_file(key, make_certificate().key_pem);
    BOOST_TEST(has(load(), key + " does not belong to the certificate in " + cert));
    write_file(key, "nothing");
    BOOST_TEST(has(load(), key + " holds no private key"));
    write_file(key, locked_key);
    BOOST_TEST(has(load(), key + " has a passphrase"));
    write_file(cert, good.key_pem, 0644);
    BOOST_TEST(has(load(), cert + " holds no certificate"));
    write_file(cert, std::string(2 * 1024 * 1024, 'x'), 0644);
    BOOST_TEST(has(load(), "larger than 1 MiB"));
    BOOST_REQUIRE_EQUAL(::unlink(cert.c_str()), 0);
    BOOST_REQUIRE_EQUAL(::mkfifo(cert.c_str(), 0600), 0);
    BOOST_TEST(has(load(), "not a regular file"));
}

BOOST_AUTO_TEST_CASE(a_certificate_out_of_its_time_is_taken_with_a_notice) {
    const TempDir dir;
    const auto notice = [&](long begin_s, long end_s) {
        const Certificate made = make_certificate("localhost", begin_s, end_s);
        write_file(dir.file("cert.pem"), made.certificate_pem);
        write_file(dir.file("key.pem"), made.key_pem);
        std::string said;
        BOOST_TEST(load_tls(dir.file("cert.pem"), dir.file("key.pem"), said) != nullptr);
        return said;
    };
    BOOST_TEST(notice(-60, 3600) == "");
    BOOST_TEST(has(notice(-7200, -3600), "has expired"));
    BOOST_TEST(has(notice(3600, 7200), "is not valid yet"));
}

BOOST_AUTO_TEST_CASE(a_password_file_that_others_may_read_is_refused) {
    const TempDir dir;
    const std::string path = dir.file("pw");
    for (const unsigned mode : {0644U, 0604U, 0660U, 0641U, 0666U, 0777U}) {
        write_file(path, "x", mode);
        BOOST_TEST(has(complaint([&] { (void)load_passwords(path); }), "make it 0640 or narrower"));
    }
    write_file(path, "x", 0640);
    BOOST_TEST(has(complaint([&] { (void)load_passwords(path); }), path + ":1: "));
}

BOOST_AUTO_TEST_CASE(others_may_reach_only_what_has_tls_and_passwords) {
    const auto problem = [](const char* address, AccessFiles access) {
        ServerOptions options;
        options.monitoring = parse_http_address(address);
        options.access = std::move(access);
        return exposure_problem(options);
    };
    for (const char* open :
         {"0.0.0.0:1099", "[::]:1099", "192.0.2.1:1099", "[2001:db8::1]:1", "[::ffff:127.0.0.1]:1"}) {
        BOOST_TEST_CONTEXT(open) {
            const std::string said = problem(open, {});
            for (const char* flag : {"tls_certificate", "tls_private_key", "password_file"})
                BOOST_TEST(has(said, flag));
            BOOST_TEST(!problem(open, {"c", "k", ""}).empty());
            BOOST_TEST(!problem(open, {"", "", "p"}).empty());
            BOOST_TEST(problem(open, {"c", "k", "p"}) == "");
        }
    }
    for (const char* closed : {"", "127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "localhost:1", "unix:/run/x"}) {
        BOOST_TEST(problem(closed, {}) == "");
        BOOST_TEST(problem(closed, {"c", "k", ""}) == "");
        BOOST_TEST(problem(closed, {"", "", "p"}) == "");
        BOOST_TEST(has(problem(closed, {"c", "", ""}), "go together"));
    }
}

BOOST_AUTO_TEST_SUITE_END()
