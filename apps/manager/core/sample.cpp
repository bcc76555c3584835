// SPDX-License-Identifier: BSL-1.0
// manager/core/sample.cpp
#include "manager/core/sample.hpp"

#include "manager/core/config.hpp"
#include "manager/core/mixed_bits.hpp"
#include <milter/ascii.hpp>

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

namespace milter::manager {

namespace {

/// FNV-1a over lower-case letters, whose low bits alone would not be spread.
class hash {
public:
    void add(std::string_view text) noexcept {
        for (char const c : text) add_byte(static_cast<unsigned char>(to_lower(c)));
        add_byte(0);
    }
    std::uint64_t value() const noexcept { return mixed_bits(state_); }

private:
    void add_byte(unsigned char byte) noexcept { state_ = (state_ ^ byte) * 0x100000001b3; }

    std::uint64_t state_ = 0xcbf29ce484222325;
};

/// Without the angle brackets of SMTP.
std::string_view bare(std::string_view address) noexcept {
    if (address.size() >= 2 && address.front() == '<' && address.back() == '>')
        return address.substr(1, address.size() - 2);
    return address;
}

std::string_view domain_of(std::string_view address) noexcept {
    auto const at = address.rfind('@');
    return at == address.npos ? std::string_view() : address.substr(at + 1);
}

/// Empty: not known yet.
std::optional<std::string_view> value_of(sample_key by, facts const& known) noexcept {
    switch (by) {
    case sample_key::client_address:
        if (known.client) return wire::without_ipv6_tag(known.client->address);
        break;
    case sample_key::sender_address:
        if (known.sender) return bare(known.sender->address);
        break;
    case sample_key::sender_domain:
        if (known.sender) return domain_of(bare(known.sender->address));
        break;
    case sample_key::session: break;
    }
    return std::nullopt;
}

applicability judge(sample const& of, hash const& key) noexcept {
    return key.value() % whole_share < of.share ? applicability::yes : applicability::no;
}

} // namespace

applicability in_sample(sample const& of, std::string_view name, facts const& known) noexcept {
    if (of.is_whole()) return applicability::yes;
    hash key;
    key.add(name);
    if (of.by == sample_key::session) {
        std::array<char, 20> digits{};
        auto const end = std::to_chars(digits.begin(), digits.end(), known.session).ptr;
        key.add({digits.data(), static_cast<std::size_t>(end - digits.data())});
        return judge(of, key);
    }
    auto const value = value_of(of.by, known);
    if (!value) return applicability::undecided;
    key.add(*value);
    return judge(of, key);
}

sampled_selection::sampled_selection(std::vector<milter_config> const& milters,
                                     std::shared_ptr<selection const> rules)
    : rules_(std::move(rules)) {
    milters_.reserve(milters.size());
    for (auto const& one : milters) milters_.push_back({one.name, one.sample});
}

applicability sampled_selection::of(std::size_t milter, facts const& known) const noexcept {
    auto const& one = milters_[milter];
    auto const chosen = in_sample(one.how, one.name, known);
    if (chosen == applicability::no || !rules_) return chosen;
    auto const applies = rules_->of(milter, known);
    return applies == applicability::yes ? chosen : applies;
}

} // namespace milter::manager
