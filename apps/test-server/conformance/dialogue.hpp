// SPDX-License-Identifier: BSL-1.0
// test-server/conformance/dialogue.hpp - a session with the milter under test that goes on whatever it says, and judges it
//
//     dialogue talk(where, log);
//     if (talk.open({}) && talk.greet()) talk.message(where.mail);
//     talk.leave();
//     use(talk.judge().findings());
#pragma once

#include "test-server/conformance/raw_connection.hpp"
#include "test-server/conformance/reply_judge.hpp"
#include "test-server/plan.hpp"
#include <milter/wire/command.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace milter::test_server {

/// Whom to talk to, and about what.
struct conformance_subject {
    endpoint where;
    socket_address address;
    milliseconds timeout{
        10'000}; ///< for what is due: the answer to the offer, a reply; of each PROGRESS anew, ten times
    milliseconds patience{2'000}; ///< for the milter to close where it should
    milliseconds quiet{100};      ///< how long nothing may come where nothing is due
    smtp_client client;
    interruption stop = nullptr; ///< ends each wait
    std::string helo = "client.example.com";
    message_plan mail;
    mta_profile const& mta = mta_profiles().front(); ///< whose limits the mail keeps to
};

/// What a command has come to.
struct answered {
    std::optional<wire::reply_code> verdict; ///< empty: none is due, or it is missing
    came lost = came::frame; ///< not frame: the connection is of no use any more, or was not before
    std::string edits;       ///< their letters, in order

    bool is(wire::reply_code code) const noexcept { return verdict == code; }
    bool missing() const noexcept { return lost != came::frame; }
};

class dialogue {
public:
    /// Connects. Both must outlive it.
    dialogue(conformance_subject const& subject, transcript_lines& log);

    bool connected() const noexcept { return peer_.connected(); }

    /// The negotiation. @return whether it was answered and the session can go on
    bool open(wire::negotiate const& offer);
    /// What the answer was, or why there was none.
    came opening() const noexcept { return opening_; }
    std::optional<wire::negotiate_reply> const& answer() const noexcept { return answer_; }

    /// Sends a command, with its macros in front, unless it was negotiated away, and waits for its verdict where one is due.
    answered ask(wire::any_command const& command);
    /// Bytes of a command of this kind.
    answered ask_raw(wire::command_code stage, std::string_view bytes);

    /// ABORT, or whatever is not answered.
    void tell(wire::any_command const& command);

    /// CONNECT and HELO. @return whether the milter wants to hear of messages
    bool greet();
    bool connect_client() { return connect_client(subject_.client); }
    bool connect_client(smtp_client const& client);

    /// From MAIL to the verdict that settles it. @return the last answer
    answered message(message_plan const& mail);
    /// From MAIL to the last RCPT. @return whether it goes on
    bool envelope(message_plan const& mail, answered& last);
    bool content(message_plan const& mail, answered& last);
    /// In packets of the size that was agreed. @return whether it goes on
    bool body(message_plan const& mail, answered& last);

    /// QUIT, and whatever comes until the milter closes. @return closed, when it does
    came leave();
    came until_closed(milliseconds patience);
    /// Nothing may come; what does is a finding. So is the end of the connection.
    void stay_quiet();

    /// How bytes go out: in pieces of this size; 0 whole.
    void cut_into(std::size_t piece) noexcept { piece_ = piece; }
    void macros(bool sent, bool with_queue_id = true) noexcept {
        macros_ = sent;
        queue_id_ = with_queue_id;
    }
    /// In place of the usual ones of MAIL, name and value in turn.
    void macros_of_mail(std::string pairs) { mail_pairs_ = std::move(pairs); }
    /// For the replies that are due from now on.
    void waits_at_most(milliseconds time) noexcept { timeout_ = time; }
    void skips_helo() noexcept { helo_ = false; }
    /// Waits behind the first command of each kind that is not answered, for a reply all the same.
    void listens() noexcept { listens_ = true; }

    raw_connection& raw() noexcept { return peer_; }
    reply_judge& judge() noexcept { return judge_; }
    /// Of the replies that were due before end of message; empty: there was none.
    std::optional<milliseconds> slowest() const noexcept { return slowest_; }
    /// The first command before end of message whose reply never came.
    std::optional<wire::command_code> overdue() const noexcept { return overdue_; }
    bool lost() const noexcept { return why_lost_.has_value(); }

    /// `C:c H:c M:c R:c L:c E:hc`, what each command has come to; repeated ones once.
    std::string const& trace() const noexcept { return trace_; }
    void forget_trace() { trace_.clear(); }

private:
    bool put(std::string_view bytes);
    came next(wire::frame_view& frame, milliseconds patience,
              std::chrono::steady_clock::time_point last, std::size_t& frames);
    void take_early();
    void lose(came what);
    void find_broken(came what);
    answered broken() const;
    answered wait_for(wire::command_code stage);
    void note(wire::command_code stage, answered const& one);
    std::string macros_for(wire::command_code stage) const;

    conformance_subject const& subject_;
    milliseconds timeout_;
    raw_connection peer_;
    reply_judge judge_;
    std::optional<wire::negotiate_reply> answer_;
    std::string answer_frame_; ///< what answer_ views
    came opening_ = came::closed;
    std::string trace_;
    std::size_t piece_ = 0;
    std::optional<std::string> mail_pairs_;
    bool macros_ = true;
    bool queue_id_ = true;
    bool helo_ = true;
    bool listens_ = false;
    std::optional<came> why_lost_;
    std::optional<milliseconds> slowest_;
    std::optional<wire::command_code> overdue_;
};

/// Why a wait was in vain, in words.
std::string_view words_for(came what) noexcept;

} // namespace milter::test_server
