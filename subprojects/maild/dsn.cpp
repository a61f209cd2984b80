#include "dsn.hpp"

#include <ctime>

namespace maild {

namespace {

// A diagnostic code begins with the kind of its source: "smtp" where it is another server's reply.
std::string diagnostic_of(const Recipient& r) {
    const bool is_smtp = r.kind == Recipient::Kind::forward || r.kind == Recipient::Kind::remote;
    return (is_smtp ? "smtp; " : "x-maild; ") + printable(r.last_failure);
}

// Lines as 7-bit text would need encoding; the part is declared 8bit instead.
std::string_view header_of(std::string_view original) {
    const std::size_t end = original.find("\n\n");
    if (end != std::string_view::npos) return original.substr(0, end + 1);
    return original.substr(0, original.rfind('\n') + 1);
}

}  // namespace

std::string mail_date(WallTime time) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    char text[64];
    // maild sets no locale, so these are the English names that RFC 5322 wants.
    return {text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S +0000", &parts)};
}

std::string make_dsn(
    const Item& item, std::string_view id, WallTime now, std::string_view hostname, std::string_view original
) {
    const std::string host(hostname);
    const std::string boundary = "=_" + std::string(id) + "/" + host;
    const std::string part = "\n--" + boundary + "\n";
    std::string people, report;
    for (const Recipient& r : item.recipients) {
        if (r.state != Recipient::State::failed) continue;
        people += "  " + r.original + "\n    " + printable(r.last_failure) + "\n";
        report += "\nOriginal-Recipient: rfc822; " + r.original + "\nFinal-Recipient: rfc822; " +
                  (r.kind == Recipient::Kind::pipe ? r.original : r.address) +
                  "\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: " + diagnostic_of(r) + "\n";
    }

    std::string text = "From: Mail Delivery System <postmaster@" + host + ">\n";
    text += "To: <" + item.from + ">\n";
    text += "Subject: Mail delivery failed: returning to sender\n";
    text += "Date: " + mail_date(now) + "\n";
    text += "Message-ID: <" + std::string(id) + "@" + host + ">\n";
    text += "Auto-Submitted: auto-replied\nMIME-Version: 1.0\n";
    text += "Content-Type: multipart/report; report-type=delivery-status;\n\tboundary=\"" + boundary + "\"\n";
    text += part + "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n";
    text += "Your message " + item.id + ", taken by " + host + " on " + mail_date(item.created) +
            ",\ncould not be delivered to:\n\n" + people;
    text += "\nNo further attempts will be made. The header of the message is attached.\n";
    text += part + "Content-Type: message/delivery-status\n\nReporting-MTA: dns; " + host +
            "\nArrival-Date: " + mail_date(item.created) + "\n" + report;
    text += part + "Content-Type: text/rfc822-headers\nContent-Transfer-Encoding: 8bit\n\n";
    text += header_of(original);
    return text + "\n--" + boundary + "--\n";
}

}  // namespace maild
