// SPDX-License-Identifier: BSL-1.0
// manager/core/sample.hpp - a milter that applies to a share of the mail only: the same clients or senders each time
//
// Chosen by a hash and not by chance, so that a client that comes again, after a reload, or to another host with the same
// configuration is treated alike. Each milter has a sample of its own.
#pragma once

#include "manager/core/selection.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

struct milter_config;

/// What is in a sample as a whole, or not at all.
enum class sample_key { client_address, sender_address, sender_domain, session };

inline constexpr unsigned whole_share = 10'000; ///< 100 %: shares are in hundredths of a percent

struct sample {
    unsigned share = whole_share;
    sample_key by = sample_key::client_address;

    bool is_whole() const noexcept { return share >= whole_share; }
};

/// @param name  of the milter
/// @return  undecided: the key is not known yet
applicability in_sample(sample const& of, std::string_view name, facts const& known) noexcept;

/// The rules, for what is in the samples of the milters; nothing else is theirs.
class sampled_selection final : public selection {
public:
    /// @param rules  may be null: everything in the sample
    sampled_selection(std::vector<milter_config> const& milters,
                      std::shared_ptr<selection const> rules);

    applicability of(std::size_t milter, facts const& known) const noexcept override;

private:
    struct entry {
        std::string name;
        sample how;
    };
    std::vector<entry> milters_;
    std::shared_ptr<selection const> rules_;
};

} // namespace milter::manager
