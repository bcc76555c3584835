// SPDX-License-Identifier: BSL-1.0
// test-server/scenario/learn.cpp - scenarios from a message, from a conversation, and from what came of their steps
#include "test-server/scenario/learn.hpp"

#include "test-server/compose.hpp"
#include <milter/message/edit_text.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <variant>

namespace milter::test_server {

namespace {

using code = wire::command_code;

std::string path_text(smtp_path const& path) {
    auto text = path.address;
    for (auto const& arg : path.args) text.append(" ").append(arg);
    return text;
}

template <class Command> std::string path_text(Command const& command) {
    std::string text(command.address);
    for (auto const arg : command.args) text.append(" ").append(arg);
    return text;
}

scenario_step step(step_kind what, std::string text = {}) {
    scenario_step one;
    one.what = what;
    one.text = std::move(text);
    return one;
}

void expect_verdict(step_expectation& to, answer const& given) {
    to.verdict.emplace();
    to.verdict->any_of = {given.what};
    to.verdict->text = name_of(given.what);
    if (!given.reply.empty()) to.reply = text_pattern::exactly(given.reply);
}

void expect_edits(message_expectation& to, std::vector<std::string> const& texts) {
    if (texts.empty()) return;
    to.edits.emplace();
    for (auto const& one : texts) to.edits->push_back(text_pattern::exactly(one));
}

void expect_agreement(agreement_expectation& to, proto::agreement const& agreed) {
    to.version = agreed.version;
    to.actions = agreed.actions;
    to.steps = agreed.steps;
    for (auto const& row : wire::command_rows) {
        auto const index = wire::macro_stage_index(row.code);
        if (index != wire::macro_stage_count && agreed.lists[index])
            to.macros[row.code] = *agreed.lists[index];
    }
}

bool settles_message(step_kind what, status verdict) noexcept {
    bool const is_end = what == step_kind::end_of_message || what == step_kind::message;
    return is_end || verdict == status::discard;
}

/// Turns one packet after another into steps, and replies into what they expect.
class conversation_reader {
public:
    scenario read(corpus::conversation const& talk) {
        made_.title = talk.tags.empty() ? talk.id : talk.tags.front() + "-" + talk.id;
        for (auto const& one : talk.events) {
            if (one.kind != corpus::event_kind::packet) continue;
            if (one.from == corpus::side::mta)
                hear(corpus::frame_of(one));
            else
                answer(corpus::frame_of(one));
        }
        if (made_.steps.empty())
            throw std::invalid_argument(talk.id + ": an MTA says nothing in it");
        finish_edits();
        return std::move(made_);
    }

private:
    void hear(wire::frame_view const& frame) {
        error_code ec;
        auto const command = wire::decode_command(frame, ec);
        if (command) std::visit([this](auto const& one) { note(one); }, *command);
    }

    void note(wire::negotiate const& offer) {
        offer_ = offer;
        auto one = step(step_kind::negotiate);
        one.offer = {offer.version, offer.actions, offer.steps};
        add(std::move(one));
    }
    void note(wire::macros const& all) {
        for (auto one = all.pairs.begin(); one != all.pairs.end(); ++one) {
            std::string name(*one);
            if (++one == all.pairs.end()) return;
            macros_.emplace_back(std::move(name), *one);
        }
    }
    void note(wire::connect const& one) {
        auto made = step(step_kind::connect);
        made.client = {std::string(one.hostname), one.family, std::string(one.address), one.port};
        if (made.client.address.starts_with("IPv6:")) made.client.address.erase(0, 5);
        add(std::move(made));
    }
    void note(wire::helo const& one) { add(step(step_kind::helo, std::string(one.name))); }
    void note(wire::mail const& one) {
        in_message_ = true;
        add(step(step_kind::mail, path_text(one)));
    }
    void note(wire::rcpt const& one) { add(step(step_kind::rcpt, path_text(one))); }
    void note(wire::data const&) { add(step(step_kind::data)); }
    void note(wire::header const& one) {
        auto made = step(step_kind::header);
        auto value = std::string(one.value);
        if (!wire::any(agreed_.steps, wire::step::leading_space)) value.insert(0, 1, ' ');
        made.headers.push_back({std::string(one.name), std::move(value)});
        add(std::move(made));
    }
    void note(wire::end_of_headers const&) { add(step(step_kind::end_of_headers)); }
    void note(wire::body const& one) { add(step(step_kind::body, std::string(one.bytes))); }
    void note(wire::end_of_message const&) { add(step(step_kind::end_of_message)); }
    void note(wire::unknown const& one) { add(step(step_kind::unknown, std::string(one.line))); }
    void note(wire::abort const&) {
        if (std::exchange(in_message_, false)) add(step(step_kind::rset));
    }
    void note(wire::quit const&) { add(step(step_kind::quit)); }
    template <class Other> void note(Other const&) {}

