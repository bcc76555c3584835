// SPDX-License-Identifier: BSL-1.0
// manager/config/config_order_check.cpp
#include "manager/config/config_order_check.hpp"

#include "manager/config/printable.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

namespace {

using places_of_milters = std::vector<std::size_t>;

places_of_milters enabled(config const& in, places_of_milters all) {
    std::erase_if(all, [&](std::size_t one) { return !in.milters[one].enabled; });
    return all;
}

std::string list_of(config const& in, places_of_milters const& order) {
    std::string out;
    for (auto const one : order) (out += out.empty() ? "" : ", ") += in.milters[one].name;
    return out;
}

/// "dmarc comes after dkim, about which the rule "chain" asks": of each that was written before another that it comes after.
std::string reasons(config const& in, places_of_milters const& written) {
    std::string out;
    auto const& book = *in.book;
    for (auto at = written.begin(); at != written.end(); ++at) {
        auto const& one = book.milters()[*at];
        for (std::size_t i = 0; i < one.after.size(); ++i) {
            if (std::find(at, written.end(), one.after[i]) == written.end()) continue;
            auto const by = one.asked_by[i]
                                ? "the rule " + in_quotes(book.rules()[*one.asked_by[i]].name)
                                : std::string("its when");
            (out += out.empty() ? "" : "; ") += in.milters[*at].name + " comes after " +
                                                in.milters[one.after[i]].name + ", about which " +
                                                by + " asks";
        }
    }
    return out;
}

class order_check {
public:
    order_check(config const& what, value_places const& places, problem_list& problems)
        : config_(what), places_(places), problems_(problems) {}

    void check_file() {
        bool const is_used =
            std::any_of(config_.listens.begin(), config_.listens.end(),
                        [](listen_config const& one) { return one.profile.empty(); });
        if (!is_used) return;
        auto const written = enabled(config_, written_order(config_, nullptr));
        auto const asked = enabled(config_, asked_order(config_, nullptr));
        auto const differs = std::mismatch(written.begin(), written.end(), asked.begin()).first;
        if (differs == written.end()) return;
        tell("milter[" + std::to_string(*differs) + "].name", "milters are", written, asked);
    }

    void check_profile(std::size_t i) {
        auto const& profile = config_.profiles[i];
        auto const written = enabled(config_, written_order(config_, &profile));
        auto const asked = enabled(config_, asked_order(config_, &profile));
        if (written != asked)
            tell("profile[" + std::to_string(i) + "].milters",
                 "milters of the profile " + in_quotes(profile.name) + " are", written, asked);
    }

private:
    void tell(std::string const& path, std::string const& who, places_of_milters const& written,
              places_of_milters const& asked) {
        auto const at = places_.find(path);
        if (at == places_.end()) return; // what was refused has been told
        problems_.note(
            at->second,
            who + " asked in another order than they are written: " + list_of(config_, asked),
            reasons(config_, written));
    }

    config const& config_;
    value_places const& places_;
    problem_list& problems_;
};

} // namespace

void check_orders(config const& what, value_places const& places, problem_list& problems) {
    if (!what.book) return;
    order_check check(what, places, problems);
    check.check_file();
    for (std::size_t i = 0; i < what.profiles.size(); ++i) check.check_profile(i);
}

} // namespace milter::manager
