#include "proto/errc.hpp"

namespace quipu {

std::string_view sentence(Errc errc) {
    switch (errc) {
        case Errc::ok: return "no error";
        case Errc::frame_empty: return "a frame must carry at least one byte";
        case Errc::frame_too_long: return "the length prefix is beyond the frame limit";
        case Errc::malformed: return "the message is not valid protobuf of the quipu schema";
        case Errc::no_message: return "the frame carries no message that this version knows";
        case Errc::field_missing: return "a required field is missing";
        case Errc::text_too_long: return "a string or list is longer than its limit";
        case Errc::hello_expected: return "the first message of a connection must be Hello";
        case Errc::hello_again: return "Hello may be said once in a connection";
        case Errc::protocol_unsupported: return "Hello must name protocol version 1 or later";
        case Errc::bad_instance: return "Hello.instance must have 16 bytes";
        case Errc::bad_id: return "ids count from 1, without gaps, up to the limit in Welcome";
        case Errc::id_redefined: return "an id may be defined once in a connection";
        case Errc::id_unknown: return "the id was not defined in this connection";
        case Errc::kind_mismatch: return "the series is of another kind";
        case Errc::negative_delta: return "a counter cannot shrink";
        case Errc::count_mismatch: return "packed lists that belong together differ in length";
        case Errc::bad_bounds: return "histogram bounds must be finite and grow";
        case Errc::query_unknown: return "the answer belongs to no open query";
        case Errc::user_refused: return "this user may not push to quipud; see the option ingest_users";
        case Errc::too_many_emitters: return "too many emitters are connected; see the option max_emitters";
        case Errc::frame_timeout: return "a frame was begun and not finished in time";
        case Errc::output_overflow: return "the emitter does not read what quipud sends";
    }
    return "unknown error";
}

}  // namespace quipu
