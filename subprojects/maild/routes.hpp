// Where mail for an address goes: to a local user, through aliases to commands or other addresses, or out. Pure but
// for the count of alias look-ups.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "counts.hpp"
#include "options.hpp"
#include "queue_file.hpp"

namespace maild {

class Routes {
public:
    // lookup counts each look-up of an alias. Throws UsageError for an alias that leads nowhere.
    Routes(const Options& options, Tally lookup);

    enum class Verdict : std::uint8_t { local, elsewhere, unknown_user };

    struct Resolution {
        Verdict verdict = Verdict::local;
        std::vector<Recipient> recipients;  // none where the user is unknown
    };

    [[nodiscard]] Resolution resolve(const Address& address) const;

private:
    [[nodiscard]] bool is_local_domain(const std::string& domain) const;
    // Appends to result; false where a user is unknown or aliases go in circles.
    bool expand(const std::string& local_part, int depth, const Tally& lookup, std::vector<Recipient>& result) const;

    std::string hostname_;
    std::set<std::string> users_;
    std::multimap<std::string, std::string> aliases_;
    Tally lookup_;
};

}  // namespace maild
