// SPDX-License-Identifier: BSL-1.0
// test-filter/conformance/mta_judge.cpp - one session with the MTA that is judged: order and answers
#include "test-filter/conformance/mta_judge.hpp"

#include "cli/packet_line.hpp"
#include <milter/wire/describe.hpp>
#include <milter/wire/reply.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace milter::test_filter {

using code = wire::command_code;

namespace {

constexpr auto slow_reply = std::chrono::milliseconds(150);
constexpr auto longest_pause = std::chrono::seconds(10); // between commands: a reply is waited for
constexpr std::size_t most_lines = 400;
constexpr char const* wanted_names = "i j {daemon_name} {mail_addr} {rcpt_addr} {client_addr}";

std::string words(code one) { return std::string(wire::name_of(one)); }

} // namespace

bool mta_judge::has_room() const noexcept { return packets_.size() < most_lines; }

void mta_judge::note(std::string line) {
    if (has_room()) packets_.push_back(std::move(line));
}

template <class Reply> void mta_judge::say(Reply const& reply) {
    auto const at = output_.size();
    wire::encode(output_, reply);
    if (!has_room()) return; // long sessions are not described for nothing
    note(cli::packet_line('<', wire::describe(wire::any_reply(reply)),
                          std::string_view(output_).substr(at)));
}

void mta_judge::received(std::string_view bytes, proto::time_point now) {
    input_ += bytes;
    std::size_t at = 0;
    error_code ec;
    // one byte more than the protocol has is still looked at, so that the case about sizes can tell
    while (auto const frame =
               wire::first_frame(std::string_view(input_).substr(at), wire::data_limit_1m, ec)) {
        at += frame->raw.size();
        take(*frame, input_.size() - at, now);
        if (closed_) return;
    }
    if (ec) {
        seen_.found("1", ec.message());
        note(cli::packet_line('>', ec.message(), std::string_view(input_).substr(at)));
        closed_ = true;
    }
    input_.erase(0, at);
}

void mta_judge::take(wire::frame_view const& frame, std::size_t behind, proto::time_point now) {
    if (has_room()) note(cli::packet_line('>', wire::describe_command(frame), frame.raw));
    seen_.saw("1");
    seen_.saw("7");
    if (frame.payload.size() > agreed_.data_limit)
        seen_.found("7", fmt::format("{} bytes", frame.payload.size()));
    error_code ec;
    auto const command = wire::decode_command(frame, ec);
    if (!command) return seen_.found("11", wire::describe_command(frame));
    seen_.saw("11");
    auto const stage = wire::code_of(*command);
    if (phase_ == proto::phase::start) {
        auto const* offer = std::get_if<wire::negotiate>(&*command);
        if (offer) return take_offer(frame, *offer);
        if (stage == code::quit) return void(closed_ = quit_ = true);
        return seen_.found("24", wire::describe_command(frame));
    }
    bool const is_free = stage == code::abort || stage == code::quit;
    if (owed_ && !is_free)
        seen_.found("99",
                    fmt::format("{} while the reply to {} is owed", words(stage), words(*owed_)));
    if (auto const* set = std::get_if<wire::macros>(&*command)) {
        macros_alone_ = behind == 0;
        return take_macros(*set);
    }
    take_command(*command, frame, now);
    if (!closed_) answer(stage, now);
}

void mta_judge::take_offer(wire::frame_view const& frame, wire::negotiate const& offer) {
    seen_.saw("24");
    if (frame.payload.size() != 12)
        seen_.found("24", fmt::format("{} bytes of payload", frame.payload.size()));
    agreed_.version = std::min(plan_.version, offer.version);
    agreed_.actions = static_cast<wire::action>(0x3F) & offer.actions;
    agreed_.steps = plan_.steps & offer.steps;
    if (plan_.asks_for_macros && wire::any(offer.actions, wire::action::set_macro_list))
        agreed_.lists.fill(wanted_names);
    if (plan_.version >= 6) agreed_.actions |= offer.actions & wire::action::set_macro_list;
    say(proto::to_reply(agreed_));
    agreed_.steps |= proto::absent_before(agreed_.version);
    phase_ = proto::phase::negotiated;
}

void mta_judge::take_macros(wire::macros const& set) {
    auto const* row = wire::find_command(set.stage);
    if (!row) return;
    auto const stage = row->code;
    if (agreed_.sends(stage))
        macros_for_ = stage;
    else
        has_bare_macros_ = true;
    auto const list = wire::macro_stage_index(stage);
    if (list == wire::macro_stage_count || !agreed_.lists[list]) return;
    seen_.saw("193");
    bool is_name = true;
    for (auto const text : set.pairs) {
        bool known = !is_name;
        proto::for_each_name(*agreed_.lists[list],
                             [&](std::string_view name) { known = known || name == text; });
        if (!known) seen_.found("193", fmt::format("{} at {}", wire::quoted(text), words(stage)));
        is_name = !is_name;
    }
}

