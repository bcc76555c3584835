// SPDX-License-Identifier: BSL-1.0
// tests/apps/recorded_session.hpp - a conversation of corpora/ as something to be done again, with a milter that answers as
// the one in it did
#pragma once

#include "server_session_fixture.hpp"
#include <milter/corpus/conversation.hpp>

#include <deque>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace server_session_test {

namespace corpus = milter::corpus;

/// One packet in words; of macros their names.
inline std::string shown(wire::frame_view const& frame) {
    milter::error_code ec;
    auto const command = wire::decode_command(frame, ec);
    auto const* const all = command ? std::get_if<wire::macros>(&*command) : nullptr;
    if (!all) return wire::describe_command(frame);
    std::string line = "macros " + std::string(1, static_cast<char>(all->stage)) + ":";
    bool is_name = true;
    for (auto const one : all->pairs) {
        if (is_name) line.append(" ").append(one);
        is_name = !is_name;
    }
    return line;
}

/// A conversation as something to be done again.
class recorded {
public:
    explicit recorded(corpus::conversation const& talk) {
        for (auto const& one : talk.events) {
            if (one.kind != corpus::event_kind::packet) continue;
            if (one.from == corpus::side::mta)
                hear(one);
            else
                answer(one);
        }
    }

    session_plan plan;
    proto::filter_options wants;
    std::deque<std::vector<corpus::event>> answers; ///< edits and the like, then the verdict
    std::vector<std::string> said;                  ///< by the MTA, without the offer
    wire::negotiate offer;

private:
    void hear(corpus::event const& one) {
        milter::error_code ec;
        auto const frame = corpus::frame_of(one);
        auto const command = wire::decode_command(frame, ec);
        if (!command) return;
        if (auto const* given = std::get_if<wire::negotiate>(&*command))
            return void(offer = *given);
        said.push_back(shown(frame));
        std::visit([this](auto const& each) { note(each); }, *command);
    }

    template <class Command> void note(Command const&) {}
    void note(wire::macros const& all) {
        for (auto one = all.pairs.begin(); one != all.pairs.end(); ++one) {
            std::string const name(*one);
            if (++one == all.pairs.end()) return;
            if (name.starts_with("{auth_")) plan.macros[code::mail].emplace_back(name, *one);
        }
    }
    void note(wire::connect const& client) {
        plan.client.host = client.hostname;
        plan.client.family = client.family;
        plan.client.address = client.address;
        plan.client.port = client.port;
        if (plan.client.address.starts_with("IPv6:")) plan.client.address.erase(0, 5);
    }
    void note(wire::helo const& by) { plan.helo = by.name; }
    void note(wire::mail const& from) { plan.messages.push_back({path(from), {}, {}, {}}); }
    void note(wire::rcpt const& to) { plan.messages.back().recipients.push_back(path(to)); }
    void note(wire::header const& field) {
        bool const raw = wire::any(wants.wants.steps, wire::step::leading_space);
        plan.messages.back().headers.push_back(
            {std::string(field.name), (raw ? "" : " ") + std::string(field.value)});
    }
    void note(wire::body const& piece) { plan.messages.back().chunks.emplace_back(piece.bytes); }
    template <class Command> static smtp_path path(Command const& of) {
        smtp_path one{std::string(of.address), {}};
        for (auto const arg : of.args) one.args.emplace_back(arg);
        return one;
    }

    void answer(corpus::event const& one) {
        milter::error_code ec;
        auto const reply = wire::decode_reply(corpus::frame_of(one), ec);
        if (!reply) return;
        if (auto const* given = std::get_if<wire::negotiate_reply>(&*reply)) {
            auto const agreed = proto::check_answer(offer, *given, proto::strictness::lenient);
            BOOST_TEST_REQUIRE(agreed.has_value());
            wants.wants.actions = agreed->actions;
            wants.wants.steps = agreed->steps;
            wants.wants.lists = agreed->lists;
            return;
        }
        if (is_whole_) answers.emplace_back();
        answers.back().push_back(one);
        is_whole_ = wire::row_of(wire::code_of(*reply)).kind == wire::reply_kind::verdict;
    }

    bool is_whole_ = true;
};

/// A milter's answers of a conversation, one after another.
class recorded_milter {
public:
    explicit recorded_milter(recorded& of) : of_(of) {}

    /// @return false: it leaves, or falls silent, with no verdict; the MTA says no more either way
    bool answer(proto::filter_session& filter) {
        if (!filter.awaits_reply()) return true;
        if (of_.answers.empty()) return false;
        auto const given = std::move(of_.answers.front());
        of_.answers.pop_front();
        for (auto const& one : given) reply(one, filter);
        return !filter.awaits_reply();
    }

private:
    static void reply(corpus::event const& one, proto::filter_session& filter) {
        milter::error_code ec;
        auto const what = wire::decode_reply(corpus::frame_of(one), ec);
        std::visit(
            [&](auto const& each) {
                if constexpr (!std::is_same_v<std::decay_t<decltype(each)>, wire::negotiate_reply>)
                    filter.reply(each, ec);
            },
            *what);
        BOOST_TEST(!ec, ec.message());
    }

    recorded& of_;
};

} // namespace server_session_test
