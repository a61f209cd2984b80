// How Boost.Test shows our types in a failed comparison.
#pragma once

#include <ostream>

#include "proto/errc.hpp"
#include "proto/message.hpp"

namespace quipu {

inline std::ostream& operator<<(std::ostream& out, Errc errc) {
    return out << static_cast<unsigned>(errc) << " (" << sentence(errc) << ')';
}

namespace wire {

inline std::ostream& operator<<(std::ostream& out, Kind kind) {
    return out << "Kind " << static_cast<unsigned>(kind);
}

inline std::ostream& operator<<(std::ostream& out, Merge merge) {
    return out << "Merge " << static_cast<unsigned>(merge);
}

inline std::ostream& operator<<(std::ostream& out, Status status) {
    return out << "Status " << static_cast<unsigned>(status);
}

inline std::ostream& operator<<(std::ostream& out, TraceEventKind kind) {
    return out << "TraceEventKind " << static_cast<unsigned>(kind);
}

}  // namespace wire

}  // namespace quipu
