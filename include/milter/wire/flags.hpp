// SPDX-License-Identifier: BSL-1.0
// milter/wire/flags.hpp - action and protocol-step bits of the option negotiation
//
// Source: protocol.md 2.3 and 2.4 (mfdef.h SMFIF_*, SMFIP_*).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace milter::wire {

/// What a filter may ask for at end of message (SMFIF_*).
enum class action : std::uint32_t {
    none = 0,
    add_header = 0x001,
    change_body = 0x002,
    add_rcpt = 0x004,
    delete_rcpt = 0x008,
    change_header = 0x010,
    quarantine = 0x020,
    change_from = 0x040,
    add_rcpt_with_args = 0x080,
    set_macro_list = 0x100,
    all = 0x1FF,
};

/// Which commands are sent and answered (SMFIP_*). no_*: not sent; nr_*: sent, never answered.
enum class step : std::uint32_t {
    none = 0,
    no_connect = 0x000001,
    no_helo = 0x000002,
    no_mail = 0x000004,
    no_rcpt = 0x000008,
    no_body = 0x000010,
    no_header = 0x000020,
    no_end_of_headers = 0x000040,
    nr_header = 0x000080,
    no_unknown = 0x000100,
    no_data = 0x000200,
    skip = 0x000400,
    rejected_rcpt = 0x000800,
    nr_connect = 0x001000,
    nr_helo = 0x002000,
    nr_mail = 0x004000,
    nr_rcpt = 0x008000,
    nr_data = 0x010000,
    nr_unknown = 0x020000,
    nr_end_of_headers = 0x040000,
    nr_body = 0x080000,
    leading_space = 0x100000,
    data_size_256k = 0x10000000,
    data_size_1m = 0x20000000,
    all_no = 0x00037F,
    all_nr = 0x0FF080,
    all_data_sizes = 0x30000000,
    all_v2 = 0x00007F,
    all_v3 = 0x00017F,
    all_v4 = 0x00037F,
    all = 0x1FFFFF, ///< version 6, without data sizes
};

constexpr action operator|(action a, action b) noexcept {
    return static_cast<action>(static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b));
}
constexpr action operator&(action a, action b) noexcept {
    return static_cast<action>(static_cast<std::uint32_t>(a) & static_cast<std::uint32_t>(b));
}
constexpr action operator~(action a) noexcept {
    return static_cast<action>(~static_cast<std::uint32_t>(a));
}
constexpr action& operator|=(action& a, action b) noexcept { return a = a | b; }
constexpr action& operator&=(action& a, action b) noexcept { return a = a & b; }
constexpr step operator|(step a, step b) noexcept {
    return static_cast<step>(static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b));
}
constexpr step operator&(step a, step b) noexcept {
    return static_cast<step>(static_cast<std::uint32_t>(a) & static_cast<std::uint32_t>(b));
}
constexpr step operator~(step a) noexcept {
    return static_cast<step>(~static_cast<std::uint32_t>(a));
}
constexpr step& operator|=(step& a, step b) noexcept { return a = a | b; }
constexpr step& operator&=(step& a, step b) noexcept { return a = a & b; }

/// Whether every bit of `bits` is in `set` (true for no bits).
constexpr bool has(action set, action bits) noexcept { return (set & bits) == bits; }
constexpr bool has(step set, step bits) noexcept { return (set & bits) == bits; }
/// Whether any bit of `bits` is in `set`.
constexpr bool any(action set, action bits = ~action::none) noexcept {
    return (set & bits) != action::none;
}
constexpr bool any(step set, step bits = ~step::none) noexcept {
    return (set & bits) != step::none;
}

inline constexpr std::uint32_t newest_version = 6;
inline constexpr std::uint32_t oldest_version = 2;

struct action_row {
    action bit;
    std::string_view name;
};

struct step_row {
    step bit;
    std::string_view name;
};

inline constexpr action_row action_rows[] = {
    {action::add_header, "add_header"},
    {action::change_body, "change_body"},
    {action::add_rcpt, "add_rcpt"},
    {action::delete_rcpt, "delete_rcpt"},
    {action::change_header, "change_header"},
    {action::quarantine, "quarantine"},
    {action::change_from, "change_from"},
    {action::add_rcpt_with_args, "add_rcpt_with_args"},
    {action::set_macro_list, "set_macro_list"},
};

inline constexpr step_row step_rows[] = {
    {step::no_connect, "no_connect"},
    {step::no_helo, "no_helo"},
    {step::no_mail, "no_mail"},
    {step::no_rcpt, "no_rcpt"},
    {step::no_body, "no_body"},
    {step::no_header, "no_header"},
    {step::no_end_of_headers, "no_end_of_headers"},
    {step::nr_header, "nr_header"},
    {step::no_unknown, "no_unknown"},
    {step::no_data, "no_data"},
    {step::skip, "skip"},
    {step::rejected_rcpt, "rejected_rcpt"},
    {step::nr_connect, "nr_connect"},
    {step::nr_helo, "nr_helo"},
    {step::nr_mail, "nr_mail"},
    {step::nr_rcpt, "nr_rcpt"},
    {step::nr_data, "nr_data"},
    {step::nr_unknown, "nr_unknown"},
    {step::nr_end_of_headers, "nr_end_of_headers"},
    {step::nr_body, "nr_body"},
    {step::leading_space, "leading_space"},
    {step::data_size_256k, "data_size_256k"},
    {step::data_size_1m, "data_size_1m"},
};

namespace detail {

template <class Rows, class Bits> std::string join_names(Rows const& rows, Bits bits) {
    std::string text;
    for (auto const& row : rows) {
        if (!has(bits, row.bit)) continue;
        if (!text.empty()) text += '|';
        text += row.name;
        bits &= ~row.bit;
    }
    if (bits != Bits{}) {
        constexpr char digits[] = "0123456789abcdef";
        std::string hex;
        for (auto rest = static_cast<std::uint32_t>(bits); rest != 0; rest >>= 4)
            hex.insert(hex.begin(), digits[rest & 15]);
        text += (text.empty() ? "0x" : "|0x") + hex;
    }
    return text.empty() ? "none" : text;
}

} // namespace detail

/// Names joined with `|`, unknown bits as one hexadecimal number, "none" for none.
inline std::string to_string(action bits) { return detail::join_names(action_rows, bits); }
inline std::string to_string(step bits) { return detail::join_names(step_rows, bits); }

} // namespace milter::wire
