#include "delivery.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace maild {

namespace fs = std::filesystem;

Outcome deliver_maildir(const Delivery& delivery, std::size_t recipient, quipu::Trace& trace) {
    const Item& item = delivery.item;
    const std::string& address = item.recipients[recipient].address;
    // Routes gave this name, from --users; a queue file is only as trustworthy as its folder, so look again.
    const std::string user = address.substr(0, address.rfind('@'));
    if (user.empty() || user.front() == '.' || user.find('/') != std::string::npos) {
        return {Outcome::Kind::permanent, "not a local user: " + user};
    }
    const auto failed = [](const std::string& what, int error) {
        return Outcome{Outcome::Kind::temporary, what + ": " + std::generic_category().message(error)};
    };

    const fs::path maildir = delivery.options.maildir / user;
    std::error_code error;
    for (const char* folder : {"tmp", "new", "cur"}) {
        fs::create_directories(maildir / folder, error);
        if (error) return failed("cannot make " + (maildir / folder).string(), error.value());
    }
    const std::string name = std::to_string(item.created.time_since_epoch().count() / 1'000'000) + ".maild_" + item.id +
                             "_" + std::to_string(recipient) + "." + delivery.options.hostname;
    const fs::path temporary = maildir / "tmp" / name;
    const fs::path target = maildir / "new" / name;
    const File body = delivery.dir.open_body(item);
    if (!body.is_open()) return failed("cannot read the queue item", errno);
    const File file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    const std::string header = "Return-Path: <" + item.from + ">\nDelivered-To: " + address + "\n";
    if (!file.is_open() || !file.write(header) || !file.copy_rest_of(body) || !publish(file, temporary, target)) {
        const int reason = errno;
        ::unlink(temporary.c_str());
        return failed("cannot write " + target.string(), reason);
    }
    trace.printf("delivered as %s", target.c_str());
    return {};
}

}  // namespace maild
