// SPDX-License-Identifier: BSL-1.0
// cli/toml_reader.hpp - reads on behind a problem, so that all of those in a file are told at once, each with its place
//
//   class reader : cli::toml_reader { ... attempt([&] { version = number_at(node, "version"); }); ... problems() ... };
#pragma once

#include <milter/wire/flags.hpp>

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace milter::cli {

class toml_reader {
protected:
    /// @param file  its name, for messages
    explicit toml_reader(std::string file) : file_(std::move(file)) {}
    ~toml_reader() = default;

    /// Does a part of the reading; a problem in it is kept.
    template <class Part> void attempt(Part part) {
        try {
            part();
        } catch (problem const& found) {
            problems_.push_back(found);
        }
    }

    /// A line each, in the order of the file: "file:line:column: text". Empty: there are none.
    std::string problems() {
        std::stable_sort(problems_.begin(), problems_.end(), [](auto const& a, auto const& b) {
            return std::pair(a.at.line, a.at.column) < std::pair(b.at.line, b.at.column);
        });
        std::string text;
        for (auto const& one : problems_)
            text += fmt::format("{}{}:{}:{}: {}", text.empty() ? "" : "\n", file_, one.at.line,
                                one.at.column, one.text);
        return text;
    }

    // ---- all of these leave the part that attempt() does when they do not find what they look for

    [[noreturn]] static void fail(toml::source_region const& at, std::string_view why) {
        throw problem{at.begin, std::string(why)};
    }

    [[noreturn]] static void unknown_key(toml::key const& key, std::string_view known) {
        fail(key.source(), fmt::format("unknown key \"{}\"; there are {}", key.str(), known));
    }

    static toml::table const& table_at(toml::node const& node, std::string_view what) {
        auto const* const table = node.as_table();
        if (!table) fail(node.source(), fmt::format("\"{}\" is a table", what));
        return *table;
    }

    static std::string text_at(toml::node const& node, std::string_view what) {
        auto const text = node.value_exact<std::string>();
        if (!text) fail(node.source(), fmt::format("\"{}\" is a text in quotes", what));
        return *text;
    }

    static std::uint32_t number_at(toml::node const& node, std::string_view what) {
        auto const number = node.value_exact<std::int64_t>();
        if (!number) fail(node.source(), fmt::format("\"{}\" is a number", what));
        if (*number < 0 || *number > UINT32_MAX)
            fail(node.source(), fmt::format("\"{}\" is a number from 0 to {}", what, UINT32_MAX));
        return static_cast<std::uint32_t>(*number);
    }

    /// Of the protocol.
    static std::uint32_t version_at(toml::node const& node) {
        auto const version = number_at(node, "version");
        if (version < wire::oldest_version || version > wire::newest_version)
            fail(node.source(), fmt::format("\"version\" is {} to {}", wire::oldest_version,
                                            wire::newest_version));
        return version;
    }

    static bool flag_at(toml::node const& node, std::string_view what) {
        auto const flag = node.value_exact<bool>();
        if (!flag) fail(node.source(), fmt::format("\"{}\" is true or false", what));
        return *flag;
    }

    /// Calls read(text) and puts the place before what it throws.
    template <class Read>
    static auto with_place(toml::node const& node, std::string_view what, Read read) {
        auto const text = text_at(node, what);
        try {
            return read(text);
        } catch (std::invalid_argument const& why) {
            fail(node.source(), why.what());
        } catch (std::runtime_error const& why) {
            fail(node.source(), why.what());
        }
    }

    /// Calls read(name) of a key, and puts the place before what it throws.
    template <class Read> static auto with_key(toml::key const& key, Read read) {
        try {
            return read(key.str());
        } catch (std::invalid_argument const& why) {
            fail(key.source(), why.what());
        }
    }

    /// A text, or a list of texts.
    template <class Each> void each_text(toml::node const& node, Each each) {
        auto const* const list = node.as_array();
        if (!list) return attempt([&] { each(node); });
        for (auto const& element : *list) attempt([&] { each(element); });
    }

    /// Names of flag_names.hpp.
    template <class Bits>
    Bits flags(toml::node const& node, std::string_view what, Bits (*parse)(std::string_view)) {
        Bits all{};
        each_text(node, [&](toml::node const& one) {
            all |= with_place(one, what, [&](std::string const& text) { return parse(text); });
        });
        return all;
    }

private:
    struct problem {
        toml::source_position at;
        std::string text;
    };

    std::string file_;
    std::vector<problem> problems_;
};

/// Parses, and lets `read` read the table. @throws Error with the place of what is no TOML
template <class Error, class Read>
auto read_toml(std::string_view text, std::string const& file, Read read) {
    try {
        return read(toml::parse(text, file));
    } catch (toml::parse_error const& why) {
        auto const& at = why.source().begin;
        throw Error(fmt::format("{}:{}:{}: {}", file, at.line, at.column, why.description()));
    }
}

} // namespace milter::cli
