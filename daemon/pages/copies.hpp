// Answers of a moment ago. Who asks the same while nothing has changed gets the same bytes, so that many scrapers cost
// little more than one. On such a page only what quipud counts of its own answers may be behind, by copy_ns at most.
//
// Bounded: `most` answers of max_bytes each, the oldest gives way.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "daemon/pages/page.hpp"

namespace quipu {

// One answer, for one or many who asked.
struct Answer {
    Response response;
    std::string head;  // what goes out before the body to who stays and speaks HTTP/1.1; empty: made at each time
};

class Copies {
public:
    static constexpr std::int64_t copy_ns = 100'000'000;
    static constexpr std::size_t most = 8;
    static constexpr std::size_t max_bytes = std::size_t{256} * 1024;

    // `changes`: a number that is another one whenever something has changed since. Null: there is no such answer.
    [[nodiscard]] std::shared_ptr<const Answer> find(const Request& request, std::uint64_t changes, Now now);
    // Whole answers that are is_copied; others are not kept.
    void keep(const Request& request, std::shared_ptr<const Answer> answer, std::uint64_t changes, Now now);

private:
    struct Copy {
        std::string question;  // all of a request that an answer may depend on
        std::shared_ptr<const Answer> answer;
        std::uint64_t changes = 0;
        std::int64_t made_steady_ns = 0;
    };

    std::vector<Copy> copies_;
    std::string question_;  // of the request at hand
};

}  // namespace quipu
