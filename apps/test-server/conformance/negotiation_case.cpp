// SPDX-License-Identifier: BSL-1.0
// test-server/conformance/negotiation_case.cpp - cases about the answer to the offer
#include "test-server/conformance/variation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <vector>

namespace milter::test_server {

namespace {

using cli::level;
using wire::action;
using wire::negotiate;
using wire::step;

/// Offers of a case: what came of them all.
struct offers_tried {
    std::size_t answered = 0, refused = 0;
};

/// Passes with answers alone: who closes at each offer has shown nothing. And closing is a refusal of one offer only while
/// others are answered.
void pass_with_answers(trial& one, offers_tried const& tried) {
    if (tried.answered == 0) return one.leave_open("no offer was answered");
    if (tried.refused == 0 || one.is_alive()) one.pass();
}

/// Each offer is answered or refused by closing; nothing is found about the statement of the case.
void each_offer(trial& one, std::vector<negotiate> const& offers) {
    offers_tried tried;
    for (auto const& offer : offers) {
        auto& talk = one.talk();
        talk.open(offer);
        if (!one.is_clean(talk, {one.statement()})) return;
        auto const what = talk.opening();
        if (what != came::frame && what != came::closed)
            return one.fail("to an offer of " + wire::describe(wire::any_command(offer)) + ": " +
                            std::string(words_for(what)));
        if (talk.answer()) ++tried.answered;
        if (what == came::closed) ++tried.refused;
        talk.leave();
    }
    pass_with_answers(one, tried);
}

std::vector<negotiate> each_version(std::uint32_t from, std::uint32_t to) {
    std::vector<negotiate> all;
    for (auto version = from; version <= to; ++version) {
        auto const actions = version < 6 ? static_cast<action>(0x3F) : action::all;
        all.push_back({version, actions, proto::steps_of(version)});
    }
    return all;
}

void version_within_the_offer(trial& one) { each_offer(one, each_version(2, 6)); }

void version_is_the_lower(trial& one) {
    offers_tried tried;
    for (auto const& offer : each_version(2, 6)) {
        auto& talk = one.talk();
        talk.open(offer);
        if (talk.opening() == came::closed) {
            ++tried.refused;
            continue;
        }
        if (!talk.answer()) return one.fail(std::string(words_for(talk.opening())));
        if (talk.answer()->version != offer.version)
            return one.fail(
                fmt::format("{} was offered, {} answered", offer.version, talk.answer()->version));
        ++tried.answered;
        talk.leave();
    }
    pass_with_answers(one, tried);
}

void newer_offers(trial& one) {
    for (std::uint32_t const version : {7U, 8U, 255U}) {
        auto& talk = one.talk();
        if (!talk.open({version, action::all, step::all}))
            return one.fail(
                fmt::format("to an offer of version {}: {}", version, words_for(talk.opening())));
        if (talk.answer()->version > wire::newest_version)
            return one.fail(fmt::format("version {}", talk.answer()->version));
        talk.leave();
    }
    one.pass();
}

void too_old_offers(trial& one) {
    for (std::uint32_t const version : {1U, 0U}) {
        auto& talk = one.talk();
        std::string bytes;
        wire::encode(bytes, negotiate{version, static_cast<action>(0x0F), static_cast<step>(0x3F)});
        talk.raw().send(bytes, one.subject.timeout);
        wire::frame_view frame;
        auto const what = talk.raw().read(frame, one.subject.patience);
        if (what == came::frame)
            return one.fail(
                fmt::format("version {} is answered: {}", version, wire::describe_reply(frame)));
        if (!is_closed(one, what, fmt::format("version {}", version))) return;
    }
    if (one.is_alive()) one.pass();
}

void each_action_withheld(trial& one) {
    std::vector<negotiate> offers;
    for (auto const& row : wire::action_rows)
        offers.push_back({6, action::all & ~row.bit, step::all});
    offers.push_back({6, action::set_macro_list, step::all});
    each_offer(one, offers);
}

void each_step_withheld(trial& one) {
    std::vector<negotiate> offers;
    for (auto const& row : wire::step_rows) {
        if (wire::any(row.bit, step::all_data_sizes)) continue;
        offers.push_back({6, action::all, step::all & ~row.bit});
    }
    each_offer(one, offers);
}

void older_sets_of_steps(trial& one) {
    each_offer(one, {{6, action::all, step::all_v2},
                     {6, action::all, step::all_v3},
                     {6, action::all, step::all_v4},
                     {6, action::all, step::all_no | step::nr_header},
                     {6, action::all, step::all_no}});
}

void no_data_and_unknown_withheld(trial& one) {
    auto* const talk =
        one.opened({6, action::all, step::all & ~(step::no_data | step::no_unknown)});
    if (!talk) return;
    talk->leave();
    auto const more = talk->answer()->steps & (step::no_data | step::no_unknown);
    one.pass_if(!wire::any(more), "answered all the same: " + to_string(more));
}

void empty_offers(trial& one) {
    each_offer(one, {{6, action::none, step::all},
                     {6, action::all, step::none},
                     {2, action::none, step::none}});
}

void data_sizes(trial& one) {
    each_offer(one, {{6, action::all, step::all},
                     {6, action::all, step::all | step::data_size_256k},
                     {6, action::all, step::all | step::data_size_1m}});
}

/// Of an offer of everything no milter has a reason to close.
void full_offer_is_answered(trial& one) {
    auto& full = one.talk();
    full.open({});
    if (!one.is_clean(full, {44})) return;
    if (full.opening() != came::frame) return one.fail(std::string(words_for(full.opening())));
    if (!full.answer()) return one.leave_open("the answer cannot be read");
    full.leave();
    auto& old = one.talk();
    old.open({2, static_cast<action>(0x3F), step::all_v2});
    if (!one.is_clean(old, {44})) return;
    if (old.opening() == came::frame) return one.pass();
    if (is_closed(one, old.opening(), "an offer of version 2") && one.is_alive()) one.pass();
}

void lists_are_well_formed(trial& one) {
    each_offer(one, {{}, {6, action::all & ~action::set_macro_list, step::all}});
}

/// What is not offered to be left unanswered is answered.
void unoffered_is_answered(trial& one) {
    auto const& full = one.walked.of(walk_kind::full);
    if (!full.steps) return one.leave_open("the offer was not answered");
    if (!wire::any(*full.steps, step::all_nr)) return one.skip("the milter asks for no NR_*");
    auto const& walk = one.walked.of(walk_kind::unanswered);
    one.show(walk.packets);
    if (walk.opening == came::closed) return one.leave_open("the milter closes at such an offer");
    if (!walk.opened) return one.fail(std::string(words_for(walk.opening)));
    if (wire::any(*walk.steps, step::all_nr))
        return one.fail("asked for all the same: " + to_string(*walk.steps & step::all_nr));
    if (auto const* const found = walk.about(99)) return one.fail(found->what);
    bool const was_answered = std::any_of(
        std::begin(wire::command_rows), std::end(wire::command_rows), [&](auto const& row) {
            return wire::any(row.no_reply, *full.steps) && walk.has_answered(row.code);
        });
    if (!was_answered) return one.skip("no such command came up");
    one.pass();
}

void short_offer(trial& one) {
    for (std::size_t const size : {11U, 8U, 4U, 0U}) {
        auto& talk = one.talk();
        std::string bytes;
        wire::append_frame(bytes, 'O', std::string_view("\0\0\0\6\0\0\1\xff\0\x1f\xff\xff", size));
        talk.raw().send(bytes, one.subject.timeout);
        wire::frame_view frame;
        auto const what = talk.raw().read(frame, one.subject.patience);
        if (what == came::frame)
            return one.fail(
                fmt::format("{} bytes are answered: {}", size, wire::describe_reply(frame)));
        if (!is_closed(one, what, fmt::format("{} bytes", size))) return;
    }
    if (one.is_alive()) one.pass();
}

void long_offer(trial& one) {
    auto& talk = one.talk();
    std::string bytes;
    wire::append_frame(bytes, 'O',
                       std::string_view("\0\0\0\6\0\0\1\xff\0\x1f\xff\xff\0\0\0\7more", 20));
    talk.raw().send(bytes, one.subject.timeout);
    wire::frame_view frame;
    auto const what = talk.raw().read(frame, one.subject.timeout);
    if (what != came::frame) return one.fail(std::string(words_for(what)));
    one.pass_if(frame.code == 'O', wire::describe_reply(frame));
}

void second_offer(trial& one) {
    auto* const talk = one.opened();
    if (!talk) return;
    std::string bytes;
    wire::encode(bytes, negotiate{});
    talk->raw().send(bytes, one.subject.timeout);
    talk->stay_quiet();
    if (talk->lost()) return one.fail("the milter closes");
    if (!talk->judge().findings().empty()) return one.fail(talk->judge().findings().front().what);
    talk->connect_client();
    if (talk->lost()) return one.fail("the session does not go on: " + talk->trace());
    if (!talk->trace().empty() || goes_on(one, *talk)) one.pass();
}

constexpr conformance_case cases[] = {
    {"25", 25, level::should, "an offer that is too short ends the connection",
     "the connection is closed, nothing said", short_offer},
    {"26", 26, level::should, "what is behind an offer is ignored", "an answer", long_offer},
    {"27", 27, level::should, "an offer below version 2 ends the connection",
     "the connection is closed, nothing said", too_old_offers},
    {"28a", 28, level::must, "the version answered is one that was offered",
     "2 to what was offered, or the end of the connection", version_within_the_offer},
    {"28b", 28, level::should, "the version answered is what both have",
     "the offered one, from 2 to 6", version_is_the_lower},
    {"29", 29, level::should, "versions above 6 are answered with at most 6", "a version up to 6",
     newer_offers},
    {"36", 36, level::must, "no action is asked for that is not offered",
     "a part of the offer, or the end of the connection", each_action_withheld},
    {"37a", 37, level::must, "no step is asked for that is not offered, whichever is missing",
     "a part of the offer, or the end of the connection", each_step_withheld},
    {"37b", 37, level::must, "no step is asked for that older versions lack",
     "a part of the offer, or the end of the connection", older_sets_of_steps},
    {"39", 39, level::must, "what may not be left unanswered is answered",
     "a reply to each command whose NR_* was not offered", unoffered_is_answered},
    {"40", 40, level::must, "NODATA and NOUNKNOWN that are not offered are left out",
     "an answer without them", no_data_and_unknown_withheld},
    {"43", 43, level::should, "offers of nothing are put up with",
     "an answer or the end of the connection", empty_offers},
    {"44", 44, level::must, "an offer is answered with O", "a packet O", full_offer_is_answered},
    {"46", 46, level::must, "macro lists in the answer are well-formed",
     "pairs of a stage and names with their NUL", lists_are_well_formed},
    {"63", 63, level::should, "a second offer changes nothing",
     "no answer, and the session goes on", second_offer},
    {"64", 64, level::must, "no data size is answered that is not offered", "a part of the offer",
     data_sizes},
};

} // namespace

std::span<conformance_case const> negotiation_cases() noexcept { return cases; }

} // namespace milter::test_server
