// All the ways in which a peer can be wrong. Numbers are part of the protocol (Refuse.code): only append.
#pragma once

#include <cstdint>
#include <string_view>

namespace quipu {

enum class Errc : std::uint8_t {
    ok = 0,
    frame_empty = 1,           // length prefix 0
    frame_too_long = 2,        // length prefix beyond limits::max_frame_bytes
    malformed = 3,             // not protobuf, or a field of the wrong wire type
    no_message = 4,            // no oneof member that this reader knows; skipped and counted, not fatal
    field_missing = 5,         // a required field is absent
    text_too_long = 6,         // a string or list beyond its bound
    hello_expected = 7,        // something else came first
    hello_again = 8,           // a second Hello
    protocol_unsupported = 9,  // Hello.protocol 0
    bad_instance = 10,         // not 16 bytes
    bad_id = 11,               // id 0, beyond the bound, or not dense
    id_redefined = 12,         // an id defined twice
    id_unknown = 13,           // an id that was never defined
    kind_mismatch = 14,        // Deltas for a text, Set for a counter, or a family known with another kind
    negative_delta = 15,       // on a counter
    count_mismatch = 16,       // packed lists of different lengths
    bad_bounds = 17,           // histogram bounds not growing or not finite
    query_unknown = 18,        // Answer to a query that is not open; counted, not fatal
    user_refused = 19,         // SO_PEERCRED names a user who may not push
    too_many_emitters = 20,    // connections at their limit
    frame_timeout = 21,        // a frame begun and not ended in time
    output_overflow = 22,      // the peer does not read what we send
};

// One sentence for a log or a Refuse: "the length prefix is beyond the frame limit".
std::string_view sentence(Errc errc);

}  // namespace quipu
