// How something of the relay's goes, in a sentence: published as a variable, and in the log whenever it changes.
#pragma once

#include <quipu/emitter.hpp>

#include <mailside/log.hpp>

#include <string>

namespace relay {

class StateText {
public:
    // Publishes nothing.
    StateText() = default;

    explicit StateText(quipu::Text shown) : shown_(shown) {}

    void tell(const std::string& state) {
        if (state == last_) return;
        last_ = state;
        shown_.set(state);
        mailside::log_line(state);
    }

private:
    quipu::Text shown_;
    std::string last_;
};

}  // namespace relay
