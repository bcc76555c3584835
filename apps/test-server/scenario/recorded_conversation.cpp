// SPDX-License-Identifier: BSL-1.0
// test-server/scenario/recorded_conversation.cpp - a scenario from a conversation that was recorded
#include "test-server/scenario/learn.hpp"
#include "test-server/scenario/learnt_expectation.hpp"
#include <milter/message/edit_text.hpp>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>
#include <variant>

namespace milter::test_server {

namespace {

using code = wire::command_code;

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

/// A command that the milter has negotiated away, of which only macros are seen.
std::optional<scenario_step> unseen_step(code stage, macro_pairs const& macros) {
    auto const value = [&](std::string_view name) {
        auto const found = std::find_if(macros.begin(), macros.end(),
                                        [&](auto const& one) { return one.first == name; });
        return found == macros.end() ? std::string() : found->second;
    };
    switch (stage) {
    case code::connect: return step(step_kind::connect);
    case code::helo: return step(step_kind::helo, "mx.example.net");
    case code::mail: return step(step_kind::mail, "<" + value("{mail_addr}") + ">");
    case code::rcpt: return step(step_kind::rcpt, "<" + value("{rcpt_addr}") + ">");
    case code::data: return step(step_kind::data);
    default: return std::nullopt;
    }
}

/// Turns one packet after another into steps, and replies into what they expect.
class conversation_reader {
public:
    explicit conversation_reader(mta_profile const& mta) { made_.mta = mta; }

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
        if (unanswered_) // whatever kept the milter from it: an MTA goes on without one that does not answer
            expect_verdict(made_.steps[*unanswered_].expected, {status::error, code::connect, {}});
        else if (talk.state == corpus::completeness::complete &&
                 made_.steps.back().what != step_kind::quit)
            made_.steps.push_back(step(step_kind::close));
        return std::move(made_);
    }

private:
    void hear(wire::frame_view const& frame) {
        error_code ec;
        auto const command = wire::decode_command(frame, ec);
        if (command) std::visit([this](auto const& one) { note(one); }, *command);
    }

    // ---- what the MTA says

    void note(wire::negotiate const& offer) {
        offer_ = offer;
        auto one = step(step_kind::negotiate);
        auto const& usual = made_.mta.offer;
        if (offer.version != usual.version) one.offer.version = offer.version;
        if (offer.actions != usual.actions) one.offer.actions = offer.actions;
        if (offer.steps != usual.steps) one.offer.steps = offer.steps;
        add(std::move(one), code::negotiate);
    }
    void note(wire::macros const& all) {
        finish_unseen();
        macros_of_ = static_cast<code>(all.stage);
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
        add(std::move(made), one.code);
    }
    void note(wire::helo const& one) {
        add(step(step_kind::helo, std::string(one.name)), one.code);
    }
    void note(wire::mail const& one) { add(step(step_kind::mail, path_text(one)), one.code); }
    void note(wire::rcpt const& one) { add(step(step_kind::rcpt, path_text(one)), one.code); }
    void note(wire::data const& one) { add(step(step_kind::data), one.code); }
    void note(wire::header const& one) {
        auto made = step(step_kind::header);
        auto value = std::string(one.value);
        if (!wire::any(agreed_.steps, wire::step::leading_space)) value.insert(0, 1, ' ');
        made.headers.push_back({std::string(one.name), std::move(value)});
        add(std::move(made), one.code);
    }
    void note(wire::end_of_headers const& one) { add(step(step_kind::end_of_headers), one.code); }
    void note(wire::body const& one) {
        add(step(step_kind::body, std::string(one.bytes)), one.code);
    }
    void note(wire::end_of_message const& one) { add(step(step_kind::end_of_message), one.code); }
    void note(wire::unknown const& one) {
        add(step(step_kind::unknown, std::string(one.line)), one.code);
    }
    void note(wire::abort const&) {
        if (std::exchange(in_message_, false)) add(step(step_kind::rset), code::abort);
    }
    void note(wire::quit const&) { add(step(step_kind::quit), code::quit); }
    template <class Other> void note(Other const&) {}

