// SPDX-License-Identifier: BSL-1.0
// rule/ip.cpp
#include "rule/ip.hpp"

#include <milter/wire/command.hpp>
#include <milter/wire/describe.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <span>

namespace milter::rule {

namespace {

constexpr std::size_t groups_of_v6 = 8;
constexpr std::size_t longest_address = 45; // INET6_ADDRSTRLEN less its NUL
constexpr std::array<std::uint8_t, 12> v4_front{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// @param end  where the number must end
std::optional<unsigned> whole_number(std::string_view text, unsigned limit) noexcept {
    if (text.empty() || text.size() > 3 || !std::all_of(text.begin(), text.end(), is_digit))
        return std::nullopt;
    if (text.size() > 1 && text.front() == '0') return std::nullopt;
    unsigned value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value <= limit ? std::optional(value) : std::nullopt;
}

bool parse_octets(std::string_view text, std::span<std::uint8_t, 4> out) noexcept {
    for (std::size_t i = 0; i < out.size(); ++i) {
        auto const end = i + 1 < out.size() ? text.find('.') : text.size();
        if (end == text.npos) return false;
        auto const octet = whole_number(text.substr(0, end), 255);
        if (!octet) return false;
        out[i] = static_cast<std::uint8_t>(*octet);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return true;
}

/// The groups on one side of "::".
struct group_run {
    std::array<std::uint8_t, 16> bytes{};
    std::size_t size = 0; // bytes
};

bool append_group(group_run& run, std::string_view digits) noexcept {
    if (digits.empty() || digits.size() > 4 || run.size + 2 > run.bytes.size()) return false;
    std::uint16_t value = 0;
    auto const end = digits.data() + digits.size();
    if (std::from_chars(digits.data(), end, value, 16).ptr != end) return false;
    run.bytes[run.size++] = static_cast<std::uint8_t>(value >> 8);
    run.bytes[run.size++] = static_cast<std::uint8_t>(value & 0xff);
    return true;
}

bool append_octets(group_run& run, std::string_view text) noexcept {
    if (run.size + 4 > run.bytes.size()) return false;
    std::array<std::uint8_t, 4> octets{};
    if (!parse_octets(text, octets)) return false;
    std::copy(octets.begin(), octets.end(), run.bytes.begin() + static_cast<long>(run.size));
    run.size += octets.size();
    return true;
}

enum class run_place { before_gap, at_end };

/// @param text  empty: no groups
bool parse_groups(std::string_view text, run_place place, group_run& run) noexcept {
    while (!text.empty()) {
        auto const colon = text.find(':');
        auto const group = text.substr(0, colon);
        bool const last = colon == text.npos;
        if (last && place == run_place::at_end && group.find('.') != group.npos)
            return append_octets(run, group);
        if (!append_group(run, group)) return false;
        if (last) return true;
        text.remove_prefix(colon + 1);
        if (text.empty()) return false;
    }
    return true;
}

ip of_bytes(std::array<std::uint8_t, 16> const& bytes) noexcept {
    return {bytes, !std::equal(v4_front.begin(), v4_front.end(), bytes.begin())};
}

std::optional<ip> parse_v4(std::string_view text) noexcept {
    ip out;
    std::copy(v4_front.begin(), v4_front.end(), out.bytes.begin());
    if (!parse_octets(text, std::span(out.bytes).last<4>())) return std::nullopt;
    return out;
}

std::optional<ip> parse_v6(std::string_view text) noexcept {
    group_run front, back;
    auto const gap = text.find("::");
    if (gap == text.npos) {
        if (!parse_groups(text, run_place::at_end, front) || front.size != 16) return std::nullopt;
        return of_bytes(front.bytes);
    }
    if (!parse_groups(text.substr(0, gap), run_place::before_gap, front)) return std::nullopt;
    if (!parse_groups(text.substr(gap + 2), run_place::at_end, back)) return std::nullopt;
    if (front.size + back.size > 2 * (groups_of_v6 - 1)) return std::nullopt;
    auto const tail = back.bytes.begin() + static_cast<long>(back.size);
    std::copy_backward(back.bytes.begin(), tail, front.bytes.end());
    return of_bytes(front.bytes);
}

std::uint16_t group_at(ip const& address, std::size_t index) noexcept {
    return static_cast<std::uint16_t>(address.bytes[2 * index] << 8 | address.bytes[2 * index + 1]);
}

struct zero_run {
    std::size_t begin = groups_of_v6, size = 1; // of one alone no "::" is made
};

/// The longest, and of equal ones the first.
zero_run longest_zeros(ip const& address) noexcept {
    zero_run best;
    for (std::size_t i = 0; i < groups_of_v6; ++i) {
        auto end = i;
        while (end < groups_of_v6 && group_at(address, end) == 0) ++end;
        if (end - i > best.size) best = {i, end - i};
        i = end;
    }
    return best;
}

/// The bits of a byte that a prefix fixes, which begins `bits` before the byte ends.
std::uint8_t mask_of(unsigned fixed, unsigned byte) noexcept {
    auto const bits = fixed > 8 * byte ? std::min(fixed - 8 * byte, 8U) : 0U;
    return static_cast<std::uint8_t>(0xff00U >> bits);
}

ip without_host_bits(ip const& address, unsigned fixed) noexcept {
    auto out = address;
    for (unsigned i = 0; i < 16; ++i) out.bytes[i] &= mask_of(fixed, i);
    return out;
}

std::string address_problem(std::string_view text) {
    auto const shown = wire::quoted(text);
    if (!text.empty() && text.front() == '[') return shown + ": write the address without brackets";
    if (text.find('%') != text.npos) return shown + ": an address with a zone cannot be compared";
    return shown + " is not an IP address";
}

/// Length of a prefix that is written behind `base`, in the bits of its family.
std::optional<unsigned> length_of(std::string_view digits, ip const& base, bool written_as_v6) {
    auto const length = whole_number(digits, written_as_v6 ? 128 : 32);
    if (!length || base.is_v6 || !written_as_v6) return length;
    return *length >= v4_offset ? std::optional(*length - v4_offset) : std::nullopt;
}

} // namespace

std::optional<ip> parse_ip(std::string_view text) noexcept {
    auto const bare = wire::without_ipv6_tag(text);
    if (bare.size() > longest_address) return std::nullopt;
    if (bare.find(':') != bare.npos) return parse_v6(bare);
    return bare.size() == text.size() ? parse_v4(text) : std::nullopt;
}

ip_text::ip_text(ip const& address) noexcept { // NOLINT: text_ is written as far as size_ says
    address.is_v6 || address == ip() ? append_v6(address) : append_v4(address);
}

void ip_text::append(std::string_view text) noexcept {
    std::copy(text.begin(), text.end(), text_.begin() + static_cast<long>(size_));
    size_ += text.size();
}

void ip_text::append(unsigned number, int base) noexcept {
    auto const end = std::to_chars(text_.data() + size_, text_.data() + text_.size(), number, base);
    size_ = static_cast<std::size_t>(end.ptr - text_.data());
}

void ip_text::append_v4(ip const& address) noexcept {
    for (std::size_t i = 12; i < 16; ++i) {
        if (i > 12) append(".");
        append(address.bytes[i], 10);
    }
}

void ip_text::append_v6(ip const& address) noexcept {
    auto const zeros = longest_zeros(address);
    for (std::size_t i = 0; i < groups_of_v6; ++i) {
        if (i == zeros.begin) {
            append("::");
            i += zeros.size - 1;
            continue;
        }
        if (size_ > 0 && text_[size_ - 1] != ':') append(":");
        append(group_at(address, i), 16);
    }
}

std::string to_string(ip const& address) { return std::string(ip_text(address).view()); }

prefix_parse parse_prefix(std::string_view text) {
    auto const slash = text.find('/');
    auto const base = parse_ip(text.substr(0, slash));
    if (!base) return {std::nullopt, address_problem(text.substr(0, slash))};
    if (slash == text.npos) return {prefix{*base, base->is_v6 ? 128U : 32U}, {}};
    bool const as_v6 = text.substr(0, slash).find(':') != text.npos;
    auto const length = length_of(text.substr(slash + 1), *base, as_v6);
    if (!length) {
        auto const range = base->is_v6 ? "0 to 128" : as_v6 ? "96 to 128" : "0 to 32";
        return {std::nullopt,
                wire::quoted(text) + ": the length of a prefix of this address is " + range};
    }
    prefix const given{*base, *length};
    prefix const right{without_host_bits(*base, fixed_bits(given)), *length};
    if (given == right) return {given, {}};
    return {std::nullopt, wire::quoted(text) + " has bits set behind its length; did you mean \"" +
                              to_string(right) + "\"?"};
}

std::string to_string(prefix const& network) {
    return to_string(network.base) + "/" + std::to_string(network.length);
}

bool contains(prefix const& network, ip const& address) noexcept {
    if (network.base.is_v6 != address.is_v6) return false;
    return without_host_bits(address, fixed_bits(network)).bytes == network.base.bytes;
}

bool is_private(ip const& address) noexcept {
    auto const& b = address.bytes;
    if (address.is_v6) {
        bool const unique_local = (b[0] & 0xfe) == 0xfc;
        bool const link_local = b[0] == 0xfe && (b[1] & 0xc0) == 0x80;
        return unique_local || link_local ||
               address == ip{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, true};
    }
    auto const first = b[12], second = b[13];
    switch (first) {
    case 10:
    case 127: return true;
    case 100: return (second & 0xc0) == 64;
    case 169: return second == 254;
    case 172: return (second & 0xf0) == 16;
    case 192: return second == 168;
    default: return false;
    }
}

} // namespace milter::rule
