// SPDX-License-Identifier: BSL-1.0
// test-server/conformance/walk.cpp - whole sessions as MTAs have them, each run once, on which many cases are judged
#include "test-server/conformance/walk.hpp"

#include <algorithm>

namespace milter::test_server {

namespace {

void two_messages(dialogue& talk, conformance_subject const& subject, walk& into) {
    talk.forget_trace();
    talk.message(subject.mail);
    into.first = talk.trace();
    talk.tell(wire::abort{});
    talk.stay_quiet();
    talk.forget_trace();
    talk.message(subject.mail);
    into.second = talk.trace();
    talk.tell(wire::abort{});
}

void many_recipients(dialogue& talk, conformance_subject const& subject, walk& into) {
    talk.ask(wire::unknown{"FOO bar"});
    auto mail = subject.mail;
    mail.recipients.insert(mail.recipients.begin(), {{"<first@example.org>", {}},
                                                     {"<second@example.org>", {"NOTIFY=NEVER"}}});
    talk.forget_trace();
    talk.message(mail);
    into.first = talk.trace();
}

walk run(walk_kind kind, conformance_subject const& subject) {
    walk one;
    transcript_lines log;
    dialogue talk(subject, log);
    talk.listens();
    one.opened = talk.open(offer_of(kind));
    one.opening = talk.opening();
    if (one.opened) one.steps = talk.judge().agreed().steps;
    if (one.opened && talk.greet()) {
        one.greeting = talk.trace();
        if (kind == walk_kind::recipients)
            many_recipients(talk, subject, one);
        else
            two_messages(talk, subject, one);
    } else {
        one.greeting = talk.trace();
    }
    one.broke = talk.lost();
    one.end = talk.leave();
    one.findings = talk.judge().findings();
    one.seen = talk.judge().seen();
    one.slowest = talk.slowest();
    one.overdue = talk.overdue();
    one.packets = log.all();
    return one;
}

} // namespace

wire::negotiate offer_of(walk_kind kind) {
    using wire::step;
    switch (kind) {
    case walk_kind::unanswered:
        return {6, wire::action::all,
                step::all_no | step::skip | step::rejected_rcpt | step::leading_space};
    case walk_kind::version_2: return {2, static_cast<wire::action>(0x3F), step::all_v2};
    case walk_kind::version_4: return {4, static_cast<wire::action>(0x3F), step::all_v4};
    case walk_kind::bare: return {6, wire::action::all & ~wire::action::set_macro_list, step::none};
    case walk_kind::full:
    case walk_kind::recipients: break;
    }
    return {};
}

bool walk::has_answered(wire::command_code stage) const noexcept {
    char const mark[] = {static_cast<char>(stage), ':', 0};
    for (auto const* trace : {&greeting, &first, &second})
        if (trace->starts_with(mark) || trace->find(std::string(" ") + mark) != trace->npos)
            return true;
    return false;
}

finding const* walk::about(unsigned statement) const noexcept {
    auto const found = std::find_if(findings.begin(), findings.end(),
                                    [&](finding const& one) { return one.statement == statement; });
    return found == findings.end() ? nullptr : &*found;
}

walk const& walks::of(walk_kind kind) {
    auto& one = done_[static_cast<std::size_t>(kind)];
    if (!one) one = run(kind, subject_);
    return *one;
}

} // namespace milter::test_server
