// What a page is: const State& and a request in, a response out, or a question to emitters first. No sockets here.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "daemon/core/now.hpp"
#include "daemon/core/queries.hpp"
#include "daemon/core/state.hpp"
#include "daemon/profile/symbols.hpp"

namespace quipu {

enum class Method : std::uint8_t { get, head, post, other };

// Views live as long as the request's bytes, at least until the response is made.
struct Request {
    Method method = Method::get;
    std::string_view target;  // as sent: path and query
    std::string_view host;    // Host header, empty: absent
    std::string_view accept;
    std::string_view accept_encoding;
    std::string_view origin;
    std::string_view sec_fetch_site;
    std::string_view sec_fetch_mode;  // with sec_fetch_dest: a link that a person followed is let in
    std::string_view sec_fetch_dest;
    std::string_view last_event_id;  // of a stream that is taken up again
    std::string_view body;           // of a POST
    bool is_http_1_0 = false;
    // Set by dispatch():
    std::string path;                                             // percent-decoded
    std::vector<std::pair<std::string, std::string>> parameters;  // decoded, in order

    // The first value of that name; nullptr: not given.
    [[nodiscard]] const std::string* parameter(std::string_view name) const;
    // What is looked for: the parameter q, up to a length that nobody types.
    [[nodiscard]] std::string needle() const;
};

struct Response {
    unsigned status = 200;
    std::string content_type = "text/html; charset=utf-8";
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;  // beside those that every response gets
    bool shows_counts = true;                                  // they must be kept before it leaves
    bool is_copied = false;                                    // who asks the same next may get a copy (copies.hpp)
};

// A response that takes long to make. It is made and sent in steps of a millisecond or so, and between two of them
// everybody else has a turn.
class PageWork {
public:
    PageWork() = default;
    virtual ~PageWork() = default;
    PageWork(const PageWork&) = delete;
    PageWork& operator=(const PageWork&) = delete;

    // A step towards the head; nothing: more steps are needed. Its body is how the body begins.
    virtual std::optional<Response> head(const State& state, const Request& request, Now now) = 0;
    // Once the head is there: appends the next piece of the body. false: that was the last.
    virtual bool more(const State& state, std::string& body) = 0;
    // What it holds in memory, by and large.
    [[nodiscard]] virtual std::size_t bytes() const = 0;
};

// What a job may use on its thread.
struct JobTools {
    Symbols& symbols;
    const std::atomic<bool>& is_cancelled;  // nobody waits for it any more
};

// A response that takes long to make and cannot be made in steps: names for addresses, compression. `run` is called on
// a worker, with values that it owns and without State; what it returns is called on the loop, with the request, and is
// quick.
struct PageJob {
    using Render = std::function<Response(const State&, const Request&, Now)>;
    std::function<Render(const JobTools&)> run;
};

using Finished = std::variant<Response, std::unique_ptr<PageWork>, PageJob>;

// A page that only the mail daemon can answer: ask, then make the response of the replies.
struct PageAsk {
    Ask ask;
    std::function<Finished(const State&, const Request&, Now, std::vector<Reply>)> finish;
    bool is_of_quipud = false;  // quipud itself is asked, and nobody else: one reply, of emitter 0
};

// A response that goes on: `head` with its body first, then whatever next() gives, asked for a few times a second while
// the client keeps up. A slow client is simply asked for less often: `next` holds a position, not a backlog.
struct PageStream {
    Response head;
    std::string heartbeat;  // sent when there was nothing else for a while
    std::function<std::string(const State&, Now)> next;
};

using PageResult = std::variant<Response, PageAsk, PageStream, std::unique_ptr<PageWork>>;

// One row of THE list of endpoints, in table.cpp.
struct Endpoint {
    std::string_view path;   // exact, or a prefix where it ends in "/" and is not "/"
    std::string_view title;  // in the navigation; empty: not for people
    std::string_view about;  // one line for the index; empty: not listed there
    PageResult (*handler)(const State&, const Request&, Now);
    bool is_quick = false;    // needs no turn: answered at once, whatever large pages are being made
    bool takes_post = false;  // for questions too long for a target: a POST changes no more than a GET does
};

std::span<const Endpoint> endpoints();

// The target names a page that is quick.
bool is_quick(std::string_view target);

// The name under which a page, and all below it, can be switched off: "/debug/traces/stream" is of "traces", "/metrics"
// is "metrics", "/" is "index". Empty: files that pages are made of.
std::string_view page_name(std::string_view path);

// Each once, in the order of the table.
std::vector<std::string_view> page_names();

bool is_disabled(const State& state, std::string_view path);

// Finds the row and calls it: 404, 403 for a page that is switched off, 405 with Allow, 400 for a target that cannot be
// decoded. Adds the headers that every response gets (CSP, nosniff, no-store, frame denial). HEAD is answered as GET;
// the edge leaves the body out.
PageResult dispatch(const State& state, Request& request, Now now);

// What dispatch() refuses whoever asks: a target that cannot be decoded, another host's name, another site's request.
std::optional<Response> refusal_at_door(const State& state, const Request& request);

// The headers that every response gets, also those that the edge makes itself (408, 413, 414, 431).
void add_common_headers(Response& response);

// An error as a page of its own: text/plain, one sentence.
Response error_response(unsigned status, std::string_view sentence);

}  // namespace quipu