    void add(scenario_step one) {
        finish_edits();
        if (one.what == step_kind::rset || one.what == step_kind::quit)
            macros_.clear();
        else
            one.macros = std::exchange(macros_, {});
        made_.steps.push_back(std::move(one));
    }

    void answer(wire::frame_view const& frame) {
        error_code ec;
        auto const reply = wire::decode_reply(frame, ec);
        if (!reply || made_.steps.empty()) return;
        auto& last = made_.steps.back();
        if (auto const* given = std::get_if<wire::negotiate_reply>(&*reply)) {
            if (auto const agreed =
                    proto::check_answer(offer_, *given, proto::strictness::lenient)) {
                agreed_ = *agreed;
                expect_agreement(last.expected.agreement, agreed_);
            }
            return;
        }
        auto const heard = wire::code_of(*reply);
        if (wire::row_of(heard).kind != wire::reply_kind::verdict) {
            auto text =
                message::edit_text(*reply, wire::any(agreed_.steps, wire::step::leading_space));
            if (!text.empty() &&
                (edits_.empty() || edits_.back() != text || text != "replace_body"))
                edits_.push_back(std::move(text));
            return;
        }
        auto const* const words = std::get_if<wire::reply_text>(&*reply);
        test_server::answer given;
        if (words) given.reply = words->text;
        std::erase(given.reply, '\0');
        given.what = status_of(heard, given.reply);
        bool const accepted = given.what == status::pass || given.what == status::accept;
        bool const held = std::any_of(edits_.begin(), edits_.end(), [](std::string const& text) {
            return text.starts_with("quarantine");
        });
        if (accepted && held) given.what = status::quarantine;
        bool const refuses_recipient = last.what == step_kind::rcpt && refuses(given.what);
        if (!accepted && !refuses_recipient) in_message_ = false;
        if (given.what == status::accept || last.what == step_kind::end_of_message)
            in_message_ = false;
        expect_verdict(last.expected, given);
    }

    void finish_edits() {
        if (!made_.steps.empty()) expect_edits(made_.steps.back().expected.message, edits_);
        edits_.clear();
    }

    scenario made_;
    wire::negotiate offer_;
    proto::agreement agreed_;
    macro_pairs macros_; ///< of the next command
    std::vector<std::string> edits_;
    bool in_message_ = false;
};

} // namespace

scenario scenario_of_mail(std::string_view text, std::string const& file) {
    auto content = parse_mail(text);
    auto const envelope = compose(content, {});
    scenario one;
    one.title = file;
    one.steps.push_back(step(step_kind::negotiate));
    one.steps.push_back(step(step_kind::connect));
    one.steps.push_back(step(step_kind::helo, "mx.example.net"));
    one.steps.push_back(step(step_kind::mail, path_text(envelope.sender)));
    for (auto const& recipient : envelope.recipients)
        one.steps.push_back(step(step_kind::rcpt, path_text(recipient)));
    auto message = step(step_kind::message);
    message.content = std::move(content);
    message.content_file = file;
    one.steps.push_back(std::move(message));
    return one;
}

scenario scenario_of_conversation(corpus::conversation const& talk) {
    return conversation_reader().read(talk);
}

void expect_what_came(scenario& steps, scenario_result const& result) {
    for (std::size_t i = 0; i < result.steps.size(); ++i) {
        auto const& outcome = result.steps[i].outcome;
        auto& one = steps.steps[i];
        if (!outcome.attempted) { // an MTA says nothing more
            steps.steps.resize(i);
            return;
        }
        if (outcome.agreed) expect_agreement(one.expected.agreement, *outcome.agreed);
        if (!outcome.sent)
            one.expected.sent = false;
        else if (one.what != step_kind::negotiate)
            expect_verdict(one.expected, outcome.given);
        if (outcome.message && settles_message(one.what, outcome.given.what)) {
            if (outcome.message->edits_stand)
                expect_edits(one.expected.message, outcome.message->edit_texts);
        }
    }
}

} // namespace milter::test_server