/// Behind a command that is not answered. Also without another one: an MTA that waits may do so for minutes.
void mta_judge::judge_wait(proto::time_point now) {
    if (!unanswered_ || now - unanswered_since_ < longest_pause) return;
    seen_.found("60", fmt::format("nothing came for {} seconds behind {}, which is not answered",
                                  longest_pause.count(), words(*unanswered_)));
    unanswered_.reset();
}

/// What comes though other commands were negotiated away.
void mta_judge::judge_left_out(code stage) {
    using wire::step;
    constexpr auto with_macros =
        step::no_connect | step::no_helo | step::no_mail | step::no_rcpt | step::no_data;
    auto const away = agreed_.steps & plan_.steps & step::all_no;
    if (!wire::any(away)) return;
    if (stage == code::end_of_message) {
        seen_.saw("59");
        if (!wire::any(away & with_macros)) return;
        seen_.saw("57");
        if (!has_bare_macros_) seen_.found("57", "none came until end of message");
    } else if (in_content_ && (stage == code::mail || stage == code::quit)) {
        seen_.found("59", words(stage) + " behind content that has not ended");
    }
}

void mta_judge::take_command(wire::any_command const& command, wire::frame_view const& frame,
                             proto::time_point now) {
    auto const stage = wire::code_of(command);
    judge_wait(now);
    if (unanswered_) seen_.saw("60");
    unanswered_.reset();
    judge_left_out(stage);
    if (auto const* client = std::get_if<wire::connect>(&command))
        judge_end_of(*client, frame.payload.size());
    bool const is_free = stage == code::abort || stage == code::quit;
    if (macros_for_ && !is_free) {
        seen_.saw("181");
        seen_.saw("21");
        if (*macros_for_ != stage)
            seen_.found("181",
                        fmt::format("macros of {}, then {}", words(*macros_for_), words(stage)));
        if (macros_alone_) seen_.found("21", "macros in a write of their own");
    }
    macros_for_.reset();
    judge_place(stage);
    judge_earlier_verdicts(stage);
    judge_order(stage);
    judge_content(command);
    in_content_ = in_content_ || stage == code::data || stage == code::header ||
                  stage == code::end_of_headers || stage == code::body;
    if (stage == code::end_of_message) {
        seen_.saw("92");
        if (!frame.payload.empty())
            seen_.found("92", fmt::format("{} bytes", frame.payload.size()));
    }
    if (stage == code::quit) {
        seen_.saw("145");
        closed_ = quit_ = true;
    }
}

/// Whether the command may come at all, by what was negotiated.
void mta_judge::judge_place(code stage) {
    if (agreed_.version <= 2) seen_.saw("32");
    if (agreed_.version <= 3) seen_.saw("33");
    if (stage == code::unknown && agreed_.version <= 2) seen_.found("32", "UNKNOWN came");
    if (stage == code::data && agreed_.version <= 3) seen_.found("33", "DATA came");
    if (wire::any(agreed_.steps, wire::step::all_no)) seen_.saw("56");
    auto const& row = wire::row_of(stage);
    bool const is_away = wire::any(agreed_.steps & plan_.steps, row.suppressed_by);
    if (row.suppressed_by != wire::step::none && is_away) seen_.found("56", words(stage) + " came");
    bool const without_headers = wire::any(agreed_.steps, wire::step::no_header) &&
                                 !wire::any(agreed_.steps, wire::step::no_end_of_headers);
    if (without_headers && stage == code::end_of_headers) seen_.saw("58");
    if (without_headers && stage == code::end_of_message && phase_ < proto::phase::end_of_headers)
        seen_.found("58", "end of message without end of headers");
    if (stage == code::quit_new_connection) seen_.found("97", "QUIT_NC came");
    if (stage == code::quit) seen_.saw("97");
}

/// Of the variant's own verdict, and of SKIP, PROGRESS and edits: whether the MTA went on as they want it.
void mta_judge::judge_earlier_verdicts(code stage) {
    bool const is_end = stage == code::abort || stage == code::quit;
    if (keeps_alive_ && is_end) {
        seen_.saw("105");
        seen_.found("105", words(stage) + " came behind it, and not the wait for the verdict");
        keeps_alive_ = false;
    }
    if (in_skip_) {
        if (stage == code::body) seen_.found("103", "another chunk");
        if (stage == code::end_of_message) seen_.saw("103");
    }
    if (std::exchange(dealt_end_, false)) {
        if (plan_.progress) seen_.saw("105");
        if (plan_.edits) seen_.saw("152");
    }
    if (!said_at_) return;
    bool const begins = stage == code::mail || stage == code::helo || stage == code::unknown;
    auto const* id = plan_.says == wire::reply_code::reject    ? "121"
                     : plan_.says == wire::reply_code::discard ? "122"
                     : *said_at_ == code::connect              ? "124"
                     : *said_at_ == code::mail                 ? "125"
                                                               : nullptr;
    if (!id) return;
    if (plan_.says == wire::reply_code::reject) return judge_after_refused_recipient(stage);
    seen_.saw(id);
    bool const may_go_on = is_end || (begins && *said_at_ != code::connect);
    if (!may_go_on) seen_.found(id, words(stage) + " came");
    if (begins) said_at_.reset();
}

