// SPDX-License-Identifier: BSL-1.0
// test-server/scenario/step_expectation.cpp - what is expected of the answer to one step, and what of it was not met
#include "test-server/scenario/step_expectation.hpp"

#include <milter/message/envelope.hpp>
#include <milter/proto/macros.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <stdexcept>
#include <utility>

namespace milter::test_server {

namespace {

std::string_view trimmed(std::string_view text) noexcept {
    constexpr std::string_view blanks = " \t";
    auto const begin = text.find_first_not_of(blanks);
    if (begin == text.npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::string quoted(std::string_view text) { return fmt::format("\"{}\"", text); }

std::string milliseconds(proto::duration time) {
    return fmt::format("{:.3f} ms", std::chrono::duration<double, std::milli>(time).count());
}

std::string verdict_text(answer const& given) {
    auto text = std::string(name_of(given.what));
    if (!given.reply.empty()) text += " " + quoted(given.reply);
    return text;
}

std::set<std::string> names_in(std::string_view list) {
    std::set<std::string> names;
    proto::for_each_name(list, [&](std::string_view one) {
        auto const bare =
            one.size() > 2 && one.front() == '{' ? one.substr(1, one.size() - 2) : one;
        names.emplace(bare);
    });
    return names;
}

struct visible_header {
    std::string_view name, value;
};

std::vector<visible_header> visible_headers(message::headers const& of) {
    std::vector<visible_header> all;
    of.for_each([&](message::header_field const& field) {
        if (field.visible()) all.push_back({field.now_name(), trimmed(field.now_value())});
    });
    return all;
}

bool fits(header_pattern const& wanted, visible_header const& one) {
    return message::same_name(one.name, wanted.name) &&
           (!wanted.value || wanted.value->matches(one.value));
}

bool fits_address(text_pattern const& wanted, std::string_view address) {
    return wanted.matches(address) || wanted.matches(message::bare_address(address));
}

class checker {
public:
    explicit checker(step_outcome const& outcome) : outcome_(outcome) {}

    void check_verdict(step_expectation const& wanted, std::vector<status> const& goes_on) {
        auto const& given = outcome_.given;
        bool const is_said_otherwise =
            !wanted.verdict && (wanted.reply || wanted.client_hears || wanted.error);
        if (wanted.any || is_said_otherwise) {
            if (given.what == status::error && !wanted.error) add("a verdict", found_verdict());
            return;
        }
        auto const& any_of = wanted.verdict ? wanted.verdict->any_of : goes_on;
        bool const known = std::find(any_of.begin(), any_of.end(), given.what) != any_of.end();
        bool const there =
            !wanted.verdict || !wanted.verdict->stage || *wanted.verdict->stage == given.stage;
        if (known && there) return;
        auto expected = wanted.verdict ? wanted.verdict->text : std::string();
        for (auto const one : wanted.verdict ? std::vector<status>{} : goes_on)
            expected.append(expected.empty() ? "" : "|").append(name_of(one));
        add(expected,
            found_verdict(there ? "" : fmt::format(" at {}", wire::name_of(given.stage))));
    }

    void check_answer(step_expectation const& wanted) {
        auto const& given = outcome_.given;
        if (wanted.sent && *wanted.sent != outcome_.sent)
            add(*wanted.sent ? "that it is sent" : "that the milter negotiated it away",
                outcome_.sent ? "it was sent" : "the milter negotiated it away");
        if (wanted.reply && !wanted.reply->matches(given.reply))
            add("reply " + quoted(wanted.reply->text()),
                given.reply.empty() ? "none" : quoted(given.reply));
        if (wanted.client_hears && !wanted.client_hears->matches(given.heard))
            add("that the client hears " + quoted(wanted.client_hears->text()),
                given.heard.empty() ? "nothing against the mail" : quoted(given.heard));
        if (wanted.error) check_error(*wanted.error);
        if (wanted.within && outcome_.took > *wanted.within)
            findings_.push_back({"an answer within " + milliseconds(*wanted.within),
                                 milliseconds(outcome_.took), true});
    }

    void check_agreement(agreement_expectation const& wanted) {
        auto const& agreed = outcome_.agreed;
        if (!agreed) return;
        if (wanted.version && *wanted.version != agreed->version)
            add(fmt::format("version {}", *wanted.version), fmt::format("{}", agreed->version));
        if (wanted.actions && *wanted.actions != agreed->actions)
            add("actions " + to_string(*wanted.actions), to_string(agreed->actions));
        if (wanted.steps && *wanted.steps != agreed->steps)
            add("steps " + to_string(*wanted.steps), to_string(agreed->steps));
        for (auto const& [stage, names] : wanted.macros) {
            auto const& asked = agreed->lists[wire::macro_stage_index(stage)];
            if (names_in(asked.value_or("")) != names_in(names))
                add(fmt::format("macros of {}: {}", wire::name_of(stage), quoted(names)),
                    asked ? quoted(*asked) : "does not ask for any");
        }
    }

    void check_message(message_expectation const& wanted) {
        if (wanted.empty()) return;
        if (!outcome_.message) return add("a message", "it has not been accepted or refused here");
        auto const& one = *outcome_.message;
        if (wanted.sender && !fits_address(*wanted.sender, one.sender.address))
            add("sender " + wanted.sender->text(), one.sender.address);
        check_recipients(wanted, one);
        check_headers(wanted, one);
        for (auto const& part : wanted.body)
            if (!part.is_in(one.body)) add("body with " + quoted(part.text()), "it has not");
        if (wanted.quarantine && !one.quarantine) add("quarantine", "none");
        if (wanted.quarantine && one.quarantine && !wanted.quarantine->matches(*one.quarantine))
            add("quarantine " + quoted(wanted.quarantine->text()), quoted(*one.quarantine));
        check_edits(wanted, one);
        if (one.edits.keepalives < wanted.keepalives)
            add(fmt::format("{} keepalives", wanted.keepalives),
                fmt::format("{}", one.edits.keepalives));
    }

    std::vector<step_finding> take() { return std::move(findings_); }

private:
    std::string found_verdict(std::string_view place = {}) const {
        auto text = verdict_text(outcome_.given).append(place);
        if (outcome_.failed) text += fmt::format(" ({})", outcome_.failed->text);
        return text;
    }

    void check_error(text_pattern const& wanted) {
        if (!outcome_.failed) return add("that the session breaks", "it goes on");
        if (!wanted.is_in(outcome_.failed->text))
            add("error " + quoted(wanted.text()), quoted(outcome_.failed->text));
    }

    void check_recipients(message_expectation const& wanted, message_outcome const& one) {
        std::vector<std::string> left;
        for (auto const& line : one.recipients)
            if (line.how != changed_line::mark::removed) left.push_back(line.text);
        auto const has = [&](text_pattern const& pattern) {
            return std::any_of(left.begin(), left.end(), [&](std::string const& address) {
                return fits_address(pattern, address);
            });
        };
        for (auto const& pattern : wanted.recipient)
            if (!has(pattern)) add("recipient " + pattern.text(), listed(left));
        for (auto const& pattern : wanted.no_recipient)
            if (has(pattern)) add("no recipient " + pattern.text(), listed(left));
        if (wanted.recipients)
            check_all("recipients", *wanted.recipients, left,
                      [](text_pattern const& pattern, std::string const& address) {
                          return fits_address(pattern, address);
                      });
    }

    void check_headers(message_expectation const& wanted, message_outcome const& one) {
        auto const all = visible_headers(one.headers);
        auto const has = [&](header_pattern const& pattern) {
            return std::any_of(all.begin(), all.end(),
                               [&](visible_header const& h) { return fits(pattern, h); });
        };
        for (auto const& pattern : wanted.header)
            if (!has(pattern)) add("header " + quoted(pattern.text()), found_of(pattern, all));
        for (auto const& pattern : wanted.no_header)
            if (has(pattern)) add("no header " + quoted(pattern.text()), "there is one");
        if (!wanted.headers) return;
        std::vector<std::string> texts;
        texts.reserve(all.size());
        for (auto const& h : all) texts.push_back(fmt::format("{}: {}", h.name, h.value));
        bool right = all.size() == wanted.headers->size();
        for (std::size_t i = 0; right && i < all.size(); ++i)
            right = fits((*wanted.headers)[i], all[i]);
        std::vector<std::string> expected;
        for (auto const& pattern : *wanted.headers) expected.push_back(pattern.text());
        if (!right) add("headers " + listed(expected), listed(texts));
    }

    static std::string found_of(header_pattern const& wanted,
                                std::vector<visible_header> const& all) {
        std::vector<std::string> same;
        for (auto const& one : all)
            if (message::same_name(one.name, wanted.name)) same.emplace_back(one.value);
        return same.empty() ? "none of that name" : listed(same);
    }

    void check_edits(message_expectation const& wanted, message_outcome const& one) {
        auto const same = [](text_pattern const& pattern, std::string const& text) {
            return pattern.matches(text);
        };
        if (wanted.edits) check_all("edits", *wanted.edits, one.edits.texts, same);
        for (auto const& pattern : wanted.edit)
            if (std::none_of(one.edits.texts.begin(), one.edits.texts.end(),
                             [&](std::string const& text) { return pattern.matches(text); }))
                add("edit " + quoted(pattern.text()), listed(one.edits.texts));
    }

    template <class Fits>
    void check_all(char const* what, std::vector<text_pattern> const& wanted,
                   std::vector<std::string> const& found, Fits fit) {
        if (std::equal(wanted.begin(), wanted.end(), found.begin(), found.end(), fit)) return;
        std::vector<std::string> expected;
        expected.reserve(wanted.size());
        for (auto const& one : wanted) expected.push_back(one.text());
        add(fmt::format("{} {}", what, listed(expected)), listed(found));
    }

    static std::string listed(std::vector<std::string> const& texts) {
        if (texts.empty()) return "none";
        std::string all;
        for (auto const& one : texts) all += (all.empty() ? "" : ", ") + quoted(one);
        return all;
    }

    void add(std::string expected, std::string found) {
        findings_.push_back({std::move(expected), std::move(found), false});
    }

    step_outcome const& outcome_;
    std::vector<step_finding> findings_;
};

} // namespace

header_pattern header_pattern::parse(std::string const& text) {
    auto const colon = text.find(':');
    header_pattern one;
    one.name = trimmed(std::string_view(text).substr(0, colon));
    if (one.name.empty())
        throw std::invalid_argument("\"" + text + "\" is no header: NAME, or NAME: VALUE");
    if (colon != text.npos)
        one.value =
            text_pattern::parse(std::string(trimmed(std::string_view(text).substr(colon + 1))));
    return one;
}

bool message_expectation::empty() const noexcept {
    return !sender && !recipients && recipient.empty() && no_recipient.empty() && !headers &&
           header.empty() && no_header.empty() && body.empty() && !quarantine && !edits &&
           edit.empty() && keepalives == 0;
}

std::vector<step_finding> check_step(step_expectation const& wanted, step_outcome const& outcome,
                                     std::vector<status> const& goes_on) {
    if (!outcome.attempted) return {{"", "not said: " + outcome.why_not, false}};
    checker found(outcome);
    found.check_verdict(wanted, goes_on);
    found.check_answer(wanted);
    found.check_agreement(wanted.agreement);
    found.check_message(wanted.message);
    return found.take();
}

} // namespace milter::test_server
