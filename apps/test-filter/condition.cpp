// SPDX-License-Identifier: BSL-1.0
// test-filter/condition.cpp - when a rule applies: reads its text, and looks
#include "test-filter/condition.hpp"

#include "cli/flag_names.hpp"
#include "test-filter/action.hpp"
#include "test-filter/escape.hpp"
#include <milter/ascii.hpp>
#include <milter/message/envelope.hpp>

#include <algorithm>
#include <charconv>

namespace milter::test_filter {

namespace {

using field = condition::field;
using test = condition::test;

struct field_row {
    std::string_view name;
    field what;
};

constexpr field_row fields[] = {
    {"client", field::client},   {"connect", field::client},  {"helo", field::helo},
    {"sender", field::sender},   {"mail", field::sender},     {"rcpt", field::rcpt},
    {"body", field::body},       {"recipient", field::rcpt},  {"command", field::command},
    {"unknown", field::command}, {"message", field::message}, {"session", field::session},
};

void read_field(condition& one, std::string_view name) {
    auto const colon = name.find(':');
    if (colon != name.npos) {
        auto const kind = cli::normal_name(name.substr(0, colon));
        one.name = name.substr(colon + 1);
        if (one.name.empty()) throw script_error("a name is missing behind \"" + kind + ":\"");
        if (kind == "header") return void(one.what = field::header);
        if (kind == "macro") return void(one.what = field::macro);
    } else {
        auto const normal = cli::normal_name(name);
        for (auto const& row : fields)
            if (row.name == normal) return void(one.what = row.what);
    }
    throw script_error("unknown condition \"" + std::string(name) +
                       "\"; there are client, helo, sender, rcpt, header:NAME, body, macro:NAME, "
                       "command, message, "
                       "session");
}

void read_number(condition& one) {
    auto const* const last = one.value.data() + one.value.size();
    auto const [end, ec] = std::from_chars(one.value.data(), last, one.number);
    if (one.how != test::equals || ec != std::errc{} || end != last || one.number == 0)
        throw script_error("message and session are compared with a number from 1: message=2");
}

std::string_view trimmed(std::string_view text) noexcept {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

bool contains(std::string_view text, std::string_view part) {
    return std::search(text.begin(), text.end(), part.begin(), part.end(),
                       [](char a, char b) { return to_lower(a) == to_lower(b); }) != text.end();
}

bool passes(condition const& one, std::string_view text) {
    switch (one.how) {
    case test::present: return !text.empty();
    case test::equals: return equal_ignoring_case(text, one.value);
    case test::contains: return contains(text, one.value);
    }
    return false;
}

bool passes_address(condition const& one, std::string_view address) {
    if (one.how != test::equals) return passes(one, address);
    return equal_ignoring_case(message::bare_address(address), message::bare_address(one.value));
}

/// Calls `passes` for the last of `all`, or for each until one does.
template <class All, class Pass> bool any_of(All const& all, bool only_last, Pass pass) {
    if (only_last) return !all.empty() && pass(all.back());
    return std::any_of(all.begin(), all.end(), pass);
}

bool holds_for_header(condition const& one, seen const& state, bool only_last) {
    return any_of(state.headers, only_last, [&](seen_header const& header) {
        return equal_ignoring_case(header.name, one.name) &&
               (one.how == test::present || passes(one, header.value));
    });
}

bool holds_for_macro(condition const& one, proto::macro_store const& macros) {
    auto const value =
        macros.find(one.name.size() > 1 && one.name[0] != '{' ? "{" + one.name + "}" : one.name);
    return value && (one.how == test::present || passes(one, *value));
}

bool holds_unnegated(condition const& one, seen const& state, proto::macro_store const& macros,
                     wire::command_code stage) {
    switch (one.what) {
    case field::client: return passes(one, state.client_name) || passes(one, state.client_address);
    case field::helo: return passes(one, state.helo);
    case field::sender: return passes_address(one, state.sender);
    case field::rcpt:
        return any_of(state.recipients, stage == wire::command_code::rcpt,
                      [&](std::string const& address) { return passes_address(one, address); });
    case field::header: return holds_for_header(one, state, stage == wire::command_code::header);
    case field::body: return passes(one, state.body);
    case field::macro: return holds_for_macro(one, macros);
    case field::command: return passes(one, state.line);
    case field::message: return state.message == one.number;
    case field::session: return state.session == one.number;
    }
    return false;
}

} // namespace

condition parse_condition(std::string_view text) {
    condition one;
    text = trimmed(text);
    auto const sign = text.find_first_of("=~");
    auto name = text.substr(0, sign);
    if (sign != text.npos) {
        one.how = text[sign] == '=' ? test::equals : test::contains;
        one.value = unescape(trimmed(text.substr(sign + 1)));
        if (!name.empty() && name.back() == '!') {
            one.negated = true;
            name.remove_suffix(1);
        }
    } else if (!name.empty() && name.front() == '!') {
        one.negated = true;
        name.remove_prefix(1);
    }
    read_field(one, trimmed(name));
    if (one.what == field::message || one.what == field::session) read_number(one);
    return one;
}

bool holds(condition const& one, seen const& state, proto::macro_store const& macros,
           wire::command_code stage) {
    return holds_unnegated(one, state, macros, stage) != one.negated;
}

std::string_view describe_conditions() noexcept {
    return R"(  rcpt=bob@example.org           equals; letter case and <> do not matter
  header:Subject~offer           contains
  helo!=mail.test  rcpt!~@x.test the opposite
  header:X-Spam  !header:X-Spam  is there, is not there
  Fields: client, helo, sender, rcpt, header:NAME, body, macro:NAME, command,
  message (which of the session, from 1), session (which connection))";
}

} // namespace milter::test_filter
