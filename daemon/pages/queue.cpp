// /debug/queue: mail waiting for delivery. Only the mail daemons know it, so they are asked.
//
// As text it is what chasquid prints, which tools grep. Filter `q`; `page` in HTML always, elsewhere where asked for.
// A queue may be long, so reading, searching and writing it are done in steps (PageWork).
#include <memory>
#include <optional>
#include <utility>

#include "daemon/pages/handlers.hpp"
#include "daemon/pages/json.hpp"
#include "daemon/pages/layout.hpp"
#include "daemon/pages/negotiate.hpp"
#include "daemon/pages/queue_forms.hpp"
#include "daemon/pages/queue_list.hpp"
#include "daemon/pages/steps.hpp"
#include "daemon/pages/target.hpp"
#include "daemon/pages/text.hpp"
#include "daemon/pages/web/assets.hpp"
#include "daemon/pages/when.hpp"

namespace quipu {

namespace {

constexpr std::string_view queue_topic = "queue";
constexpr std::size_t items_per_page = 100;
constexpr std::string_view queue_path = "/debug/queue";

PageText queue_page_text() {
    return {"Queue", queue_path, web::queue_html};
}

Form form_of(const Request& request) {
    return wanted_form(request, Form::text).value_or(Form::text);
}

Response failed(const State& state, Form form, Now now, const Response& error) {
    if (form != Form::html) return error;
    const std::string_view sentence = std::string_view(error.body).substr(0, error.body.size() - 1);
    Response page = html_error(state, now, queue_page_text(), error.status, sentence);
    page.headers = error.headers;
    return page;
}

void vary(Response& response) {
    response.headers.emplace_back("Vary", "Accept");
}

class QueueWork final : public PageWork {
public:
    QueueWork(const Request& request, std::vector<Reply> replies)
        : form_(form_of(request)), needle_(request.needle()), list_(std::move(replies), needle_), json_(piece_) {}

    std::optional<Response> head(const State& state, const Request& request, Now now) override {
        if (!list_.read_some()) return std::nullopt;
        Response response;
        if (list_.queue_count() == 0) {
            response = failed(state, form_, now, no_answer(list_.replies()));
        } else {
            const bool is_paged = form_ == Form::html || request.parameter("page");
            const std::size_t count = list_.matching_count();
            const auto paging = page_of(request, count, is_paged ? items_per_page : count + 1);
            if (!paging) {
                response = error_response(400, "The page is not a number.");
            } else if (!list_.skip_some(paging->begin)) {
                return std::nullopt;
            } else {
                response = begin(state, *paging, now);
            }
        }
        vary(response);
        return response;
    }

    bool more(const State& /*state*/, std::string& body) override {
        if (is_over_) return false;
        while (left_ > 0 && piece_.size() < piece_bytes) {
            const QueueEntry& entry = take();
            if (form_ == Form::json) {
                append_queue_json(json_, item_, entry.emitter);
            } else {
                append_queue_text(piece_, item_);
            }
        }
        if (left_ == 0) {
            is_over_ = true;
            if (form_ == Form::json) json_.close_array().close_object();
            if (form_ == Form::json) piece_ += '\n';
        }
        body += piece_;
        piece_.clear();
        return !is_over_;
    }

    [[nodiscard]] std::size_t bytes() const override { return list_.bytes(); }

private:
    Response begin(const State& state, const Paging& paging, Now now) {
        left_ = paging.end - paging.begin;
        switch (form_) {
            case Form::text: return begin_text(now);
            case Form::json: return begin_json(paging, now);
            case Form::html: return whole_html(state, paging, now);
        }
        return {};
    }

    Response begin_text(Now now) {
        is_over_ = false;
        Response response;
        response.content_type = "text/plain; charset=utf-8";
        std::string& out = response.body;
        out.append("# Queue status\n\ndate: ").append(go_time(now.wall_ns)).append("\nlength: ");
        append_integer(out, list_.total());
        out += '\n';
        for (const std::string& note : list_.notes()) out.append("note: ").append(note).append("\n");
        out += '\n';
        return response;
    }

    Response begin_json(const Paging& paging, Now now) {
        is_over_ = false;
        Response response;
        response.content_type = "application/json; charset=utf-8";
        json_.open_object().key("date").text(iso_time(now.wall_ns)).key("length").integer(list_.total());
        json_.key("matching").integer(std::uint64_t{list_.matching_count()});
        json_.key("page").integer(std::uint64_t{paging.page}).key("pages").integer(std::uint64_t{paging.page_count});
        json_.key("notes").open_array();
        for (const std::string& note : list_.notes()) json_.text(note);
        json_.close_array().key("items").open_array();
        return response;
    }

    // A page of it is short.
    Response whole_html(const State& state, const Paging& paging, Now now) {
        View view;
        view.number("total", list_.total()).number("matching", list_.matching_count()).set("q", needle_).list("items");
        view.flag("is_empty", list_.total() == 0);
        view.flag("has_several_emitters", list_.replies().size() > 1);
        for (const std::string& note : list_.notes()) view.add("notes", std::move(View().set("note", note)));
        while (left_ > 0) {
            const QueueEntry& entry = take();
            view.add("items", queue_row(item_, entry.emitter, now));
        }
        set_paging(view, paging, needle_.empty() ? Link(queue_path) : Link(queue_path).with("q", needle_));
        return html_page(state, now, queue_page_text(), view);
    }

    // The next entry, its item in item_.
    const QueueEntry& take() {
        --left_;
        const QueueEntry* entry = list_.next();
        (void)wire::decode(entry->item, item_);  // it could be read before
        return *entry;
    }

    Form form_;
    std::string needle_;
    QueueList list_;
    std::string piece_;
    JsonWriter json_;  // into piece_
    wire::QueueItem item_;
    std::size_t left_ = 0;  // entries that the response still has to get
    bool is_over_ = true;
};

Finished finish(const State& state, const Request& request, Now now, std::vector<Reply> replies) {
    if (!replies.empty()) return std::make_unique<QueueWork>(request, std::move(replies));
    Response response = failed(state, form_of(request), now, nobody_to_ask(state, queue_topic));
    vary(response);
    return response;
}

}  // namespace

PageResult queue_page(const State& state, const Request& request, Now now) {
    if (!wanted_form(request, Form::text)) {
        return error_response(400, "The format of this page is text, html or json.");
    }
    std::vector<std::uint32_t> emitters = emitters_that_answer(state, queue_topic);
    if (emitters.empty()) return std::get<Response>(finish(state, request, now, {}));
    PageAsk page;
    page.ask.topic = queue_topic;
    page.ask.emitters = std::move(emitters);
    page.finish = finish;
    return page;
}

}  // namespace quipu
