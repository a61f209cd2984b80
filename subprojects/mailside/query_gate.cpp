#include <mailside/query_gate.hpp>

#include <string>
#include <utility>

namespace mailside {

quipu::QueryHandler QueryGate::handler() {
    return [this](quipu::Query query) { ask(std::move(query)); };
}

void QueryGate::ask(quipu::Query query) {
    const std::lock_guard lock(mutex_);
    if (io_ == nullptr) return query.finish(quipu::AnswerStatus::failed, "the program is starting or ending");
    asio::post(*io_, [io = io_, answer = answer_, query = std::move(query)]() mutable {
        std::string what = "answer about " + std::string(query.topic());
        spawn(io->get_executor(), answer(std::move(query)), std::move(what));
    });
}

void QueryGate::open(asio::io_context& io, Answer answer) {
    const std::lock_guard lock(mutex_);
    io_ = &io;
    answer_ = std::move(answer);
}

void QueryGate::close() {
    const std::lock_guard lock(mutex_);
    io_ = nullptr;
    answer_ = {};
}

}  // namespace mailside
