#include "about.hpp"

#include <openssl/evp.h>

#include <algorithm>

#include "go_text.hpp"

namespace relay {

namespace {

constexpr std::size_t max_word_bytes = 200;

// The text without tags, each of which ends a line, and with its entities resolved: a line for each piece of text.
std::vector<std::string> lines_of(std::string_view html) {
    struct Entity {
        std::string_view name;
        char meant;
    };

    constexpr std::array entities = {
        Entity{"&#43;", '+'},
        Entity{"&#34;", '"'},
        Entity{"&#39;", '\''},
        Entity{"&lt;", '<'},
        Entity{"&gt;", '>'},
        Entity{"&amp;", '&'},
    };
    std::vector<std::string> lines(1);
    while (!html.empty()) {
        if (html.front() == '<') {
            html.remove_prefix(std::min(html.find('>'), html.size() - 1) + 1);
            if (!lines.back().empty()) lines.emplace_back();
            continue;
        }
        const auto entity = std::find_if(entities.begin(), entities.end(), [html](const Entity& one) {
            return html.starts_with(one.name);
        });
        if (entity != entities.end()) {
            lines.back() += entity->meant;
            html.remove_prefix(entity->name.size());
        } else if (html.front() == '\n') {
            if (!lines.back().empty()) lines.emplace_back();
            html.remove_prefix(1);
        } else {
            lines.back() += html.front();
            html.remove_prefix(1);
        }
    }
    return lines;
}

// What follows the words at the beginning of a line; empty: no such line.
std::string after(const std::vector<std::string>& lines, std::string_view words, std::size_t* index = nullptr) {
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (!lines[i].starts_with(words)) continue;
        if (index) *index = i;
        return lines[i].substr(words.size(), max_word_bytes);
    }
    return {};
}

}  // namespace

About parse_about(std::string_view html) {
    const std::vector<std::string> lines = lines_of(html);
    About about;
    // The heading, which names the mail domain, begins "chasquid @".
    for (const std::string& line : lines) {
        if (line.starts_with("chasquid ") && !line.starts_with("chasquid @")) {
            about.version = line.substr(9, max_word_bytes);
            break;
        }
    }
    about.started = after(lines, "started ");
    // "Thu, 2026-11-26 22:21:46 +0000"
    const std::size_t comma = about.started.find(", ");
    if (comma != std::string::npos) {
        if (const auto ns = go_time_ns(std::string_view(about.started).substr(comma + 2))) {
            about.started_at = std::chrono::system_clock::time_point(std::chrono::nanoseconds(*ns));
        }
    }
    std::size_t index = 0;
    about.hostname = after(lines, "os hostname ", &index);
    if (about.hostname.empty() && index > 0 && index + 1 < lines.size()) {
        about.hostname = lines[index + 1].substr(0, max_word_bytes);  // in a tag of its own
    }
    return about;
}

std::array<std::uint8_t, 16> instance_of(
    const About& about, const std::vector<std::string>& cmdline, std::uint32_t generation
) {
    std::string facts = "chasquid";
    // Each with its length before it, so that no two lists of facts read the same.
    const auto add = [&facts](std::string_view fact) {
        facts += std::to_string(fact.size());
        facts += ':';
        facts += fact;
    };
    add(about.hostname);
    add(about.started);
    for (const std::string& argument : cmdline) add(argument);
    if (generation > 0) add(std::to_string(generation));
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    std::array<std::uint8_t, 16> instance{};
    if (EVP_Digest(facts.data(), facts.size(), digest.data(), &size, EVP_sha256(), nullptr) == 1) {
        std::copy_n(digest.begin(), instance.size(), instance.begin());
    }
    return instance;
}

}  // namespace relay
