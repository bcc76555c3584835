// SPDX-License-Identifier: BSL-1.0
// test-server/conformance/endurance_case.cpp - cases with several connections at once
#include "test-server/conformance/variation.hpp"

#include <fmt/format.h>

#include <vector>

namespace milter::test_server {

namespace {

using cli::level;
using code = wire::command_code;

void idle_peers_hold_up_nobody(trial& one) {
    constexpr int many = 20;
    for (int i = 0; i < many; ++i) {
        auto& idle = one.talk();
        if (!idle.connected()) return one.fail(fmt::format("connection {} is refused", i + 1));
        if (i % 2 == 0) continue; // says nothing at all
        if (!idle.open({})) return one.fail(fmt::format("connection {} is not answered", i + 1));
        if (i % 4 == 1) idle.raw().send(std::string_view("\0\0\0\x40M", 5), one.subject.timeout);
    }
    auto* const talk = one.greeted();
    if (talk) expect_usual_message(one, *talk);
}

/// Two sessions, a command of each in turn: each is as if it were alone.
void sessions_do_not_mix(trial& one) {
    auto* const a = one.greeted();
    if (!a) return;
    auto* const b = one.greeted();
    if (!b) return;
    if (!has_usual(one)) return;
    auto const& mail = one.subject.mail;
    a->forget_trace();
    answered last;
    if (!a->envelope(mail, last)) return one.skip("the envelope is refused: " + a->trace());
    b->forget_trace();
    b->message(mail);
    if (a->content(mail, last)) a->ask(wire::end_of_message{});
    auto const& usual = one.walked.of(walk_kind::full).first;
    auto const traces = fmt::format("{} and {}", a->trace(), b->trace());
    bool const broke = a->lost() || b->lost();
    a->leave();
    b->leave();
    one.pass_if(!broke && a->trace() == usual && b->trace() == usual,
                fmt::format("{}; alone {}", traces, usual));
}

void many_short_sessions(trial& one) {
    constexpr int many = 100;
    for (int i = 0; i < many; ++i) {
        auto& talk = one.talk();
        if (!talk.connected() || !talk.open({}))
            return one.fail(fmt::format("session {}: {}", i + 1, words_for(talk.opening())));
        if (i % 2 == 0) talk.leave();
        talk.raw().close();
    }
    one.pass();
}

constexpr conformance_case cases[] = {
    {"202", 202, level::must, "a hundred short sessions in a row are served",
     "an answer to each offer", many_short_sessions},
    {"203a", 203, level::should, "idle peers hold up nobody else",
     "the message goes as ever, with twenty others connected", idle_peers_hold_up_nobody},
    {"203b", 203, level::must, "sessions at the same time do not mix",
     "the same replies as to one alone", sessions_do_not_mix},
};

} // namespace

std::span<conformance_case const> endurance_cases() noexcept { return cases; }

} // namespace milter::test_server
