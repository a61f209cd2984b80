#include "proto/mail_metrics.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <ctime>

namespace quipu {

namespace {

using enum MailVariableKind;

// In the order of names.
constexpr std::array variables = {
    MailVariable{"chasquid/aliases/hookResults", counter_map, "result", "alias hook calls, by hook and result"},
    MailVariable{
        "chasquid/queue/deliverAttempts", counter_map, "recipient_type", "delivery attempts, by kind of recipient"},
    MailVariable{"chasquid/queue/dsnQueued", counter, "", "delivery status notifications generated and queued"},
    MailVariable{"chasquid/queue/itemsWritten", counter, "", "queue items written to disk"},
    MailVariable{"chasquid/queue/putCount", counter, "", "envelopes put in the queue"},
    MailVariable{"chasquid/smtpIn/commandCount", counter_map, "command", "SMTP commands received, by command"},
    MailVariable{"chasquid/smtpIn/dkimSignErrors", counter, "", "messages that could not be signed with DKIM"},
    MailVariable{"chasquid/smtpIn/dkimSigned", counter, "", "messages signed with DKIM"},
    MailVariable{
        "chasquid/smtpIn/dkimVerifyErrors", counter, "", "messages whose DKIM signature could not be verified"},
    MailVariable{"chasquid/smtpIn/dkimVerifyFound", counter, "", "messages with a DKIM signature"},
    MailVariable{"chasquid/smtpIn/dkimVerifyNotFound", counter, "", "messages without a DKIM signature"},
    MailVariable{"chasquid/smtpIn/dkimVerifyValid", counter, "", "messages with a valid DKIM signature"},
    MailVariable{"chasquid/smtpIn/hookResults", counter_map, "result", "post-DATA hook calls, by result"},
    MailVariable{"chasquid/smtpIn/loopsDetected", counter, "", "mail loops detected"},
    MailVariable{"chasquid/smtpIn/responseCodeCount", counter_map, "code", "replies sent to SMTP clients, by code"},
    MailVariable{
        "chasquid/smtpIn/securityLevelChecks",
        counter_map,
        "result",
        "security level checks on incoming connections, by result"},
    MailVariable{"chasquid/smtpIn/spfResultCount", counter_map, "result", "SPF checks, by result"},
    MailVariable{"chasquid/smtpIn/tlsCount", counter_map, "status", "messages received, by use of TLS"},
    MailVariable{
        "chasquid/smtpIn/wrongProtoCount", counter_map, "command", "commands of other protocols received, by command"},
    MailVariable{
        "chasquid/smtpOut/securityLevelChecks",
        counter_map,
        "result",
        "security level checks on outgoing connections, by result"},
    MailVariable{"chasquid/smtpOut/sts/mode", counter_map, "mode", "outgoing MTA-STS policies seen, by mode"},
    MailVariable{"chasquid/smtpOut/sts/security", counter_map, "result", "outgoing MTA-STS checks, by result"},
    MailVariable{"chasquid/smtpOut/tlsCount", counter_map, "status", "outgoing connections, by use of TLS"},
    MailVariable{"chasquid/sourceDateStr", text, "", "date of the build's source, for people"},
    MailVariable{"chasquid/sourceDateTimestamp", gauge, "", "date of the build's source, in seconds since the epoch"},
    MailVariable{"chasquid/sts/cache/expired", counter, "", "expired entries in the MTA-STS cache"},
    MailVariable{"chasquid/sts/cache/failedFetch", counter, "", "MTA-STS policy fetches that failed"},
    MailVariable{"chasquid/sts/cache/fetches", counter, "", "MTA-STS policy fetches"},
    MailVariable{"chasquid/sts/cache/hits", counter, "", "hits in the MTA-STS cache"},
    MailVariable{"chasquid/sts/cache/invalid", counter, "", "invalid policies in the MTA-STS cache"},
    MailVariable{"chasquid/sts/cache/ioErrors", counter, "", "I/O errors keeping the MTA-STS cache"},
    MailVariable{"chasquid/sts/cache/marshalErrors", counter, "", "errors writing MTA-STS cache entries"},
    MailVariable{"chasquid/sts/cache/refreshCycles", counter, "", "refresh cycles of the MTA-STS cache"},
    MailVariable{"chasquid/sts/cache/refreshErrors", counter, "", "failed refreshes of MTA-STS cache entries"},
    MailVariable{"chasquid/sts/cache/refreshes", counter, "", "refreshes of MTA-STS cache entries"},
    MailVariable{"chasquid/sts/cache/unmarshalErrors", counter, "", "errors reading MTA-STS cache entries"},
    MailVariable{"chasquid/version", text, "", "version of the mail daemon"},
};

}  // namespace

std::span<const MailVariable> mail_variables() {
    return variables;
}

const MailVariable* find_mail_variable(std::string_view name) {
    const auto is_before = [](const MailVariable& variable, std::string_view wanted) { return variable.name < wanted; };
    const auto it = std::lower_bound(variables.begin(), variables.end(), name, is_before);
    return it == variables.end() || it->name != name ? nullptr : &*it;
}

MailMetrics::MailMetrics(Emitter& e, std::string_view the_version, std::int64_t source_date) {
    const auto map = [&e](std::string_view name) {
        const MailVariable& variable = *find_mail_variable(name);
        return e.counter_map(name, variable.label_name, variable.help);
    };
    const auto count = [&e](std::string_view name) { return e.counter(name, find_mail_variable(name)->help); };
    const auto words = [&e](std::string_view name) { return e.text(name, find_mail_variable(name)->help); };

    aliases.hook_results = map("chasquid/aliases/hookResults");

    queue.deliver_attempts = map("chasquid/queue/deliverAttempts");
    queue.dsn_queued = count("chasquid/queue/dsnQueued");
    queue.items_written = count("chasquid/queue/itemsWritten");
    queue.put_count = count("chasquid/queue/putCount");

    smtp_in.command_count = map("chasquid/smtpIn/commandCount");
    smtp_in.hook_results = map("chasquid/smtpIn/hookResults");
    smtp_in.loops_detected = count("chasquid/smtpIn/loopsDetected");
    smtp_in.response_code_count = map("chasquid/smtpIn/responseCodeCount");
    smtp_in.security_level_checks = map("chasquid/smtpIn/securityLevelChecks");
    smtp_in.spf_result_count = map("chasquid/smtpIn/spfResultCount");
    smtp_in.tls_count = map("chasquid/smtpIn/tlsCount");
    smtp_in.wrong_proto_count = map("chasquid/smtpIn/wrongProtoCount");
    smtp_in.dkim_signed = count("chasquid/smtpIn/dkimSigned");
    smtp_in.dkim_sign_errors = count("chasquid/smtpIn/dkimSignErrors");
    smtp_in.dkim_verify_found = count("chasquid/smtpIn/dkimVerifyFound");
    smtp_in.dkim_verify_not_found = count("chasquid/smtpIn/dkimVerifyNotFound");
    smtp_in.dkim_verify_valid = count("chasquid/smtpIn/dkimVerifyValid");
    smtp_in.dkim_verify_errors = count("chasquid/smtpIn/dkimVerifyErrors");

    smtp_out.security_level_checks = map("chasquid/smtpOut/securityLevelChecks");
    smtp_out.sts_mode = map("chasquid/smtpOut/sts/mode");
    smtp_out.sts_security = map("chasquid/smtpOut/sts/security");
    smtp_out.tls_count = map("chasquid/smtpOut/tlsCount");

    source_date_str = words("chasquid/sourceDateStr");
    constexpr std::string_view timestamp = "chasquid/sourceDateTimestamp";
    source_date_timestamp = e.gauge(timestamp, find_mail_variable(timestamp)->help, {}, Merge::max);

    sts_cache.expired = count("chasquid/sts/cache/expired");
    sts_cache.failed_fetch = count("chasquid/sts/cache/failedFetch");
    sts_cache.fetches = count("chasquid/sts/cache/fetches");
    sts_cache.hits = count("chasquid/sts/cache/hits");
    sts_cache.invalid = count("chasquid/sts/cache/invalid");
    sts_cache.io_errors = count("chasquid/sts/cache/ioErrors");
    sts_cache.marshal_errors = count("chasquid/sts/cache/marshalErrors");
    sts_cache.refresh_cycles = count("chasquid/sts/cache/refreshCycles");
    sts_cache.refresh_errors = count("chasquid/sts/cache/refreshErrors");
    sts_cache.refreshes = count("chasquid/sts/cache/refreshes");
    sts_cache.unmarshal_errors = count("chasquid/sts/cache/unmarshalErrors");

    version = words("chasquid/version");
    version.set(the_version);
    source_date_timestamp.set(static_cast<double>(source_date));
    const std::time_t seconds = source_date;
    std::tm utc{};
    std::array<char, 64> date{};
    gmtime_r(&seconds, &utc);
    const std::size_t length = std::strftime(date.data(), date.size(), "%Y-%m-%d %H:%M:%S +0000", &utc);
    source_date_str.set(source_date == 0 ? "unknown" : std::string_view(date.data(), length));
}

namespace {

constexpr std::uint32_t bad_rune = 0xffffffff;

// The first character of UTF-8 text and its length in bytes; bad_rune and 1 where it is none (RFC 3629).
std::uint32_t first_rune(std::string_view text, std::size_t& length) {
    const auto byte = [&text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const std::uint32_t lead = byte(0);
    length = 1;
    if (lead < 0x80) return lead;
    const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() < size) return bad_rune;
    std::uint32_t rune = lead & (0x7fU >> size);
    for (std::size_t i = 1; i < size; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return bad_rune;
        rune = rune << 6 | (byte(i) & 0x3fU);
    }
    constexpr std::array<std::uint32_t, 5> smallest = {0, 0, 0x80, 0x800, 0x10000};
    if (rune < smallest[size] || rune > 0x10ffff || (rune >= 0xd800 && rune <= 0xdfff)) return bad_rune;
    length = size;
    return rune;
}

// Whether Go's %q shows a character as it is. Without Unicode's tables: letters, marks and symbols yes; controls,
// spaces other than ' ', format characters, private use and non-characters no.
bool is_shown(std::uint32_t rune) {
    if (rune < 0x20 || rune == 0x7f || (rune >= 0x80 && rune <= 0xa0) || rune == 0xad) return false;
    const bool is_space_or_format = rune == 0x1680 || rune == 0x180e || (rune >= 0x2000 && rune <= 0x200f) ||
                                    (rune >= 0x2028 && rune <= 0x202f) || (rune >= 0x205f && rune <= 0x206f) ||
                                    rune == 0x3000 || rune == 0xfeff || (rune >= 0xfff9 && rune <= 0xfffb);
    const bool is_private = (rune >= 0xe000 && rune <= 0xf8ff) || rune >= 0xe0000;
    return !is_space_or_format && !is_private && (rune & 0xfffe) != 0xfffe;
}

void append_hex(std::string& out, std::uint32_t value, int digits) {
    constexpr std::string_view hex = "0123456789abcdef";
    for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) out += hex[value >> shift & 15];
}

// One character with Go's escapes inside double quotes.
void append_quoted(std::string& out, std::uint32_t rune, std::string_view bytes) {
    constexpr std::string_view named = "\a\b\f\n\r\t\v\"\\";
    constexpr std::string_view letters = "abfnrtv\"\\";
    const std::size_t name = rune < 0x80 ? named.find(static_cast<char>(rune)) : std::string_view::npos;
    if (name != std::string_view::npos) {
        out += '\\';
        out += letters[name];
    } else if (rune != bad_rune && is_shown(rune)) {
        out += bytes;
    } else if (rune == bad_rune || rune < 0x20 || rune == 0x7f) {
        out += "\\x";
        append_hex(out, static_cast<unsigned char>(bytes[0]), 2);
    } else if (rune < 0x10000) {
        out += "\\u";
        append_hex(out, rune, 4);
    } else {
        out += "\\U";
        append_hex(out, rune, 8);
    }
}

}  // namespace

std::string unknown_command_label(std::string_view verb) {
    constexpr int max_characters = 6;
    std::string label = "unknown<\"";
    for (int i = 0; i < max_characters && !verb.empty(); ++i) {
        std::size_t length = 0;
        const std::uint32_t rune = first_rune(verb, length);
        append_quoted(label, rune, verb.substr(0, length));
        verb.remove_prefix(length);
    }
    return label + "\">";
}

}  // namespace quipu
