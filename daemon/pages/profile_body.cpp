#include "daemon/pages/profile_body.hpp"

#include <algorithm>
#include <utility>

#include "daemon/pages/gzip.hpp"
#include "daemon/pages/text.hpp"
#include "daemon/profile/legacy_text.hpp"

namespace quipu {

namespace {

constexpr std::string_view binary = "application/octet-stream";
constexpr std::string_view text_type = "text/plain; charset=utf-8";

// Text as it comes: it may be pages of addresses and names, and what it says of itself is not to be trusted, but a
// type of plain text without sniffing makes it harmless.
bool looks_like_text(std::string_view body) {
    const std::string_view front = body.substr(0, 4096);
    return front.find('\0') == std::string_view::npos && is_utf8(front.substr(0, front.rfind('\n')));
}

Response attachment(std::string body, std::string_view name) {
    Response response;
    response.content_type = binary;
    response.body = std::move(body);
    std::string disposition = "attachment; filename=\"";
    response.headers.emplace_back("Content-Disposition", disposition.append(name).append("\""));
    return response;
}

std::optional<ProfileData> profile_in(std::string_view body) {
    if (!is_gzip(body)) return read_profile(body);
    const std::optional<std::string> unfolded = gunzip(body, ProfileLimits{}.bytes);
    return unfolded ? read_profile(*unfolded) : std::nullopt;
}

// Every address has its functions already, as those of a Go program have.
bool has_all_names(const ProfileData& profile) {
    return std::none_of(profile.locations.begin(), profile.locations.end(), [](const ProfileLocation& location) {
        return location.lines.empty();
    });
}

}  // namespace

std::optional<ProfileData> named_profile(std::string_view body, std::int32_t pid, const JobTools& tools) {
    std::optional<ProfileData> profile = profile_in(body);
    if (profile) tools.symbols.add_names(*profile, pid, tools.is_cancelled);
    return profile;
}

Response profile_file(const ProfileData& profile, std::string_view name) {
    return attachment(gzip_whole(write_profile(profile)), std::string(name) + ".pb.gz");
}

Response plain_text(std::string text) {
    Response response;
    response.content_type = text_type;
    response.body = std::move(text);
    return response;
}

Response unchanged(std::string body, std::string_view name) {
    if (is_gzip(body)) return attachment(std::move(body), std::string(name) + ".pb.gz");
    if (looks_like_text(body)) return plain_text(std::move(body));
    return attachment(std::move(body), name);
}

PageJob::Render rendered(Response response) {
    return [response = std::move(response)](const State&, const Request&, Now) { return response; };
}

PageJob profile_job(std::string body, std::int32_t pid, std::string name, bool is_text_wanted) {
    return {[body = std::move(body), pid, name = std::move(name), is_text_wanted](const JobTools& tools) {
        std::optional<ProfileData> profile = profile_in(body);
        const bool is_whole = profile && is_gzip(body) && has_all_names(*profile);
        if (is_whole && !is_text_wanted) return rendered(unchanged(body, name));
        if (profile) tools.symbols.add_names(*profile, pid, tools.is_cancelled);
        if (profile && is_text_wanted) {
            const std::string title = name == "profile" ? "cpu" : name;
            const std::string text = legacy_text(*profile, title, shown_sample_type(*profile));
            return rendered(plain_text(visible(text, Lines::kept)));
        }
        if (profile) return rendered(profile_file(*profile, name));
        return rendered(unchanged(body, name));
    }};
}

}  // namespace quipu
