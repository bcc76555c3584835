// SPDX-License-Identifier: BSL-1.0
// test-server/conformance/state_case.cpp - cases about what may follow what, and what is forgotten
#include "test-server/conformance/variation.hpp"

#include <fmt/format.h>

namespace milter::test_server {

namespace {

using cli::level;
using code = wire::command_code;

constexpr code message_stages[] = {code::mail,   code::rcpt,           code::data,
                                   code::header, code::end_of_headers, code::body};

/// ABORT there, and the next message goes as ever.
void abort_at_each_stage(trial& one) {
    for (auto const stage : message_stages) {
        auto* const talk = up_to(one, stage);
        if (!talk) return;
        talk->tell(wire::abort{});
        talk->forget_trace();
        talk->message(one.subject.mail);
        if (!has_usual(one)) return;
        auto const& usual = one.walked.of(walk_kind::full).first;
        if (talk->lost() || talk->trace() != usual)
            return one.fail(fmt::format("behind {} and ABORT {}; in the ordinary session {}",
                                        wire::name_of(stage), talk->trace(), usual));
        talk->leave();
    }
    one.pass();
}

void aborts_when_nothing_is_open(trial& one) {
    auto* const talk = one.greeted();
    if (!talk) return;
    talk->tell(wire::abort{});
    talk->tell(wire::abort{});
    expect_usual_message(one, *talk);
}

void abort_before_connect(trial& one) {
    auto* const talk = one.opened();
    if (!talk || !sends_or_skip(one, *talk, code::connect)) return;
    talk->tell(wire::abort{});
    talk->waits_at_most(one.subject.patience);
    talk->connect_client();
    if (talk->lost()) return one.fail("CONNECT behind it: " + talk->trace());
    if (!talk->trace().empty() || goes_on(one, *talk)) one.pass();
}

void mail_in_a_message(trial& one) {
    auto* const talk = up_to(one, code::rcpt);
    if (!talk) return;
    talk->waits_at_most(one.subject.patience);
    expect_usual_message(one, *talk);
}

void helo_in_a_message(trial& one) {
    auto* const talk = up_to(one, code::rcpt);
    if (!talk) return;
    if (!ask_or_skip(one, *talk, wire::helo{"again.example.com"}, "HELO")) return;
    talk->tell(wire::abort{});
    expect_usual_message(one, *talk);
}

bool has_mail(trial& one, walk const& usual) {
    one.show(usual.packets);
    bool const lets_go = usual.opened && !usual.broke && usual.first.empty();
    if (lets_go) one.skip("the milter is shown no message: " + usual.greeting);
    return !lets_go && has_usual(one);
}

void second_message_as_the_first(trial& one) {
    auto const& usual = one.walked.of(walk_kind::full);
    if (!has_mail(one, usual)) return;
    one.pass_if(usual.second == usual.first, fmt::format("{}, then {}", usual.first, usual.second));
}

void several_messages(trial& one) {
    auto const& usual = one.walked.of(walk_kind::full);
    if (!has_mail(one, usual)) return;
    one.pass_if(!usual.second.empty() && usual.second.find('?') == std::string::npos,
                "the second message: " + usual.second);
}

void behind_an_early_verdict(trial& one) {
    auto const& usual = one.walked.of(walk_kind::full);
    if (!has_mail(one, usual)) return;
    bool const early = usual.first.find("E:") == std::string::npos;
    auto const last = usual.first.back();
    if (!early && (last == 'c' || last == 'a'))
        return one.skip("the milter let the message pass at its end");
    one.pass_if(!usual.second.empty() && usual.second.find('?') == std::string::npos,
                "behind it: " + usual.second);
}

void behind_a_refused_recipient(trial& one) {
    auto const& walk = one.walked.of(walk_kind::recipients);
    one.show(walk.packets);
    if (!walk.opened) return one.leave_open("the offer was not answered");
    bool refused = false;
    for (auto const* mark : {"R:r", "R:t", "R:y"})
        refused = refused || walk.first.find(mark) != std::string::npos;
    if (!refused && walk.broke) return one.leave_open("the session breaks: " + walk.first);
    if (!refused) return one.skip("no recipient is refused");
    one.pass_if(walk.first.find('?') == std::string::npos, walk.first);
}

template <code Stage> void quit_closes(trial& one) {
    auto* const talk = up_to(one, Stage);
    if (!talk || !stands(one, *talk)) return;
    auto const what = talk->leave();
    one.pass_if(what == came::closed, what == came::silence
                                          ? std::string("the connection stays open")
                                          : std::string(words_for(what)));
}

void quit_before_the_offer(trial& one) {
    auto& talk = one.talk();
    if (!talk.connected()) return one.fail("the milter takes no connection any more");
    std::string bytes;
    wire::encode(bytes, wire::quit{});
    talk.raw().send(bytes, one.subject.timeout);
    expect_close(one, talk);
}

void end_without_quit(trial& one) {
    constexpr code stages[] = {code::negotiate, code::helo,   code::mail,
                               code::rcpt,      code::header, code::body};
    for (auto const stage : stages) {
        auto* const talk = up_to(one, stage);
        if (!talk || !stands(one, *talk)) return;
        talk->raw().half_close();
        std::size_t frames = 0;
        auto const what = talk->raw().drain(one.subject.patience, frames);
        if (!is_closed(one, what, wire::name_of(stage))) return;
    }
    if (one.is_alive()) one.pass();
}

/// A command where libmilter would not take it.
void out_of_order(trial& one, code stage, wire::any_command const& command) {
    auto* const talk = up_to(one, stage);
    if (!talk || !sends_or_skip(one, *talk, wire::code_of(command))) return;
    auto const name = wire::name_of(wire::code_of(command));
    if (!talk->judge().agreed().answers(wire::code_of(command)))
        return one.skip(fmt::format("no reply to {} is due", name));
    if (!stands(one, *talk)) return;
    talk->waits_at_most(one.subject.patience);
    auto const got = talk->ask(command);
    if (got.verdict) return one.pass();
    if (is_open_after(got.lost))
        return one.fail(fmt::format("{} behind {} is not answered", name, wire::name_of(stage)));
    // the end of the connection does as well: the MTA does not wait in vain
    if (is_closed(one, got.lost, name) && one.is_alive()) one.pass();
}

void rcpt_without_mail(trial& one) {
    out_of_order(one, code::helo, wire::rcpt{"<receiver@example.org>"});
}
void connect_twice(trial& one) {
    out_of_order(one, code::helo, wire::connect{"host", wire::family::inet, 25, "192.0.2.1"});
}
void rcpt_behind_data(trial& one) {
    out_of_order(one, code::data, wire::rcpt{"<receiver@example.org>"});
}
void end_of_message_without_message(trial& one) {
    out_of_order(one, code::helo, wire::end_of_message{});
}

void out_of_order_does_no_harm(trial& one) {
    constexpr std::string_view orders[] = {"RTLNBE", "EBNLTRM", "BBB", "NN", "TT", "AAE", "UUEU"};
    for (auto const order : orders) {
        auto* const talk = up_to(one, code::helo);
        if (!talk || !stands(one, *talk)) return;
        std::string bytes;
        for (char const letter : order)
            wire::append_frame(bytes, static_cast<unsigned char>(letter),
                               letter == 'L' ? std::string_view("A\0b\0", 4)
                                             : std::string_view("x\0", 2));
        talk->raw().send(bytes, one.subject.timeout);
        talk->raw().half_close();
        if (!is_closed(one, talk->until_closed(one.subject.patience), order)) return;
    }
    if (one.is_alive()) one.pass();
}

void reset_between_recipients(trial& one) {
    auto* const talk = one.greeted();
    if (!talk) return;
    auto const& sender = one.subject.mail.sender.address;
    auto const& recipient = one.subject.mail.recipients.front().address;
    talk->ask(wire::mail{sender});
    talk->ask(wire::rcpt{recipient});
    if (talk->lost()) return one.fail(talk->trace());
    talk->tell(wire::abort{});
    expect_usual_message(one, *talk);
}

void twice_aborted_behind_a_message(trial& one) {
    auto* const talk = one.greeted();
    if (!talk) return;
    talk->message(one.subject.mail);
    if (talk->lost()) return one.fail(talk->trace());
    talk->tell(wire::abort{});
    talk->tell(wire::abort{});
    expect_usual_message(one, *talk);
}

void next_client_on_the_same_connection(trial& one) {
    auto* const talk = one.greeted();
    if (!talk) return;
    talk->message(one.subject.mail);
    if (talk->lost()) return one.fail(talk->trace());
    talk->waits_at_most(one.subject.patience);
    talk->tell(wire::quit_new_connection{});
    if (!talk->greet()) return one.fail("behind QUIT_NC: " + talk->trace());
    expect_usual_message(one, *talk);
}

constexpr char const* reply_or_end = "a reply, or the end of the connection";

constexpr conformance_case cases[] = {
    {"98", 98, level::may, "QUIT_NC ends the session and not the connection",
     "CONNECT of the next client is answered", next_client_on_the_same_connection},
    {"131", 131, level::must, "ABORT at any stage forgets the message",
     "the next message goes as ever", abort_at_each_stage},
    {"132a", 132, level::must, "ABORT may come when no message is open",
     "the next message goes as ever", aborts_when_nothing_is_open},
    {"132b", 132, level::should, "ABORT may come before CONNECT", "CONNECT is answered",
     abort_before_connect},
    {"133", 133, level::should, "MAIL in a message begins another one", "it goes as ever",
     mail_in_a_message},
    {"134", 134, level::must, "HELO in a message ends it", "the next message goes as ever",
     helo_in_a_message},
    {"135", 135, level::must, "a message leaves nothing behind for the next",
     "the same message has the same replies", second_message_as_the_first},
    {"136", 136, level::must, "a connection carries several messages", "replies to the second one",
     several_messages},
    {"137", 137, level::must, "behind a verdict that ends the message the next one begins",
     "replies to it", behind_an_early_verdict},
    {"138", 138, level::must, "behind a refused recipient the message goes on",
     "replies to what follows", behind_a_refused_recipient},
    {"139a", 139, level::should, "QUIT behind the negotiation closes", "the end of the connection",
     quit_closes<code::negotiate>},
    {"139b", 139, level::should, "QUIT behind HELO closes", "the end of the connection",
     quit_closes<code::helo>},
    {"139c", 139, level::should, "QUIT behind RCPT closes", "the end of the connection",
     quit_closes<code::rcpt>},
    {"139d", 139, level::should, "QUIT in the body closes", "the end of the connection",
     quit_closes<code::body>},
    {"139e", 139, level::should, "QUIT before the offer closes", "the end of the connection",
     quit_before_the_offer},
    {"140", 140, level::must, "an end without QUIT frees the session", "the milter closes its end",
     end_without_quit},
    {"141a", 141, level::should, "RCPT without MAIL is answered", reply_or_end, rcpt_without_mail},
    {"141b", 141, level::should, "a second CONNECT is answered", reply_or_end, connect_twice},
    {"141c", 141, level::should, "RCPT behind DATA is answered", reply_or_end, rcpt_behind_data},
    {"141d", 141, level::should, "end of message without a message is answered", reply_or_end,
     end_of_message_without_message},
    {"141e", 141, level::must, "commands out of order do no harm",
     "the milter closes when the MTA does, and serves the next", out_of_order_does_no_harm},
    {"149", 149, level::must, "C H M R A M R T L N B E Q is one message",
     "the message goes as ever", reset_between_recipients},
    {"150", 150, level::must, "two ABORT behind a message are in order",
     "the next message goes as ever", twice_aborted_behind_a_message},
};

} // namespace

std::span<conformance_case const> state_cases() noexcept { return cases; }

} // namespace milter::test_server