    void add(scenario_step one, code what) {
        if (what != macros_of_) finish_unseen();
        finish_edits();
        macros_of_.reset();
        one.macros = std::exchange(macros_, {});
        if (what == code::mail) in_message_ = true;
        bool const is_answered = what == code::negotiate || agreed_.answers(what);
        made_.steps.push_back(std::move(one));
        unanswered_.reset();
        if (is_answered) unanswered_ = made_.steps.size() - 1;
    }

    /// Macros whose command did not come.
    void finish_unseen() {
        if (!macros_of_) return;
        auto one = unseen_step(*macros_of_, macros_);
        macros_of_.reset();
        auto const own = std::exchange(macros_, {});
        if (!one) return;
        finish_edits();
        one->macros = own;
        one->expected.sent = false;
        made_.steps.push_back(std::move(*one));
    }

    // ---- what the milter answers

    void answer(wire::frame_view const& frame) {
        error_code ec;
        auto const reply = wire::decode_reply(frame, ec);
        if (!reply || made_.steps.empty()) return;
        if (auto const* given = std::get_if<wire::negotiate_reply>(&*reply)) return agree(*given);
        auto const heard = wire::code_of(*reply);
        if (wire::row_of(heard).kind != wire::reply_kind::verdict) return note_edit_of(*reply);
        if (!unanswered_) return;
        auto const* const words = std::get_if<wire::reply_text>(&*reply);
        test_server::answer given;
        if (words) given.reply = words->text;
        std::erase(given.reply, '\0');
        given.what = status_of(heard, given.reply);
        settle(made_.steps[*unanswered_], given);
        unanswered_.reset();
    }

    void agree(wire::negotiate_reply const& given) {
        auto const agreed = proto::check_answer(offer_, given, made_.mta.how);
        if (!agreed) return; // the step has no answer that counts
        agreed_ = *agreed;
        expect_agreement(made_.steps.back().expected.agreement, agreed_);
        unanswered_.reset();
    }

    void settle(scenario_step& one, test_server::answer given) {
        bool const is_end = one.what == step_kind::end_of_message;
        bool const goes_on = given.what == status::pass;
        bool const accepted = goes_on || given.what == status::accept;
        bool const held = std::any_of(edits_.begin(), edits_.end(), [](std::string const& text) {
            return text.starts_with("quarantine");
        });
        if (is_end && accepted && held) given.what = status::quarantine;
        bool const refuses_recipient = one.what == step_kind::rcpt && refuses(given.what);
        if (is_end || (!goes_on && !refuses_recipient)) in_message_ = false;
        expect_verdict(one.expected, given);
    }

    void note_edit_of(wire::any_reply const& reply) {
        auto text = message::edit_text(reply, wire::any(agreed_.steps, wire::step::leading_space));
        bool const goes_on = text == "replace_body" && !edits_.empty() && edits_.back() == text;
        if (!text.empty() && !goes_on) edits_.push_back(std::move(text));
    }

    void finish_edits() {
        if (!made_.steps.empty()) expect_edits(made_.steps.back().expected.message, edits_);
        edits_.clear();
    }

    scenario made_;
    wire::negotiate offer_;
    proto::agreement agreed_;
    macro_pairs macros_;            ///< of the next command,
    std::optional<code> macros_of_; ///< which is this one
    std::vector<std::string> edits_;
    std::optional<std::size_t> unanswered_; ///< step
    bool in_message_ = false;
};

} // namespace

scenario scenario_of_conversation(corpus::conversation const& talk, std::string const& as,
                                  mta_profile const& mta) {
    auto one = conversation_reader(mta).read(talk);
    one.as = as;
    return one;
}

} // namespace milter::test_server
