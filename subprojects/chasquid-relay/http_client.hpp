// GET requests to chasquid's monitoring address, over one connection that is kept. Bodies are bounded, every wait has a
// deadline. One request at a time.
#pragma once

#include <mailside/wire.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "target.hpp"

namespace relay {

namespace asio = mailside::asio;

struct Reply {
    // Not empty: what went wrong, half a sentence: "does not answer: Connection refused". The rest says nothing then.
    std::string error;
    unsigned status = 0;
    std::string body;
};

// How long a request may take, and how much may come.
struct Allowance {
    std::chrono::milliseconds first_byte{5000};  // of the head of the reply
    std::chrono::milliseconds silence{5000};     // between two pieces of it
    std::chrono::milliseconds whole{10'000};
    std::size_t body_bytes = 32 * 1024 * 1024;
};

class HttpClient {
public:
    // The context outlives it; used where the target is https.
    HttpClient(asio::any_io_executor executor, Target target, asio::ssl::context& tls);
    ~HttpClient();

    // false: the next request connects anew.
    [[nodiscard]] bool is_connected() const { return wire_ != nullptr; }

    // `path` is a path and query, encoded.
    mailside::awaitable<Reply> get(std::string path, Allowance allowance);

    // The body of a good reply (200) in pieces, each as soon as it is there; of any other it is in Reply. `take`
    // returns false when it wants no more; where it is empty, a good body is in Reply, too.
    using Take = std::function<mailside::awaitable<bool>(std::string piece)>;
    mailside::awaitable<Reply> stream(std::string path, Allowance allowance, Take take);

    // Ends the present request, from elsewhere on the loop.
    void interrupt();
    void close();

private:
    mailside::awaitable<std::string> connect(mailside::Clock::time_point deadline);

    asio::any_io_executor executor_;
    Target target_;
    asio::ssl::context& tls_;
    std::shared_ptr<mailside::Wire> wire_;
    bool is_interrupted_ = false;
};

// "%" and two digits for whatever a query's value may not hold as it is.
std::string percent_encoded(std::string_view text);

}  // namespace relay
