// SPDX-License-Identifier: BSL-1.0
// cli/flag_names.cpp - bits of the negotiation, and stages, by their names
#include "flag_names.hpp"

#include <milter/ascii.hpp>

#include <charconv>
#include <cstdint>
#include <optional>
#include <stdexcept>

namespace milter::cli {

namespace {

std::optional<std::uint32_t> number(std::string_view text) noexcept {
    bool const hex = text.substr(0, 2) == "0x";
    if (hex) text.remove_prefix(2);
    std::uint32_t value = 0;
    auto const* const last = text.data() + text.size();
    auto const [end, ec] = std::from_chars(text.data(), last, value, hex ? 16 : 10);
    if (ec != std::errc{} || end != last) return std::nullopt;
    return value;
}

template <class Rows> std::string all_names(Rows const& rows) {
    std::string names;
    for (auto const& row : rows) names.append(names.empty() ? "" : ", ").append(row.name);
    return names;
}

template <class Bits, class Rows>
Bits one_bit(std::string_view name, Rows const& rows, char const* what) {
    auto const normal = normal_name(name);
    if (normal == "all") return Bits::all;
    if (normal == "none") return Bits::none;
    if (auto const value = number(normal)) return static_cast<Bits>(*value);
    for (auto const& row : rows)
        if (row.name == normal) return row.bit;
    throw std::invalid_argument("unknown " + std::string(what) + " \"" + std::string(name) +
                                "\"; there are " + all_names(rows) + ", all, none and numbers");
}

template <class Bits, class Rows>
Bits bits(std::string_view text, Rows const& rows, char const* what) {
    Bits found{};
    while (!text.empty()) {
        auto const end = text.find_first_of(", |");
        if (auto const name = text.substr(0, end); !name.empty())
            found |= one_bit<Bits>(name, rows, what);
        if (end == text.npos) break;
        text.remove_prefix(end + 1);
    }
    return found;
}

struct alias {
    std::string_view name;
    wire::command_code code;
};

constexpr alias aliases[] = {
    {"from", wire::command_code::mail},
    {"sender", wire::command_code::mail},
    {"envelope_from", wire::command_code::mail},
    {"to", wire::command_code::rcpt},
    {"recipient", wire::command_code::rcpt},
    {"envelope_recipient", wire::command_code::rcpt},
    {"eoh", wire::command_code::end_of_headers},
    {"end_of_header", wire::command_code::end_of_headers},
    {"eom", wire::command_code::end_of_message},
    {"end", wire::command_code::end_of_message},
};

} // namespace

std::string normal_name(std::string_view text) {
    auto name = to_lower(text);
    for (char& c : name)
        if (c == '-') c = '_';
    return name;
}

wire::action parse_actions(std::string_view text) {
    return bits<wire::action>(text, wire::action_rows, "action");
}

wire::step parse_steps(std::string_view text) {
    return bits<wire::step>(text, wire::step_rows, "protocol step");
}

wire::command_code parse_stage(std::string_view text) {
    auto const name = normal_name(text);
    for (auto const& row : wire::command_rows)
        if (row.name == name && row.code != wire::command_code::macros) return row.code;
    for (auto const& one : aliases)
        if (one.name == name) return one.code;
    throw std::invalid_argument(
        "unknown stage \"" + std::string(text) +
        "\"; there are negotiate, connect, helo, mail, rcpt, data, header, end_of_headers, "
        "body, end_of_message, unknown, abort, quit");
}

} // namespace milter::cli
