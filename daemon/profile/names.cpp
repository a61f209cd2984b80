#include "daemon/profile/names.hpp"

#include <cxxabi.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <memory>

namespace quipu {

namespace {

// Templates of templates make names that nobody reads to their end.
constexpr std::size_t max_mangled_bytes = 8 * 1024;
constexpr std::size_t max_name_bytes = 1024;

bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$';
}

class Shortener {
public:
    explicit Shortener(std::string_view text) : text_(text) {}

    std::string run() {
        while (at_ < text_.size()) step();
        return std::move(out_);
    }

private:
    [[nodiscard]] bool is_next(std::string_view word) const { return text_.substr(at_).starts_with(word); }

    void copy(std::size_t n) {
        out_.append(text_.substr(at_, n));
        at_ = std::min(at_ + n, text_.size());
    }

    // From an opening bracket to behind the closing one. What stands in between may hold operators such as "->".
    void skip_brackets() {
        int depth = 0;
        for (; at_ < text_.size(); ++at_) {
            const char c = text_[at_];
            const bool is_arrow = c == '>' && at_ > 0 && text_[at_ - 1] == '-';
            if (c == '<' || c == '(') ++depth;
            if ((c == '>' && !is_arrow) || c == ')') --depth;
            if (depth > 0) continue;
            ++at_;
            return;
        }
    }

    // "operator<", "operator()", "operator new[]": its signs are no brackets.
    bool take_operator() {
        constexpr std::string_view word = "operator";
        if (!is_next(word) || (!out_.empty() && is_word(out_.back()))) return false;
        const std::size_t after = at_ + word.size();
        if (after >= text_.size() || is_word(text_[after])) return false;
        copy(word.size());
        if (is_next("()") || is_next("[]")) {
            copy(2);
        } else if (is_next(" ")) {
            copy(text_.substr(at_).find_first_of("(<"));  // a conversion, or new and delete
        } else {
            // "operator< <int>" is the template of operator<.
            while (at_ < text_.size() && !is_word(text_[at_]) && text_[at_] != '(' && text_[at_] != ' ') copy(1);
            if (is_next(" <")) ++at_;
        }
        return true;
    }

    void step() {
        constexpr std::string_view anonymous = "(anonymous namespace)";
        if (is_next(anonymous)) return copy(anonymous.size());
        if (take_operator()) return;
        const char c = text_[at_];
        if (c == '<' || c == '(') {
            skip_brackets();
            return skip_qualifiers();
        }
        if (is_next(" [clone")) {
            at_ = text_.size();
        } else if (c == ' ') {  // what came before was a return type, or "non-virtual thunk to"
            out_.clear();
            ++at_;
        } else {
            copy(1);
        }
    }

    // After parameters: " const", " &&".
    void skip_qualifiers() {
        for (const std::string_view word : {" const", " volatile", " &&", " &", " noexcept"}) {
            if (!is_next(word)) continue;
            const std::size_t after = at_ + word.size();
            const bool is_whole = after == text_.size() || !is_word(text_[after]);
            if (is_whole) at_ = after;
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::string out_;
};

}  // namespace

std::string short_function_name(std::string_view demangled) {
    std::string name = Shortener(demangled).run();
    if (name.empty()) name = demangled;
    if (name.size() > max_name_bytes) name.replace(max_name_bytes - 3, std::string::npos, "...");
    return name;
}

std::string readable_function_name(const std::string& system_name) {
    if (!system_name.starts_with("_Z") || system_name.size() > max_mangled_bytes) {
        return system_name.substr(0, max_name_bytes);
    }
    int status = 0;

    struct Free {
        void operator()(char* text) const { std::free(text); }
    };

    const std::unique_ptr<char, Free> text(abi::__cxa_demangle(system_name.c_str(), nullptr, nullptr, &status));
    return text ? short_function_name(text.get()) : system_name.substr(0, max_name_bytes);
}

}  // namespace quipu
