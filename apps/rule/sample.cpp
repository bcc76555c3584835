// SPDX-License-Identifier: BSL-1.0
// rule/sample.cpp
#include "rule/sample.hpp"

#include "rule/backward_hash.hpp"

namespace milter::rule {

namespace {

constexpr std::uint32_t whole = 10'000;

std::uint64_t seed_of(std::string_view salt) noexcept {
    backward_hash hash;
    hash.add(salt);
    return hash.value() * std::uint64_t{0x9e3779b97f4a7c15};
}

} // namespace

sampling::sampling(std::string_view salt) noexcept : seed_(seed_of(salt)) {}

bool sampling::has(type is, value const& of, std::uint32_t share) const noexcept {
    backward_hash hash(seed_);
    if (is == type::ip)
        hash.add(of.address->bytes);
    else
        hash.add(of.text());
    return hash.value() % whole < share;
}

} // namespace milter::rule
