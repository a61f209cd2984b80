#include "daemon/pages/copies.hpp"

#include <algorithm>
#include <utility>

namespace quipu {

namespace {

bool is_plain(const Request& request) {
    return request.method == Method::get || request.method == Method::head;
}

// No field of a request has a line feed in it.
void write_question(std::string& out, const Request& request) {
    out.clear();
    for (const std::string_view field :
         {request.target,
          request.host,
          request.accept,
          request.accept_encoding,
          request.origin,
          request.sec_fetch_site,
          request.sec_fetch_mode,
          request.sec_fetch_dest}) {
        out.append(field).append("\n");
    }
}

}  // namespace

std::shared_ptr<const Answer> Copies::find(const Request& request, std::uint64_t changes, Now now) {
    if (copies_.empty() || !is_plain(request)) return nullptr;
    write_question(question_, request);
    for (const Copy& copy : copies_) {
        const bool is_fresh = copy.changes == changes && now.steady_ns - copy.made_steady_ns <= copy_ns;
        if (is_fresh && copy.question == question_) return copy.answer;
    }
    return nullptr;
}

void Copies::keep(const Request& request, std::shared_ptr<const Answer> answer, std::uint64_t changes, Now now) {
    const Response& response = answer->response;
    if (!response.is_copied || response.body.size() > max_bytes || !is_plain(request)) return;
    write_question(question_, request);
    if (question_.size() > max_bytes) return;
    const auto is_older = [](const Copy& a, const Copy& b) { return a.made_steady_ns < b.made_steady_ns; };
    const auto is_same = [this](const Copy& copy) { return copy.question == question_; };
    auto place = std::find_if(copies_.begin(), copies_.end(), is_same);
    if (place == copies_.end() && copies_.size() == most) {
        place = std::min_element(copies_.begin(), copies_.end(), is_older);
    } else if (place == copies_.end()) {
        place = copies_.emplace(copies_.end());
    }
    *place = {question_, std::move(answer), changes, now.steady_ns};
}

}  // namespace quipu
