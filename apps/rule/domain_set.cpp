// SPDX-License-Identifier: BSL-1.0
// rule/domain_set.cpp
#include "rule/domain_set.hpp"

#include "rule/domain.hpp"

namespace milter::rule {

namespace {

enum meaning : std::uint32_t { itself = 1, under_it = 2 };

} // namespace

bool domain_set::add(std::string_view entry) {
    auto means = itself;
    if (entry.starts_with("*.")) entry.remove_prefix(1);
    if (entry.starts_with(".")) {
        entry.remove_prefix(1);
        means = under_it;
    }
    auto const name = normal_domain(entry);
    bool const matches_nothing = name.empty() || name.front() == '.' || name.find('*') != name.npos;
    if (matches_nothing) return false;
    auto& known = names_[name];
    if ((known & means) == 0) ++size_;
    known |= means;
    return true;
}

bool domain_set::has(std::string_view normal) const noexcept {
    backward_hash hash;
    for (auto i = normal.size(); i > 0; --i) {
        if (normal[i - 1] == '.') {
            auto const parent = normal.substr(i);
            if (parent.size() > names_.longest()) return false;
            auto const means = names_.find(hash.value(), {parent});
            if (means && (*means & under_it) != 0) return true;
        }
        hash.add(normal[i - 1]);
    }
    auto const means = names_.find(hash.value(), {normal});
    return means && (*means & itself) != 0;
}

} // namespace milter::rule
