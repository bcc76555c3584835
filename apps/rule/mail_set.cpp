// SPDX-License-Identifier: BSL-1.0
// rule/mail_set.cpp
#include "rule/mail_set.hpp"

#include "rule/domain.hpp"

#include <array>
#include <string>

namespace milter::rule {

namespace {

bool can_be_domain(std::string_view text) noexcept {
    return text.find_first_of(" \t<>\"/") == text.npos;
}

} // namespace

bool mail_set::add(std::string_view entry) {
    auto const address = parse_mail_address(entry);
    bool const is_domain = address.whole.size() == address.local.size();
    if (!can_be_domain(is_domain ? address.whole : address.domain)) return false;
    bool const has_star = address.local == "*" || address.domain.find('*') != address.domain.npos;
    if (has_star && !address.local.empty() && !is_domain)
        return false; // nobody's address, but what other programs take for all
    if (address.is_null) {
        has_null_ = has_null_ || !entry.empty();
        return !entry.empty();
    }
    if (is_domain) return domains_.add(address.whole);
    if (address.local.empty()) return domains_.add(address.domain);
    std::array<char, longest_local_part> buffer{};
    std::string local(unquoted(address.local, buffer));
    if (address.domain.empty()) {
        users_[local] = 1;
    } else {
        addresses_[local + "@" + normal_domain(address.domain)] = 1;
    }
    return true;
}

bool mail_set::has(mail_address const& address) const noexcept {
    if (address.is_null) return has_null_;
    auto domain = address.domain;
    while (!domain.empty() && domain.back() == '.') domain.remove_suffix(1);
    for (char const c : domain)
        if ((c & 0x80) != 0) return has_at(address, normal_domain(domain));
    return has_at(address, domain); // the tables do not regard case
}

bool mail_set::has_at(mail_address const& address, std::string_view domain) const noexcept {
    if (domains_.has(domain)) return true;
    std::array<char, longest_local_part> buffer; // NOLINT: unquoted() writes what it gives
    auto const local = unquoted(address.local, buffer);
    return users_.find(local) || addresses_.find({local, "@", domain});
}

} // namespace milter::rule
