// The mail vocabulary: every variable that chasquid documents, names and kinds to the letter, as ready handles.
// Making a MailMetrics declares them all, at zero, from the first moment. Names are an interface: dashboards, alerts
// and exporters know them.
//
//     quipu::MailMetrics m(emitter, "1.0", 0);
//     m.smtp_in.response_code_count("250").add();
//     m.smtp_in.command_count.add(quipu::unknown_command_label(verb));
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "emitter.hpp"  // beside this file, in the tree as installed

namespace quipu {

enum class MailVariableKind : std::uint8_t { counter, counter_map, gauge, text };

// One variable of the vocabulary, for those who declare only some.
struct MailVariable {
    std::string_view name;
    MailVariableKind kind;
    std::string_view label_name;  // of a counter map
    std::string_view help;
};

// All of them, in the order of names.
std::span<const MailVariable> mail_variables();
// Null: not of the vocabulary.
const MailVariable* find_mail_variable(std::string_view name);

struct MailMetrics {
    // source_date: of the build, seconds since the epoch, 0 where unknown.
    MailMetrics(Emitter& emitter, std::string_view the_version, std::int64_t source_date);

    struct {
        CounterMap hook_results;  // "resolve:notset", ":skip", ":fail", ":parse_err", ":success"
    } aliases;

    struct {
        CounterMap deliver_attempts;  // "pipe", "forward", "email:local", "email:remote"
        Counter dsn_queued;
        Counter items_written;
        Counter put_count;
    } queue;

    struct {
        CounterMap command_count;  // the verb, or command_label() of an unknown one
        CounterMap hook_results;   // "post-data:skip", ":fail", ":badoutput", ":success"
        Counter loops_detected;
        CounterMap response_code_count;    // "250"
        CounterMap security_level_checks;  // "pass", "fail", "skip"
        CounterMap spf_result_count;       // "none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"
        CounterMap tls_count;              // "tls", "plain": messages
        CounterMap wrong_proto_count;      // the verb of another protocol: "GET"
        Counter dkim_signed;
        Counter dkim_sign_errors;
        Counter dkim_verify_found;
        Counter dkim_verify_not_found;
        Counter dkim_verify_valid;
        Counter dkim_verify_errors;
    } smtp_in;

    struct {
        CounterMap security_level_checks;  // "pass", "fail"
        CounterMap sts_mode;               // "enforce", "testing"
        CounterMap sts_security;           // "pass", "fail"
        CounterMap tls_count;              // "tls:insecure", "tls:secure", "tls:failed", "plain"
    } smtp_out;

    struct {
        Counter expired, failed_fetch, fetches, hits, invalid, io_errors, marshal_errors, refresh_cycles,
            refresh_errors, refreshes, unmarshal_errors;
    } sts_cache;

    Text source_date_str;
    Gauge source_date_timestamp;
    Text version;
};

// The label of an unknown SMTP verb, as chasquid writes it: unknown<"VERB">, at most the verb's first 6 characters,
// upper case as given, quoted with Go's escapes. Safe for any bytes that a client sends.
std::string unknown_command_label(std::string_view verb);

}  // namespace quipu
