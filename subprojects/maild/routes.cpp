#include "routes.hpp"

#include <utility>

namespace maild {

namespace {

constexpr int max_alias_depth = 10;

}  // namespace

Routes::Routes(const Options& options, Tally lookup)
    : hostname_(options.hostname), users_(options.users.begin(), options.users.end()), lookup_(std::move(lookup)) {
    for (const Alias& alias : options.aliases) aliases_.emplace(alias.name, alias.target);
    // RFC 5321 wants mail for postmaster to reach someone.
    if (!users_.contains("postmaster") && !aliases_.contains("postmaster") && !users_.empty()) {
        aliases_.emplace("postmaster", *users_.begin() + "@" + hostname_);
    }
    for (const Alias& alias : options.aliases) {
        std::vector<Recipient> recipients;
        if (!expand(alias.name, 0, Tally(), recipients)) {
            throw UsageError(
                "--alias '" + alias.name + "=" + alias.target + "' leads to an unknown user or in a circle"
            );
        }
        for (const Recipient& r : recipients) {
            if (r.kind != Recipient::Kind::forward || options.smarthost) continue;
            throw UsageError("--alias '" + alias.name + "=" + alias.target + "' leaves this host: set --smarthost");
        }
    }
}

Routes::Resolution Routes::resolve(const Address& address) const {
    if (!address.domain.empty() && !is_local_domain(address.domain)) {
        return {Verdict::elsewhere, {{.kind = Recipient::Kind::remote, .address = address.text}}};
    }
    Resolution result;
    if (!expand(lower(address.local), 0, lookup_, result.recipients)) return {Verdict::unknown_user, {}};
    return result;
}

bool Routes::is_local_domain(const std::string& domain) const {
    return domain == hostname_ || domain == "localhost";
}

bool Routes::expand(const std::string& local_part, int depth, const Tally& lookup, std::vector<Recipient>& result)
    const {
    if (depth > max_alias_depth) return false;
    lookup.add();
    // "user+anything" is mail for user, unless the whole is an alias.
    const std::string user = local_part.substr(0, local_part.find('+'));
    const auto [first, last] = aliases_.equal_range(aliases_.contains(local_part) ? local_part : user);
    if (first == last) {
        if (!users_.contains(user)) return false;
        result.push_back({.kind = Recipient::Kind::local, .address = user + "@" + hostname_});
        return true;
    }
    for (auto alias = first; alias != last; ++alias) {
        const std::string& target = alias->second;
        if (target.starts_with('|')) {
            result.push_back({.kind = Recipient::Kind::pipe, .address = target.substr(1)});
            continue;
        }
        Address address;
        if (parse_address(target, address) != PathFault::none) return false;
        if (!address.domain.empty() && !is_local_domain(address.domain)) {
            result.push_back({.kind = Recipient::Kind::forward, .address = target});
        } else if (!expand(lower(address.local), depth + 1, lookup, result)) {
            return false;
        }
    }
    return true;
}

}  // namespace maild
