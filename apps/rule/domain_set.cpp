// SPDX-License-Identifier: BSL-1.0
// rule/domain_set.cpp
#include "rule/domain_set.hpp"

#include "rule/domain.hpp"

#include <algorithm>

namespace milter::rule {

namespace {

enum meaning : std::uint32_t { itself = 1, under_it = 2 };

std::size_t labels_of(std::string_view name) noexcept {
    return 1 + static_cast<std::size_t>(std::count(name.begin(), name.end(), '.'));
}

std::size_t dot_before(std::string_view name, std::size_t dot) noexcept {
    return dot == 0 ? name.npos : name.rfind('.', dot - 1);
}

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
    (means == itself ? itself_ : under_it_).add(labels_of(name));
    return true;
}

bool domain_set::has(std::string_view normal) const noexcept {
    std::size_t labels = 1;
    for (auto dot = normal.rfind('.'); dot != normal.npos; dot = dot_before(normal, dot)) {
        auto const parent = normal.substr(dot + 1);
        if (parent.size() > names_.longest()) return false;
        if (under_it_.has(labels) && has(parent, under_it)) return true;
        ++labels;
    }
    return itself_.has(labels) && has(normal, itself);
}

bool domain_set::has(std::string_view name, std::uint32_t meant) const noexcept {
    auto const known = names_.find(name);
    return known && (*known & meant) != 0;
}

} // namespace milter::rule
