// SPDX-License-Identifier: BSL-1.0
// test-server/scenario/scenario_text.cpp - a scenario as TOML
#include "test-server/scenario/learn.hpp"
#include <milter/corpus/byte_text.hpp>

#include <fmt/format.h>

#include <chrono>
#include <string_view>

namespace milter::test_server {

namespace {

/// Inside of quotes; `${` is no variable in it.
std::string escaped(std::string_view text, bool lines) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char const c = text[i];
        if (text.substr(i, 2) == "${") out += '$';
        if (c == '"' || c == '\\')
            out.append("\\").append(1, c);
        else if (c == '\n')
            out += lines ? "\n" : "\\n";
        else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
        else
            out += c;
    }
    return out;
}

std::string quoted(std::string_view text) { return "\"" + escaped(text, false) + "\""; }

/// Bytes that are no text stand in base64. Line ends of mail are those of the file.
std::string bytes_text(std::string_view bytes) {
    if (!corpus::is_utf8(bytes))
        return fmt::format("{{ base64 = \"{}\" }}", corpus::to_base64(bytes));
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        if (bytes.substr(i, 2) != "\r\n") text += bytes[i];
    bool const is_same = text.find('\r') == text.npos;
    if (!is_same || text.find('\n') == text.npos) return quoted(bytes);
    return "\"\"\"\n" + escaped(text, true) + "\"\"\"";
}

template <class Pattern>
std::string list(std::vector<Pattern> const& patterns, std::string (*text)(Pattern const&)) {
    if (patterns.empty()) return "[]";
    if (patterns.size() == 1) return "[" + quoted(text(patterns.front())) + "]";
    std::string all = "[\n";
    for (auto const& one : patterns) all += "    " + quoted(text(one)) + ",\n";
    return all + "]";
}

std::string family_text(smtp_client const& client) {
    switch (client.family) {
    case wire::family::unknown: return "unknown";
    case wire::family::unix_path: return "unix:" + client.address;
    case wire::family::inet: return fmt::format("inet:{}@{}", client.port, client.address);
    case wire::family::inet6: return fmt::format("inet6:{}@[{}]", client.port, client.address);
    }
    return {};
}

/// Bits without a name are numbers.
template <class Bits> std::string flags_text(Bits bits) { return quoted(to_string(bits)); }

std::string offer_text(offer_change const& offer) {
    std::string text;
    auto const add = [&](std::string const& part) { text += (text.empty() ? " " : ", ") + part; };
    if (offer.version) add(fmt::format("version = {}", *offer.version));
    if (offer.actions) add("actions = " + flags_text(*offer.actions));
    if (offer.steps) add("steps = " + flags_text(*offer.steps));
    return text.empty() ? "{}" : "{" + text + " }";
}

std::string content_text(scenario_step const& one) {
    if (!one.content_file.empty()) return fmt::format("{{ file = {} }}", quoted(one.content_file));
    if (one.what == step_kind::body) return bytes_text(one.text);
    std::string text;
    for (auto const& header : one.content.headers)
        text.append(header.name).append(":").append(header.value).append("\r\n");
    return bytes_text(text + "\r\n" + one.content.body);
}

std::string argument_text(scenario_step const& one) {
    switch (one.what) {
    case step_kind::negotiate: return offer_text(one.offer);
    case step_kind::connect:
        return fmt::format("{{ host = {}, address = {} }}", quoted(one.client.host),
                           quoted(family_text(one.client)));
    case step_kind::header: {
        auto const line = [](mail_header const& header) {
            return header.name + ":" + header.value;
        };
        return one.headers.size() == 1 ? quoted(line(one.headers.front()))
                                       : list<mail_header>(one.headers, line);
    }
    case step_kind::body:
    case step_kind::message: return content_text(one);
    case step_kind::wait:
        return fmt::format("\"{}ms\"",
                           std::chrono::duration_cast<std::chrono::milliseconds>(one.time).count());
    case step_kind::helo:
    case step_kind::mail:
    case step_kind::rcpt:
    case step_kind::unknown: return quoted(one.text);
    default: return "true";
    }
}

std::string macros_text(macro_pairs const& macros) {
    std::string text = "{";
    for (auto const& [name, value] : macros)
        text += fmt::format("{} {} = {}", text.size() > 1 ? "," : "", quoted(name), quoted(value));
    return text + " }";
}

std::string pattern_text(text_pattern const& one) { return one.text(); }

/// `verdict reply`, if that says all.
bool is_short(step_expectation const& wanted) {
    bool const is_agreement = wanted.agreement.version || wanted.agreement.actions ||
                              wanted.agreement.steps || !wanted.agreement.macros.empty();
    return !is_agreement && wanted.message.empty() && !wanted.within && !wanted.error;
}

std::string short_text(step_expectation const& wanted) {
    if (wanted.sent && !*wanted.sent) return "not_sent";
    auto text = wanted.verdict ? wanted.verdict->text : std::string("any");
    if (wanted.reply) text += " " + wanted.reply->text();
    return text;
}

/// A table of its own, so that long values may stand on several lines.
std::string long_text(step_expectation const& wanted) {
    std::string text = "[step.expect]\n";
    auto const add = [&](std::string_view key, std::string const& value) {
        text += fmt::format("{} = {}\n", key, value);
    };
    if (wanted.verdict) add("verdict", quoted(wanted.verdict->text));
    if (wanted.reply) add("reply", quoted(wanted.reply->text()));
    auto const& agreed = wanted.agreement;
    if (agreed.version) add("version", fmt::format("{}", *agreed.version));
    if (agreed.actions) add("actions", flags_text(*agreed.actions));
    if (agreed.steps) add("steps", flags_text(*agreed.steps));
    if (wanted.message.edits) add("edits", list<text_pattern>(*wanted.message.edits, pattern_text));
    if (!agreed.macros.empty()) text += "[step.expect.macros]\n";
    for (auto const& [stage, names] : agreed.macros)
        add(std::string(wire::name_of(stage)), quoted(names));
    return text;
}

bool expects_something(step_expectation const& wanted) {
    return wanted.verdict || wanted.sent || wanted.any || !is_short(wanted);
}

/// That it goes on need not be said.
bool is_usual(scenario_step const& one) {
    auto const& verdict = one.expected.verdict;
    return verdict && verdict->any_of == std::vector{status::pass} && !one.expected.reply &&
           is_short(one.expected) && one.what != step_kind::message &&
           one.what != step_kind::end_of_message;
}

} // namespace

std::string to_toml(scenario const& one) {
    auto text = fmt::format("title = {}\n", quoted(one.title));
    if (!one.as.empty()) text += fmt::format("as = {}\n", quoted(one.as));
    for (auto const& step : one.steps) {
        text += fmt::format("\n[[step]]\n{} = {}\n", name_of(step.what), argument_text(step));
        if (!step.connection.empty())
            text += fmt::format("connection = {}\n", quoted(step.connection));
        if (!step.macros.empty()) text += fmt::format("macros = {}\n", macros_text(step.macros));
        if (!expects_something(step.expected) || is_usual(step)) continue;
        text += is_short(step.expected)
                    ? fmt::format("expect = {}\n", quoted(short_text(step.expected)))
                    : long_text(step.expected);
    }
    return text;
}

} // namespace milter::test_server
