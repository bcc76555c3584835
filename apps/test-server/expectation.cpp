// SPDX-License-Identifier: BSL-1.0
// test-server/expectation.cpp - what the user expects of each message, and what of it was not met
#include "test-server/expectation.hpp"

#include "cli/flag_names.hpp"
#include "cli/printable.hpp"
#include "test-server/mail.hpp"
#include <milter/ascii.hpp>
#include <milter/message/envelope.hpp>

#include <algorithm>
#include <stdexcept>

namespace milter::test_server {

namespace {

struct status_name {
    std::string_view name;
    status what;
};

constexpr status_name other_names[] = {
    {"continue", status::pass},
    {"tempfail", status::temporary_failure},
    {"connection_failed", status::connection_failure},
};

constexpr status all_status[] = {
    status::pass,    status::accept,     status::reject,   status::temporary_failure,
    status::discard, status::quarantine, status::shutdown, status::connection_failure,
    status::quit,    status::error};

status parse_status(std::string_view text) {
    auto const name = cli::normal_name(text);
    for (auto const one : all_status)
        if (cli::normal_name(name_of(one)) == name) return one;
    for (auto const& one : other_names)
        if (one.name == name) return one.what;
    throw std::invalid_argument(
        "unknown verdict \"" + std::string(text) +
        "\"; there are pass, accept, reject, temporary-failure (tempfail), discard, "
        "quarantine, shutdown, connection-failure, quit, error");
}

/// A milter can do nothing at the negotiation but fail.
wire::command_code verdict_stage(std::string_view text, std::vector<status> const& verdicts) {
    bool const negotiating = cli::normal_name(text) == "negotiate";
    if (!negotiating) return parse_session_stage(text);
    if (verdicts != std::vector{status::error})
        throw std::invalid_argument("at negotiate there is no verdict but error");
    return wire::command_code::negotiate;
}

std::string_view trimmed(std::string_view text) noexcept {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

bool has_header(message::headers const& headers, std::string_view wanted) {
    auto const colon = wanted.find(':');
    auto const name = trimmed(wanted.substr(0, colon));
    auto const value =
        colon == wanted.npos ? std::string_view() : trimmed(wanted.substr(colon + 1));
    bool found = false;
    headers.for_each([&](message::header_field const& field) {
        if (!field.visible() || !message::same_name(field.now_name(), name)) return;
        found = found || value.empty() || trimmed(field.now_value()) == value;
    });
    return found;
}

bool same_address(std::string_view a, std::string_view b) {
    return equal_ignoring_case(message::bare_address(a), message::bare_address(b));
}

bool has_recipient(message_outcome const& message, std::string_view wanted) {
    return std::any_of(
        message.recipients.begin(), message.recipients.end(), [&](changed_line const& one) {
            return one.how != changed_line::mark::removed && same_address(one.text, wanted);
        });
}

class checker {
public:
    checker(expectations const& wanted, std::size_t session) : wanted_(wanted), session_(session) {}

    void check_verdict(answer const& given, std::size_t message, std::string_view why = {}) {
        if (wanted_.verdict) {
            auto const& any = wanted_.verdict->any_of;
            bool const right = std::find(any.begin(), any.end(), given.what) != any.end() &&
                               (!wanted_.verdict->stage || *wanted_.verdict->stage == given.stage);
            auto found =
                std::string(name_of(given.what)) + " at " + std::string(wire::name_of(given.stage));
            if (!why.empty()) found += " (" + std::string(why) + ")";
            if (!right) add(message, "verdict " + wanted_.verdict->text, found);
        }
        if (wanted_.reply && given.reply.substr(0, wanted_.reply->size()) != *wanted_.reply)
            add(message, "reply \"" + *wanted_.reply + "\"",
                given.reply.empty() ? "none" : "\"" + given.reply + "\"");
    }

    void check_message(message_outcome const& one, std::size_t number) {
        check_verdict(one.verdict, number);
        check_quarantine(one, number);
        for (auto const& header : wanted_.headers)
            if (!has_header(one.headers, header))
                add(number, "header \"" + header + "\"", "none such");
        for (auto const& header : wanted_.no_headers)
            if (has_header(one.headers, header))
                add(number, "no header \"" + header + "\"", "there is one");
        for (auto const& address : wanted_.recipients)
            if (!has_recipient(one, address)) add(number, "recipient " + address, "it is none");
        for (auto const& address : wanted_.no_recipients)
            if (has_recipient(one, address)) add(number, "no recipient " + address, "it is one");
        for (auto const& address : wanted_.refused)
            if (std::none_of(
                    one.refused.begin(), one.refused.end(),
                    [&](recipient_outcome const& r) { return same_address(r.address, address); }))
                add(number, "refused recipient " + address, "it was not refused");
        if (wanted_.sender && !same_address(one.sender.address, *wanted_.sender))
            add(number, "sender " + *wanted_.sender, one.sender.address);
        if (wanted_.body && one.body.find(with_crlf(*wanted_.body)) == std::string::npos)
            add(number, "body with \"" + *wanted_.body + "\"", "it has not");
    }

    /// There is no message that the expectations of one could be met by.
    void check_absence() {
        auto one = wanted_;
        one.verdict.reset();
        one.reply.reset();
        if (!one.empty()) add(0, "a message", "the session ended before any");
    }

    std::vector<unmet> take() { return std::move(all_); }

private:
    void check_quarantine(message_outcome const& one, std::size_t number) {
        if (!wanted_.quarantine) return;
        if (!one.quarantine) return add(number, "quarantine", "none");
        if (!wanted_.quarantine->empty() && *one.quarantine != *wanted_.quarantine)
            add(number, "quarantine \"" + *wanted_.quarantine + "\"",
                "\"" + *one.quarantine + "\"");
    }

    void add(std::size_t message, std::string const& expected, std::string const& found) {
        all_.push_back(
            {session_, message, cli::printable("expected " + expected + "; found: " + found)});
    }

    expectations const& wanted_;
    std::size_t session_;
    std::vector<unmet> all_;
};

} // namespace

bool expectations::empty() const noexcept {
    return !verdict && !reply && !quarantine && headers.empty() && no_headers.empty() &&
           recipients.empty() && no_recipients.empty() && refused.empty() && !sender && !body;
}

expected_verdict parse_verdict(std::string_view text) {
    expected_verdict wanted;
    wanted.text = text;
    auto const at = text.find('@');
    auto names = text.substr(0, at);
    for (;;) {
        auto const end = names.find('|');
        wanted.any_of.push_back(parse_status(names.substr(0, end)));
        if (end == names.npos) break;
        names.remove_prefix(end + 1);
    }
    if (at != text.npos) wanted.stage = verdict_stage(text.substr(at + 1), wanted.any_of);
    return wanted;
}

std::vector<unmet> check(expectations const& wanted, session_outcome const& outcome,
                         std::size_t session) {
    checker found(wanted, session);
    for (std::size_t i = 0; i < outcome.messages.size(); ++i)
        found.check_message(outcome.messages[i], i + 1);
    if (outcome.messages.empty()) found.check_absence();
    if (outcome.ended_early) found.check_verdict(*outcome.ended_early, 0);
    bool const told =
        !outcome.messages.empty() && outcome.messages.back().verdict.what == status::error;
    if (outcome.failed && !told) {
        auto const stage =
            outcome.negotiated ? wire::command_code::connect : wire::command_code::negotiate;
        found.check_verdict({status::error, stage, {}}, 0, outcome.failed->text);
    }
    return found.take();
}

} // namespace milter::test_server
