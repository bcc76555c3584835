// SPDX-License-Identifier: BSL-1.0
// test-server/scenario/scenario_text.cpp - a scenario as TOML
#include "test-server/scenario/learn.hpp"
#include <milter/corpus/byte_text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

namespace milter::test_server {

namespace {

/// Inside of quotes; `${` is no variable in it, and what is not UTF-8 is one.
std::string escaped(std::string_view text, bool lines) {
    bool const is_text = corpus::is_utf8(text);
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char const c = text[i];
        auto const byte = static_cast<unsigned char>(c);
        if (text.substr(i, 2) == "${") out += '$';
        if (c == '"' || c == '\\')
            out.append("\\").append(1, c);
        else if (c == '\n')
            out += lines ? "\n" : "\\n";
        else if (byte < 0x20 || byte == 0x7f)
            out += fmt::format("\\u{:04x}", byte);
        else if (byte >= 0x80 && !is_text)
            out += fmt::format("${{0x{:02x}}}", byte);
        else
            out += c;
    }
    return out;
}

std::string quoted(std::string_view text) { return "\"" + escaped(text, false) + "\""; }

/// Line ends of mail are those of the file; bytes for which a text does not stand are in base64.
std::string bytes_text(std::string_view bytes) {
    if (!corpus::is_utf8(bytes) || with_crlf(bytes) != bytes)
        return fmt::format("{{ base64 = \"{}\" }}", corpus::to_base64(bytes));
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        if (bytes.substr(i, 2) != "\r\n") text += bytes[i];
    bool const has_lines = text.find('\n') != text.npos && text.find('\r') == text.npos;
    return has_lines ? "\"\"\"\n" + escaped(text, true) + "\"\"\"" : quoted(bytes);
}

template <class Pattern>
std::string list(std::vector<Pattern> const& patterns, std::string (*text)(Pattern const&)) {
    if (patterns.empty()) return "[]";
    if (patterns.size() == 1) return "[" + quoted(text(patterns.front())) + "]";
    std::string all = "[\n";
    for (auto const& one : patterns) all += "    " + quoted(text(one)) + ",\n";
    return all + "]";
}

std::string address_text(smtp_client const& client) {
    switch (client.family) {
    case wire::family::unknown: return "unknown";
    case wire::family::unix_path: return "unix:" + client.address;
    case wire::family::inet:
    case wire::family::inet6: break;
    }
    bool const is_inet6 = client.family == wire::family::inet6;
    auto port = fmt::format("{}:{}", is_inet6 ? "inet6" : "inet", client.port);
    if (client.address.empty()) return port;
    return port + (is_inet6 ? "@[" + client.address + "]" : "@" + client.address);
}

/// Bits without a name are a number. @source cli/flag_names.hpp reads it
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
        text.append(header.name).append(":").append(with_crlf(header.value)).append("\r\n");
    return bytes_text(text + "\r\n" + one.content.body);
}

std::string time_text(proto::duration time) {
    return fmt::format("\"{}us\"",
                       std::chrono::duration_cast<std::chrono::microseconds>(time).count());
}

std::string argument_text(scenario_step const& one) {
    switch (one.what) {
    case step_kind::negotiate: return offer_text(one.offer);
    case step_kind::connect:
        return fmt::format("{{ host = {}, address = {} }}", quoted(one.client.host),
                           quoted(address_text(one.client)));
    case step_kind::header: {
        auto const line = [](mail_header const& header) {
            return header.name + ":" + header.value;
        };
        return one.headers.size() == 1 ? quoted(line(one.headers.front()))
                                       : list<mail_header>(one.headers, line);
    }
    case step_kind::body:
    case step_kind::message: return content_text(one);
    case step_kind::wait: return time_text(one.time);
    case step_kind::helo:
    case step_kind::mail:
    case step_kind::rcpt:
    case step_kind::unknown: return quoted(one.text);
    default: return "true";
    }
}

/// Variables are not put into keys.
std::string key_text(std::string const& name) {
    if (!corpus::is_utf8(name)) return quoted(name); // no name of a macro
    std::string text = quoted(name);
    for (auto at = text.find("$${"); at != text.npos; at = text.find("$${", at + 1))
        text.erase(at, 1);
    return text;
}

/// Of one name the last value counts.
std::string macros_text(macro_pairs const& macros) {
    std::string text;
    for (auto one = macros.begin(); one != macros.end(); ++one) {
        bool const comes_again = std::any_of(
            one + 1, macros.end(), [&](auto const& other) { return other.first == one->first; });
        if (comes_again) continue;
        text += fmt::format("{} {} = {}", text.empty() ? "" : ",", key_text(one->first),
                            quoted(one->second));
    }
    return "{" + text + " }";
}

