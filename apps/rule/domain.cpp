// SPDX-License-Identifier: BSL-1.0
// rule/domain.cpp
#include "rule/domain.hpp"

#include <milter/ascii.hpp>

#include <idn2.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>

namespace milter::rule {

namespace {

// Four bytes of UTF-8 for each of 253 characters, RFC 1035 2.3.4: what is longer is no name.
constexpr std::size_t longest_unicode_name = 1'012;

bool is_ascii(std::string_view text) noexcept {
    return std::none_of(text.begin(), text.end(), [](char c) { return (c & 0x80) != 0; });
}

std::string_view without_final_dots(std::string_view text) noexcept {
    while (!text.empty() && text.back() == '.') text.remove_suffix(1);
    return text;
}

struct idn2_deleter {
    void operator()(char* text) const noexcept { idn2_free(text); }
};

std::optional<std::string> with_a_labels(std::string const& name) {
    if (name.size() > longest_unicode_name || name.find('\0') != name.npos) return std::nullopt;
    std::uint8_t* out = nullptr;
    auto const status = idn2_lookup_u8(reinterpret_cast<std::uint8_t const*>(name.c_str()), &out,
                                       IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    std::unique_ptr<char, idn2_deleter> const owned(reinterpret_cast<char*>(out));
    if (status != IDN2_OK || !owned) return std::nullopt;
    return std::string(owned.get());
}

} // namespace

std::string normal_domain(std::string_view text) {
    auto const bare = without_final_dots(text);
    if (is_ascii(bare)) return to_lower(bare);
    auto const converted = with_a_labels(std::string(bare));
    return to_lower(without_final_dots(converted ? std::string_view(*converted) : bare));
}

bool is_plain_domain(std::string_view text) noexcept {
    if (!text.empty() && text.back() == '.') return false;
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return (c & 0x80) == 0 && c == to_lower(c); });
}

bool is_under(std::string_view name, std::string_view parent) noexcept {
    if (parent.empty() || !name.ends_with(parent)) return false;
    auto const rest = name.size() - parent.size();
    return rest == 0 || name[rest - 1] == '.';
}

} // namespace milter::rule
