// SPDX-License-Identifier: BSL-1.0
// milter/proto/macros.hpp - the macro sets of one connection and how long each lives
//
// Source: protocol.md 5.1 (libmilter mi_clr_macros), statements 181-192.
#pragma once

#include <milter/wire/command.hpp>

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace milter::proto {

/// Stages in the order of their commands; a later one is more recent.
inline constexpr std::array macro_stages = {
    wire::command_code::connect,        wire::command_code::helo,
    wire::command_code::mail,           wire::command_code::rcpt,
    wire::command_code::data,           wire::command_code::end_of_headers,
    wire::command_code::end_of_message,
};

/// Names of length one match with and without braces, longer ones as they are.
constexpr bool same_macro(std::string_view a, std::string_view b) noexcept {
    auto const bare = [](std::string_view name) {
        return name.size() == 3 && name.front() == '{' && name.back() == '}' ? name.substr(1, 1)
                                                                             : name;
    };
    return bare(a) == bare(b);
}

/// The value of `name` in a list of name, value pairs.
inline std::optional<std::string_view> find_macro(wire::zstr_list pairs,
                                                  std::string_view name) noexcept {
    for (auto at = pairs.begin(); at != pairs.end(); ++at) {
        auto const key = *at;
        if (++at == pairs.end()) break;
        if (same_macro(key, name)) return *at;
    }
    return std::nullopt;
}

class macro_store {
public:
    /// A macro packet: replaces the set of its stage; macros of header, body, unknown or of a code that
    /// does not exist are ignored (statement 184).
    void set(wire::macros const& packet) {
        if (auto const index = index_of(packet.stage); index < sets_.size()) {
            sets_[index].assign(packet.pairs.raw());
            present_[index] = true;
        }
    }

    /// A command arrived: forgets the sets of stages after it. The set of its own stage stays, as it came
    /// just before.
    void on_command(wire::command_code code) noexcept {
        switch (code) {
        case wire::command_code::negotiate:
        case wire::command_code::quit:
        case wire::command_code::quit_new_connection: clear_from(0); break;
        case wire::command_code::connect: clear_from(1); break;
        case wire::command_code::helo: clear_from(2); break;
        case wire::command_code::mail: clear_from(3); break;
        case wire::command_code::rcpt: clear_from(4); break;
        default: break;
        }
    }

    /// Most recent stage first. @return view that lives until the set is replaced
    std::optional<std::string_view> find(std::string_view name) const noexcept {
        for (std::size_t i = sets_.size(); i-- > 0;)
            if (auto const value = find_macro(wire::zstr_list(sets_[i]), name)) return value;
        return std::nullopt;
    }

    /// As find(), but nothing of stages after `stage`: for what is told again later.
    std::optional<std::string_view> find_up_to(wire::command_code stage,
                                               std::string_view name) const noexcept {
        for (std::size_t i = index_of(static_cast<unsigned char>(stage)) + 1; i-- > 0;)
            if (auto const value = find_macro(wire::zstr_list(sets_[i]), name)) return value;
        return std::nullopt;
    }

    /// The set of one stage, empty when none came; `stage` must be one of macro_stages.
    wire::zstr_list at(wire::command_code stage) const noexcept {
        return wire::zstr_list(sets_[index_of(static_cast<unsigned char>(stage))]);
    }

    /// Whether a packet came for the stage, be it an empty one.
    bool present(wire::command_code stage) const noexcept {
        return present_[index_of(static_cast<unsigned char>(stage))];
    }

private:
    static constexpr std::size_t index_of(unsigned char code) noexcept {
        std::size_t i = 0;
        while (i < macro_stages.size() && static_cast<unsigned char>(macro_stages[i]) != code) ++i;
        return i;
    }

    void clear_from(std::size_t first) noexcept {
        for (std::size_t i = first; i < sets_.size(); ++i) {
            sets_[i].clear();
            present_[i] = false;
        }
    }

    std::array<std::string, macro_stages.size()> sets_;
    std::array<bool, macro_stages.size()> present_{};
};

} // namespace milter::proto
