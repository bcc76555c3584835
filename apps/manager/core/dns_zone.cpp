// SPDX-License-Identifier: BSL-1.0
// manager/core/dns_zone.cpp
#include "manager/core/dns_zone.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace milter::manager {

namespace {

constexpr answer_range loopback{0x7f000000, 0x7fffffff};   // 127.0.0.0/8
constexpr answer_range complaints{0x7fffff00, 0x7fffffff}; // 127.255.255.0/24

/// Decimal digits without a leading zero, which others read as octal.
std::optional<unsigned> parse_number(std::string_view text, unsigned most) {
    unsigned value = 0;
    auto const [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    bool const is_whole = ec == std::errc{} && end == text.data() + text.size();
    bool const is_plain = text.size() == 1 || (!text.empty() && text.front() != '0');
    if (!is_whole || !is_plain || value > most) return std::nullopt;
    return value;
}

std::optional<std::uint32_t> parse_v4(std::string_view text) {
    std::uint32_t address = 0;
    for (int left = 4; left > 0; --left) {
        auto const end = left > 1 ? text.find('.') : text.size();
        if (end == text.npos) return std::nullopt;
        auto const byte = parse_number(text.substr(0, end), 255);
        if (!byte) return std::nullopt;
        address = address << 8 | *byte;
        text.remove_prefix(left > 1 ? end + 1 : end);
    }
    return address;
}

std::optional<answer_range> parse_prefix(std::string_view address, std::string_view length) {
    auto const first = parse_v4(address);
    auto const bits = parse_number(length, 32);
    if (!first || !bits) return std::nullopt;
    auto const behind = static_cast<std::uint32_t>(0xffffffffULL >> *bits);
    if ((*first & behind) != 0) return std::nullopt;
    return answer_range{*first, *first | behind};
}

std::optional<answer_range> make_range(std::optional<std::uint32_t> first,
                                       std::optional<std::uint32_t> last) {
    if (!first || !last || *last < *first) return std::nullopt;
    return answer_range{*first, *last};
}

bool is_listed(dns_zone const& zone, std::uint32_t address) noexcept {
    if (zone.listed_when.empty())
        return loopback.contains(address) && !complaints.contains(address);
    return std::any_of(zone.listed_when.begin(), zone.listed_when.end(),
                       [address](auto const& one) { return one.contains(address); });
}

} // namespace

bool is_no_answer(std::uint32_t address) noexcept {
    return !loopback.contains(address) || complaints.contains(address);
}

std::optional<answer_range> parse_answer_range(std::string_view text) {
    if (auto const dash = text.find('-'); dash != text.npos)
        return make_range(parse_v4(text.substr(0, dash)), parse_v4(text.substr(dash + 1)));
    if (auto const slash = text.find('/'); slash != text.npos)
        return parse_prefix(text.substr(0, slash), text.substr(slash + 1));
    auto const single = parse_v4(text);
    return make_range(single, single);
}

listing judge(dns_zone const& zone, std::span<std::uint32_t const> addresses) noexcept {
    if (std::any_of(addresses.begin(), addresses.end(),
                    [&zone](auto one) { return is_listed(zone, one); }))
        return listing::listed;
    return std::any_of(addresses.begin(), addresses.end(), is_no_answer) ? listing::failed
                                                                         : listing::not_listed;
}

std::string describe_answer(std::uint32_t address) {
    std::string text;
    for (int shift = 24; shift >= 0; shift -= 8) {
        text += std::to_string(address >> shift & 0xff);
        if (shift > 0) text += '.';
    }
    return text;
}

std::optional<dns_subject> dns_subject::from(std::span<std::uint8_t const> address) noexcept {
    static constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (address.size() == 16 && std::equal(mapped.begin(), mapped.end(), address.begin()))
        address = address.subspan(mapped.size());
    if (address.size() != 4 && address.size() != 16) return std::nullopt;
    dns_subject found;
    std::copy(address.begin(), address.end(), found.bytes_.begin());
    found.size_ = static_cast<std::uint8_t>(address.size());
    return found;
}

std::string question_name(dns_zone const& zone, dns_subject const& about) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string name;
    auto const bytes = about.bytes();
    for (auto i = bytes.size(); i-- > 0;) {
        unsigned const value = bytes[i];
        if (about.is_v4())
            name.append(std::to_string(value)).push_back('.');
        else
            name.append({digits[value & 0xf], '.', digits[value >> 4], '.'});
    }
    return name + zone.name;
}

} // namespace milter::manager