std::string pattern_text(text_pattern const& one) { return one.text(); }
std::string header_text(header_pattern const& one) { return one.text(); }

/// `VERDICT`, `VERDICT REPLY` or `not_sent`, if that says all.
bool is_short(step_expectation const& wanted) {
    auto const& agreed = wanted.agreement;
    bool const is_agreement =
        agreed.version || agreed.actions || agreed.steps || !agreed.macros.empty();
    if (is_agreement || !wanted.message.empty() || wanted.within || wanted.error ||
        wanted.client_hears)
        return false;
    bool const is_word = !wanted.verdict || wanted.verdict->text.find(' ') == std::string::npos;
    if (!is_word) return false;
    bool const is_not_sent = wanted.sent && !*wanted.sent;
    if (is_not_sent) return !wanted.verdict && !wanted.any && !wanted.reply;
    return !wanted.sent && (wanted.verdict || wanted.any || !wanted.reply);
}

std::string short_text(step_expectation const& wanted) {
    if (wanted.sent) return "not_sent";
    auto text = wanted.verdict ? wanted.verdict->text : std::string("any");
    if (wanted.reply) text += " " + wanted.reply->text();
    return text;
}

/// Lines `KEY = VALUE`.
class key_lines {
public:
    void add(std::string_view key, std::string const& value) {
        text_ += fmt::format("{} = {}\n", key, value);
    }
    void add(std::string_view key, std::optional<text_pattern> const& one) {
        if (one) add(key, quoted(one->text()));
    }
    void add(std::string_view key, std::vector<text_pattern> const& some) {
        if (!some.empty()) add(key, list<text_pattern>(some, pattern_text));
    }
    void add(std::string_view key, std::optional<std::vector<text_pattern>> const& all) {
        if (all) add(key, list<text_pattern>(*all, pattern_text));
    }
    void add(std::string_view key, std::vector<header_pattern> const& some) {
        if (!some.empty()) add(key, list<header_pattern>(some, header_text));
    }
    std::string const& text() const noexcept { return text_; }

private:
    std::string text_;
};

void add_answer(key_lines& to, step_expectation const& wanted) {
    if (wanted.any) to.add("verdict", quoted("any"));
    if (wanted.verdict) to.add("verdict", quoted(wanted.verdict->text));
    to.add("reply", wanted.reply);
    to.add("client_hears", wanted.client_hears);
    to.add("error", wanted.error);
    if (wanted.sent) to.add("sent", std::string(*wanted.sent ? "true" : "false"));
    if (wanted.within) to.add("within", time_text(*wanted.within));
}

void add_agreement(key_lines& to, agreement_expectation const& agreed) {
    if (agreed.version) to.add("version", fmt::format("{}", *agreed.version));
    if (agreed.actions) to.add("actions", flags_text(*agreed.actions));
    if (agreed.steps) to.add("steps", flags_text(*agreed.steps));
}

void add_message(key_lines& to, message_expectation const& wanted) {
    to.add("sender", wanted.sender);
    to.add("recipients", wanted.recipients);
    to.add("recipient", wanted.recipient);
    to.add("no_recipient", wanted.no_recipient);
    if (wanted.headers) to.add("headers", list<header_pattern>(*wanted.headers, header_text));
    to.add("header", wanted.header);
    to.add("no_header", wanted.no_header);
    to.add("body", wanted.body);
    to.add("quarantine", wanted.quarantine);
    to.add("edits", wanted.edits);
    to.add("edit", wanted.edit);
    if (wanted.keepalives != 0) to.add("keepalives", fmt::format("{}", wanted.keepalives));
}

/// A table of its own, so that long values may stand on several lines.
std::string long_text(step_expectation const& wanted) {
    key_lines all, macros;
    add_answer(all, wanted);
    add_agreement(all, wanted.agreement);
    add_message(all, wanted.message);
    for (auto const& [stage, names] : wanted.agreement.macros)
        macros.add(wire::name_of(stage), quoted(names));
    auto const text = "[step.expect]\n" + all.text();
    return macros.text().empty() ? text : text + "[step.expect.macros]\n" + macros.text();
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
    for (auto const& [stage, macros] : one.macros)
        text += fmt::format("macros.{} = {}\n", wire::name_of(stage), macros_text(macros));
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
