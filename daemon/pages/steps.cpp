#include "daemon/pages/steps.hpp"

#include <cassert>

namespace quipu {

namespace {

// What has been begun already, and the rest of it.
class Begun final : public PageWork {
public:
    Begun(Response begin, std::unique_ptr<PageWork> rest) : begin_(std::move(begin)), rest_(std::move(rest)) {}

    std::optional<Response> head(const State& /*state*/, const Request& /*request*/, Now /*now*/) override {
        return std::move(begin_);
    }

    bool more(const State& state, std::string& body) override { return rest_->more(state, body); }

    [[nodiscard]] std::size_t bytes() const override { return begin_.body.size() + rest_->bytes(); }

private:
    Response begin_;
    std::unique_ptr<PageWork> rest_;
};

}  // namespace

PageResult at_once_or_in_steps(std::unique_ptr<PageWork> work, const State& state, const Request& request, Now now) {
    std::optional<Response> begin = work->head(state, request, now);
    assert(begin);
    if (!work->more(state, begin->body)) return std::move(*begin);
    return std::make_unique<Begun>(std::move(*begin), std::move(work));
}

}  // namespace quipu
