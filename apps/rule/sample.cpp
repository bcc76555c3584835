// SPDX-License-Identifier: BSL-1.0
// rule/sample.cpp
#include "rule/sample.hpp"

#include "rule/text_compare.hpp"

namespace milter::rule {

namespace {

constexpr std::uint64_t whole = 10'000;

/// FNV-1a, whose low bits alone would not be spread.
class hash {
public:
    explicit hash(std::uint64_t state) noexcept : state_(state) {}

    void add(std::string_view text) noexcept {
        for (char const c : text) add_byte(static_cast<unsigned char>(lower_ascii(c)));
        add_byte(0);
    }
    void add_byte(unsigned char byte) noexcept { state_ = (state_ ^ byte) * 0x100000001b3; }

    std::uint64_t state() const noexcept { return state_; }
    /// The finalizer of MurmurHash3: every bit depends on every other.
    std::uint64_t value() const noexcept {
        auto bits = state_;
        bits = (bits ^ (bits >> 33)) * 0xff51afd7ed558ccd;
        bits = (bits ^ (bits >> 33)) * 0xc4ceb9fe1a85ec53;
        return bits ^ (bits >> 33);
    }

private:
    std::uint64_t state_;
};

std::uint64_t salted(std::string_view salt) noexcept {
    hash key(0xcbf29ce484222325);
    key.add(salt);
    return key.state();
}

} // namespace

sampling::sampling(std::string_view salt) noexcept : salted_(salted(salt)) {}

bool sampling::has(type is, value const& of, std::uint32_t share) const noexcept {
    hash key(salted_);
    if (is == type::ip)
        for (auto const byte : of.address->bytes) key.add_byte(byte);
    else
        key.add(of.text);
    return key.value() % whole < share;
}

} // namespace milter::rule
