// SPDX-License-Identifier: BSL-1.0
// test-server/conformance/reply_case.cpp - cases about what a milter says in ordinary sessions
//
// One session shows many of them: they are judged on the walks (walk.hpp), whatever the milter does with the messages.
#include "test-server/conformance/variation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>

namespace milter::test_server {

namespace {

using cli::level;
using wire::reply_code;

constexpr walk_kind all_walks[] = {walk_kind::full,       walk_kind::recipients,
                                   walk_kind::unanswered, walk_kind::version_2,
                                   walk_kind::version_4,  walk_kind::bare};

using sightings = reply_judge::sightings;

bool with_reply(sightings const& seen) { return !seen.replies.empty(); }
bool with_text(sightings const& seen) { return seen.replies.contains(reply_code::reply_text); }
bool with_skip(sightings const& seen) { return seen.replies.contains(reply_code::skip); }
bool with_progress(sightings const& seen) { return seen.replies.contains(reply_code::progress); }
bool with_body(sightings const& seen) { return seen.replies.contains(reply_code::replace_body); }
bool with_quarantine(sightings const& seen) {
    return seen.replies.contains(reply_code::quarantine);
}
bool with_edit(sightings const& seen) {
    return std::any_of(seen.replies.begin(), seen.replies.end(), [](reply_code one) {
        return wire::row_of(one).kind == wire::reply_kind::edit;
    });
}
bool with_header(sightings const& seen) {
    return seen.replies.contains(reply_code::add_header) ||
           seen.replies.contains(reply_code::insert_header) ||
           seen.replies.contains(reply_code::change_header);
}
bool with_deletion(sightings const& seen) {
    return seen.replies.contains(reply_code::change_header);
}
bool with_unanswered(sightings const& seen) { return !seen.unanswered.empty(); }
bool with_lists(sightings const& seen) { return seen.macro_lists; }

/// On all walks: fails with the first finding about the statement of the case.
template <bool (*Applies)(sightings const&)> void on_walks(trial& one) {
    bool opened = false, applies = false, broke = false;
    for (auto const kind : all_walks) {
        auto const& walk = one.walked.of(kind);
        opened = opened || walk.opened;
        applies = applies || (walk.opened && Applies(walk.seen));
        broke = broke || (walk.opened && walk.broke);
        if (auto const* const found = walk.about(one.statement())) {
            one.show(walk.packets);
            return one.fail(found->what);
        }
    }
    if (!opened) return one.leave_open("no offer was answered");
    if (!applies && broke) return one.leave_open("a session broke, and nothing of that kind came");
    if (!applies) return one.skip("the milter said nothing of that kind");
    one.pass();
}

/// Of a connection that ended nobody can tell whether it would have been silent.
void silent_under_nr(trial& one) {
    auto const& full = one.walked.of(walk_kind::full);
    if (!full.steps) return one.leave_open("the offer was not answered");
    if (!wire::any(*full.steps, wire::step::all_nr))
        return one.skip("the milter wants to answer all commands");
    if (full.broke && !full.about(62)) return one.leave_open("the session broke: " + full.first);
    on_walks<with_unanswered>(one);
}

void lists_only_where_offered(trial& one) {
    constexpr walk_kind without[] = {walk_kind::version_2, walk_kind::version_4, walk_kind::bare};
    if (std::none_of(std::begin(without), std::end(without),
                     [&](walk_kind kind) { return one.walked.of(kind).opened; }))
        return one.leave_open("no offer without them was answered");
    on_walks<with_lists>(one);
}

void abort_is_not_answered(trial& one) {
    auto* const talk = one.greeted();
    if (!talk) return;
    talk->tell(wire::abort{});
    talk->stay_quiet();
    if (!one.is_clean(*talk, {99, 100})) return;
    if (goes_on(one, *talk) && one.is_clean(*talk, {100})) one.pass();
}

void bare_macros_are_not_answered(trial& one) {
    auto* const talk = one.opened();
    if (!talk) return;
    talk->tell(wire::macros{wire::command_code::connect, wire::zstr_list{}});
    talk->stay_quiet();
    talk->greet(); // had they been answered later, there were a reply too many
    if (!one.is_clean(*talk, {1, 99, 100})) return;
    if (!talk->trace().empty() || goes_on(one, *talk)) one.pass();
}

void quit_is_not_answered(trial& one) {
    auto* const talk = one.opened();
    if (!talk || !stands(one, *talk)) return;
    auto const what = talk->leave();
    if (!one.is_clean(*talk, {1, 100})) return;
    if (what == came::closed) return one.pass();
    one.leave_open(std::string(words_for(what)));
}

void replies_within_ten_seconds(trial& one) {
    constexpr milliseconds sendmails{10'000}; // R: of Sendmail
    std::optional<milliseconds> slowest;
    bool opened = false, broke = false;
    for (auto const kind : all_walks) {
        auto const& walk = one.walked.of(kind);
        if (walk.overdue) {
            one.show(walk.packets);
            return one.fail(fmt::format("none came to {}", wire::name_of(*walk.overdue)));
        }
        slowest = std::max(slowest, walk.slowest); // nothing is less than any
        opened = opened || walk.opened;
        broke = broke || walk.broke;
    }
    if (!opened) return one.leave_open("no offer was answered");
    if (!slowest && broke) return one.leave_open("a session broke, and no reply came");
    if (!slowest) return one.skip("no reply is due but at end of message");
    one.pass_if(*slowest < sendmails, fmt::format("one took {} ms", slowest->count()));
}

constexpr conformance_case cases[] = {
    {"1", 1, level::must, "replies are whole packets", "length and code, again and again",
     on_walks<with_reply>},
    {"7", 7, level::must, "no reply is larger than was agreed", "payloads of at most 65,535 bytes",
     on_walks<with_reply>},
    {"11", 11, level::must, "strings of edits end with their NUL", "a NUL behind each string",
     on_walks<with_edit>},
    {"18", 18, level::must, "verdicts without text carry nothing", "a packet of the code alone",
     on_walks<with_reply>},
    {"19", 19, level::must, "edits have their fields and no more", "all fields, and nothing behind",
     on_walks<with_edit>},
    {"62", 62, level::must, "what is agreed not to be answered is not answered",
     "no reply to a command under its NR_*", silent_under_nr},
    {"99", 99, level::must, "each command gets exactly one verdict",
     "one verdict, one that exists at that stage, in time", on_walks<with_reply>},
    {"100a", 100, level::must, "ABORT is not answered", "nothing", abort_is_not_answered},
    {"100b", 100, level::must, "macros are not answered", "nothing", bare_macros_are_not_answered},
    {"100c", 100, level::should, "QUIT is not answered", "nothing but the end of the connection",
     quit_is_not_answered},
    {"101", 101, level::must, "SKIP only where it was agreed",
     "CONTINUE where SKIP was not offered", on_walks<with_skip>},
    {"102", 102, level::must, "SKIP only in answer to BODY", "another verdict at other stages",
     on_walks<with_skip>},
    {"104", 104, level::must, "PROGRESS only at end of message",
     "no PROGRESS at other stages: Sendmail gives the milter up", on_walks<with_progress>},
    {"107", 107, level::must, "a reply text ends with one NUL", "the text and one NUL",
     on_walks<with_text>},
    {"108", 108, level::must, "a reply text begins with 4xx or 5xx", "a code that refuses",
     on_walks<with_text>},
    {"109", 109, level::must, "percent signs of a reply text are doubled",
     "no percent sign that stands alone", on_walks<with_text>},
    {"112", 112, level::must, "each line of a reply text has its code and separator",
     "one code on all lines, hyphen behind it but on the last", on_walks<with_text>},
    {"113", 113, level::must, "lines of a reply text are separated by CRLF",
     "no CR or LF within a line", on_walks<with_text>},
    {"115", 115, level::must, "an enhanced code is of the class of the reply code",
     "4.x.x behind 4xx, 5.x.x behind 5xx", on_walks<with_text>},
    {"116", 116, level::must, "a digit begins a reply text only as an enhanced code",
     "an enhanced code in front of it", on_walks<with_text>},
    {"117", 117, level::should, "a reply text has at most 32 lines of 980 bytes", "no more",
     on_walks<with_text>},
    {"119", 119, level::must, "the replies 4 and f are not sent", "a text with 421 in their place",
     on_walks<with_reply>},
    {"129", 129, level::must, "CONTINUE or ACCEPT follows QUARANTINE",
     "a verdict that lets the message be kept", on_walks<with_quarantine>},
    {"130", 130, level::must, "each reply letter exists", "one of the replies of the protocol",
     on_walks<with_reply>},
    {"151", 151, level::must, "edits only at end of message", "no edit at other stages",
     on_walks<with_edit>},
    {"164", 164, level::must, "headers of one name are deleted from the last up",
     "falling indices: both MTAs count anew, each in its way", on_walks<with_deletion>},
    {"168", 168, level::should, "folds of a value are LF and white space", "no CR, no bare LF",
     on_walks<with_header>},
    {"170", 170, level::must, "a new body comes in one run",
     "no other reply between its pieces: Postfix gives the milter up", on_walks<with_body>},
    {"178", 178, level::must, "no edit without its action", "only edits that were agreed on",
     on_walks<with_edit>},
    {"198", 198, level::should, "replies come within ten seconds", "as Sendmail waits no longer",
     replies_within_ten_seconds},
    {"54", 54, level::should, "no macro lists unless they were offered",
     "an answer of 12 bytes where SETSYMLIST was not offered", lists_only_where_offered},
    {"55", 55, level::should, "macro lists of end of message and of headers go together",
     "both or neither: Sendmail misses one without the other", on_walks<with_lists>},
};

} // namespace

std::span<conformance_case const> reply_cases() noexcept { return cases; }

} // namespace milter::test_server