/// It is said where another recipient is known. A client that says RSET or leaves makes the MTA end the transaction, too.
void mta_judge::judge_after_refused_recipient(code stage) {
    auto const came = words(stage) + " came, though one recipient was not refused";
    if (stage == code::abort || stage == code::quit)
        seen_.doubted("121", came + "; the client may have ended it");
    else
        seen_.saw("121");
    if (stage == code::mail || stage == code::helo) seen_.found("121", came);
    said_at_.reset();
}

void mta_judge::judge_order(code stage) {
    auto const move = proto::follow(phase_, stage, agreed_.steps);
    bool const was_open = proto::in_transaction(phase_) && phase_ != proto::phase::end_of_message;
    seen_.saw("141");
    if (stage == code::mail) {
        seen_.saw("142");
        if (was_open && !wire::any(agreed_.steps, wire::step::no_mail))
            seen_.found("142", "MAIL in a transaction");
    }
    if (stage == code::data) {
        seen_.saw("79");
        if (with_data_) seen_.found("79", "DATA twice");
        with_data_ = true;
    }
    if (stage == code::rcpt && with_data_ && was_open) seen_.found("79", "RCPT behind DATA");
    if (stage == code::unknown && with_data_ && was_open) seen_.found("95", "behind DATA");
    if (stage == code::unknown) seen_.saw("95");
    if (move.how == proto::fit::out_of_order)
        seen_.found("141", fmt::format("{} came", words(stage)));
    else
        phase_ = move.next;
    if (stage == code::mail || stage == code::abort || stage == code::helo) end_message();
}

void mta_judge::end_message() {
    in_skip_ = with_data_ = in_content_ = false;
    has_recipient_ = false;
    last_byte_ = 0;
}

wire::reply_code mta_judge::verdict_for(code stage) {
    bool const is_first_recipient = stage == code::rcpt && !std::exchange(has_recipient_, true);
    if (plan_.says == wire::reply_code::reject && is_first_recipient)
        return wire::reply_code::proceed; // without another one the MTA has nothing to go on with
    if (stage != plan_.stage || said_at_ || (in_skip_ && stage == code::body))
        return wire::reply_code::proceed;
    if (plan_.says == wire::reply_code::skip) {
        if (!wire::any(agreed_.steps, wire::step::skip)) return wire::reply_code::proceed;
        in_skip_ = true;
        return plan_.says;
    }
    said_at_ = stage;
    return plan_.says;
}

void mta_judge::answer(code stage, proto::time_point now) {
    if (!wire::row_of(stage).answered) return;
    if (!agreed_.answers(stage)) {
        unanswered_ = stage;
        unanswered_since_ = now;
        return;
    }
    owed_ = stage;
    keepalives_ = plan_.progress && stage == code::end_of_message ? 2 : 0;
    if (plan_.slow || keepalives_ != 0)
        due_ = now + slow_reply;
    else
        say_verdict();
}

void mta_judge::tick(proto::time_point now) {
    judge_wait(now);
    if (!due_ || now < *due_) return;
    due_.reset();
    if (keepalives_ == 0) return say_verdict();
    --keepalives_;
    keeps_alive_ = true;
    say(wire::progress{});
    due_ = now + slow_reply;
}

void mta_judge::say_verdict() {
    auto const stage = *std::exchange(owed_, std::nullopt);
    keeps_alive_ = false;
    if (plan_.slow) seen_.saw("99");
    if (stage == code::end_of_message && plan_.edits) {
        say(wire::add_header{"X-Conformance", "added"});
        say(wire::insert_header{1, "X-Conformance", "inserted"});
        say(wire::change_header{1, "Subject", "changed"});
    }
    auto const verdict = verdict_for(stage);
    switch (verdict) {
    case wire::reply_code::accept: say(wire::accept{}); break;
    case wire::reply_code::reject: say(wire::reject{}); break;
    case wire::reply_code::discard: say(wire::discard{}); break;
    case wire::reply_code::skip: say(wire::skip{}); break;
    default: say(wire::proceed{});
    }
    dealt_end_ = stage == code::end_of_message;
    phase_ = proto::after_verdict(phase_, stage, verdict);
    if (stage == code::end_of_message) end_message();
}

void mta_judge::ended() {
    if (quit_) return;
    note("- the MTA closes");
    bool const let_off = said_at_ && *said_at_ == code::connect;
    if (let_off) return seen_.saw("124");
    if (phase_ == proto::phase::start) return;
    if (keeps_alive_ || (dealt_end_ && plan_.progress))
        seen_.found("105", "the MTA closes behind it");
    if (dealt_end_ && plan_.edits) seen_.found("152", "the MTA closes behind them");
    if (plan_.stage == code::rcpt && said_at_) seen_.found("121", "the MTA closes behind it");
    seen_.found("145", "the MTA closes without QUIT");
}

} // namespace milter::test_filter
