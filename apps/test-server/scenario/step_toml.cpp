// SPDX-License-Identifier: BSL-1.0
// test-server/scenario/step_toml.cpp - the steps of a scenario from one TOML file
#include "test-server/scenario/step_toml.hpp"

#include "cli/duration.hpp"
#include "cli/file.hpp"
#include "cli/flag_names.hpp"
#include "test-server/client.hpp"
#include "test-server/macro.hpp"
#include "test-server/profile_toml.hpp"
#include <milter/corpus/byte_text.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <iterator>
#include <map>
#include <utility>

namespace milter::test_server {

namespace {

constexpr std::array<std::string_view, 16> kind_names = {
    "negotiate", "connect",        "helo",    "mail",    "rcpt", "data", "header", "end_of_headers",
    "body",      "end_of_message", "message", "unknown", "rset", "quit", "close",  "wait"};

constexpr std::string_view keys_of_files = "title, as, include, variables, macros and step";
constexpr std::string_view keys_of_steps =
    "negotiate, connect, helo, mail, rcpt, data, header, end_of_headers, body, end_of_message, "
    "message, unknown, rset, quit, close, wait, and beside one of these connection, macros and "
    "expect";

std::optional<step_kind> kind_of(std::string_view name) noexcept {
    auto const found = std::find(kind_names.begin(), kind_names.end(), name);
    if (found == kind_names.end()) return std::nullopt;
    return static_cast<step_kind>(found - kind_names.begin());
}

bool takes_nothing(step_kind what) noexcept {
    return what == step_kind::data || what == step_kind::end_of_headers ||
           what == step_kind::end_of_message || what == step_kind::rset ||
           what == step_kind::quit || what == step_kind::close;
}

/// Of `0xE9`: bytes as hexadecimal digits.
std::string bytes_of(std::string_view name) {
    std::string bytes;
    auto digits = name.substr(2);
    for (; digits.size() > 1; digits.remove_prefix(2)) {
        unsigned byte = 0;
        auto const [end, ec] = std::from_chars(digits.data(), digits.data() + 2, byte, 16);
        if (ec != std::errc{} || end != digits.data() + 2) break;
        bytes += static_cast<char>(byte);
    }
    if (bytes.empty() || !digits.empty())
        throw std::invalid_argument("\"" + std::string(name) +
                                    "\" is no bytes: two digits each, such as 0xE9");
    return bytes;
}

std::string value_of(std::string_view name, variables const& values) {
    if (name.starts_with("0x")) return bytes_of(name);
    auto const value = values.find(name);
    if (value == values.end())
        throw std::invalid_argument("there is no variable \"" + std::string(name) +
                                    "\"; $${ is ${");
    return value->second;
}

} // namespace

std::string_view name_of(step_kind what) noexcept {
    return kind_names[static_cast<std::size_t>(what)];
}

std::string beside(std::string const& file, std::string const& name) {
    if (file == "-" || name.starts_with('/')) return name;
    return (std::filesystem::path(file).parent_path() / name).string();
}

std::string expand(std::string_view text, variables const& values) {
    std::string out;
    for (;;) {
        auto const at = text.find("${");
        out += text.substr(0, at);
        if (at == text.npos) return out;
        bool const escaped = at > 0 && text[at - 1] == '$';
        text.remove_prefix(at + 2);
        if (escaped) {
            out += "{"; // its first $ is there already
            continue;
        }
        auto const end = text.find('}');
        if (end == text.npos)
            throw std::invalid_argument("a variable has no } behind its name; $${ is ${");
        out += value_of(text.substr(0, end), values);
        text.remove_prefix(end + 1);
    }
}

void scenario_reader::read_variables(toml::node const& node, variables& into) {
    for (auto const& [key, value] : table_at(node, "variables"))
        attempt([&, &name = key, &given = value] {
            if (auto const number = given.value_exact<std::int64_t>())
                into[std::string(name.str())] = std::to_string(*number);
            else
                into[std::string(name.str())] = text_at(given, name.str());
        });
}

void scenario_reader::read(toml::table const& root, scenario& into) {
    for (auto const& [key, node] : root)
        attempt([&, &name = key, &value = node] {
            if (name == "title")
                into.title = text_of(value, "title");
            else if (name == "as")
                read_profile(value, into);
            else if (name == "macros")
                read_macro_stages(table_at(value, "macros"), into);
            else if (name == "step")
                read_steps(value, into);
            else if (!is_front(name.str()))
                unknown_key(name, keys_of_files);
        });
}

void scenario_reader::read_steps(toml::node const& node, scenario& into) {
    auto const* const list = node.as_array();
    if (!list) fail(node.source(), "steps are written [[step]]");
    for (auto const& one : *list)
        attempt([&] { into.steps.push_back(read_step(table_at(one, "step"))); });
}

void scenario_reader::read_profile(toml::node const& node, scenario& into) const {
    into.as = text_of(node, "as");
    into.mta = parsed(node, "as", [&](std::string const& name) {
        bool const is_file = name.ends_with(".toml");
        return load_profile(is_file ? beside(file_, name) : name);
    });
}

void scenario_reader::read_macro_stages(toml::table const& from, scenario& into) {
    for (auto const& [key, node] : from)
        attempt([&, &name = key, &value = node] {
            auto const stage = with_key(name, cli::parse_stage);
            for (auto& one : read_macros(table_at(value, name.str())))
                into.macros[stage].push_back(std::move(one));
        });
}

/// In the order of the file, which is that on the wire; that of a table is another one.
macro_pairs scenario_reader::read_macros(toml::table const& from) {
    std::map<std::pair<std::uint32_t, std::uint32_t>, macro_pairs::value_type> by_place;
    for (auto const& [key, node] : from)
        attempt([&, &name = key, &value = node] {
            auto const& at = name.source().begin;
            auto const text = text_of(value, name.str());
            by_place[{at.line, at.column}] = with_key(name, [&](std::string_view macro) {
                return parse_macro(std::string(macro) + ":" + text);
            });
        });
    macro_pairs all;
    for (auto& [at, one] : by_place) all.push_back(std::move(one));
    return all;
}

scenario_step scenario_reader::read_step(toml::table const& from) {
    scenario_step one;
    auto const at = from.source().begin;
    one.at = {file_, at.line, at.column};
    toml::node const* argument = nullptr;
    bool misspelt = false;
    for (auto const& [key, node] : from)
        attempt([&, &name = key, &value = node] {
            if (auto const what = kind_of(name.str())) {
                if (argument)
                    fail(name.source(), fmt::format("a step does one thing: {} or {}",
                                                    name_of(one.what), name.str()));
                one.what = *what;
                argument = &value;
            } else if (name == "connection")
                one.connection = text_of(value, "connection");
            else if (name == "macros")
                one.macros = read_macros(table_at(value, "macros"));
            else if (name == "expect")
                read_expectation(value, one.expected);
            else {
                misspelt = true;
                unknown_key(name, keys_of_steps);
            }
        });
    if (!argument && !misspelt)
        fail(from.source(), fmt::format("a step says what is done: {}", keys_of_steps));
    if (argument) attempt([&] { read_argument(*argument, one); });
    if (argument && one.what != step_kind::negotiate) refuse_agreement(from);
    return one;
}

void scenario_reader::read_argument(toml::node const& node, scenario_step& to) {
    auto const name = name_of(to.what);
    if (takes_nothing(to.what)) {
        if (!flag_at(node, name)) fail(node.source(), fmt::format("\"{}\" is true", name));
        return;
    }
    switch (to.what) {
    case step_kind::negotiate: return read_offer(table_at(node, name), to.offer);
    case step_kind::connect: return read_client(node, to.client);
    case step_kind::header: return read_headers(node, to.headers);
    case step_kind::body: to.text = read_bytes(node, name, to); return;
    case step_kind::message: return read_content(node, to);
    case step_kind::wait: to.time = time_of(node, name); return;
    default: to.text = text_of(node, name); return;
    }
}

void scenario_reader::read_offer(toml::table const& from, offer_change& to) {
    for (auto const& [key, node] : from)
        attempt([&, &name = key, &value = node] {
            if (name == "version")
                to.version = version_at(value);
            else if (name == "actions")
                to.actions = flags<wire::action>(value, "actions", cli::parse_actions);
            else if (name == "steps")
                to.steps = flags<wire::step>(value, "steps", cli::parse_steps);
            else
                unknown_key(name, "version, actions and steps");
        });
}

void scenario_reader::read_client(toml::node const& node, smtp_client& to) {
    if (node.is_string()) {
        to.host = text_of(node, "connect");
        return;
    }
    std::string address;
    auto const& from = table_at(node, "connect");
    for (auto const& [key, value] : from)
        attempt([&, &name = key, &given = value] {
            if (name == "host")
                to.host = text_of(given, "host");
            else if (name == "address")
                to = parsed(given, "address",
                            [&](std::string const& text) { return parse_client(to.host, text); });
            else
                unknown_key(name, "host and address");
        });
    if (auto const* const host = from.get("host")) to.host = text_of(*host, "host");
}

void scenario_reader::read_headers(toml::node const& node, std::vector<mail_header>& to) {
    each_text(node, [&](toml::node const& one) {
        auto const text = text_of(one, "header");
        auto const colon = text.find(':');
        if (colon == 0 || colon == text.npos) fail(one.source(), "a header is \"NAME: VALUE\"");
        to.push_back({text.substr(0, colon), text.substr(colon + 1)});
    });
}

/// A text, or one of a file, its lines ended as in mail; or bytes as they are.
std::string scenario_reader::read_bytes(toml::node const& node, std::string_view what,
                                        scenario_step& to) {
    if (!node.is_table()) return with_crlf(text_of(node, what));
    std::string bytes;
    for (auto const& [key, value] : *node.as_table())
        attempt([&, &name = key, &given = value] {
            if (name == "file") {
                to.content_file = text_of(given, "file");
                bytes = parsed(given, "file", [&](std::string const& file) {
                    return with_crlf(cli::read_file(beside(file_, file)));
                });
            } else if (name == "base64") {
                auto const decoded = corpus::from_base64(text_of(given, "base64"));
                if (!decoded) fail(given.source(), "that is no base64 in one line");
                bytes = *decoded;
            } else
                unknown_key(name, "file and base64");
        });
    return bytes;
}

void scenario_reader::read_content(toml::node const& node, scenario_step& to) {
    to.content = parse_mail(read_bytes(node, "message", to));
}

proto::duration scenario_reader::time_of(toml::node const& node, std::string_view what) const {
    return parsed(node, what, [&](std::string const& text) {
        auto const time = cli::parse_duration(text);
        if (!time)
            throw std::invalid_argument(
                fmt::format("\"{}\" is a time such as \"500ms\" or \"2s\"", what));
        return *time;
    });
}

} // namespace milter::test_server
