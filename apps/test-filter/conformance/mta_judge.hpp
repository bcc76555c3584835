// SPDX-License-Identifier: BSL-1.0
// test-filter/conformance/mta_judge.hpp - one session with the MTA that is judged: answers it by its variant, without I/O
//
//     mta_judge judge(all_variants()[n]);
//     judge.received(bytes, now); write(judge.take_output());   // and at due(): judge.tick(now)
//     judge.ended();
//     sum.add(judge.seen(), judge.name(), judge.packets());
#pragma once

#include "test-filter/conformance/mta_case.hpp"
#include "test-filter/conformance/variant.hpp"
#include <milter/proto/negotiation.hpp>
#include <milter/proto/state.hpp>
#include <milter/proto/timeouts.hpp>
#include <milter/wire/command.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace milter::test_filter {

class mta_judge {
public:
    explicit mta_judge(variant const& plan) : plan_(plan) {}

    /// Bytes of the MTA; copied.
    void received(std::string_view bytes, proto::time_point now);
    /// The MTA has closed.
    void ended();
    /// When tick() has something to say; empty: never.
    std::optional<proto::time_point> due() const noexcept { return due_; }
    void tick(proto::time_point now);

    std::string take_output() { return std::exchange(output_, {}); }
    /// Nothing more is to be said or heard.
    bool closed() const noexcept { return closed_; }

    observations const& seen() const noexcept { return seen_; }
    std::string name() const { return plan_.name; }
    std::vector<std::string> const& packets() const noexcept { return packets_; }

private:
    void take(wire::frame_view const& frame, std::size_t behind, proto::time_point now);
    void take_offer(wire::frame_view const& frame, wire::negotiate const& offer);
    void take_macros(wire::macros const& set);
    void take_command(wire::any_command const& command, wire::frame_view const& frame,
                      proto::time_point now);
    void judge_wait(proto::time_point now);
    void judge_left_out(wire::command_code stage);
    void judge_end_of(wire::connect const& client, std::size_t payload_bytes);
    void judge_place(wire::command_code stage);
    void judge_order(wire::command_code stage);
    void judge_content(wire::any_command const& command);
    void judge_client(wire::connect const& client);
    void judge_args(wire::zstr_list args);
    void judge_header(wire::header const& header);
    void judge_body(std::string_view bytes);
    void judge_earlier_verdicts(wire::command_code stage);
    void judge_after_refused_recipient(wire::command_code stage);
    void answer(wire::command_code stage, proto::time_point now);
    void say_verdict();
    template <class Reply> void say(Reply const& reply);
    wire::reply_code verdict_for(wire::command_code stage);
    void end_message();
    bool has_room() const noexcept; ///< for another line
    void note(std::string line);

    variant const& plan_;
    observations seen_;
    proto::agreement agreed_;
    std::string input_, output_;
    std::vector<std::string> packets_;
    proto::phase phase_ = proto::phase::start;
    std::optional<wire::command_code> macros_for_; ///< the command that must follow
    bool macros_alone_ = false;                    ///< nothing was behind them in the same read
    std::optional<wire::command_code> owed_;       ///< a verdict, which is to come at due_
    std::optional<proto::time_point> due_;
    unsigned keepalives_ = 0;                      ///< PROGRESS still to be said
    std::optional<wire::command_code> unanswered_; ///< the last command, when no reply was due
    proto::time_point unanswered_since_{};
    std::optional<wire::command_code> said_at_; ///< where the variant's own verdict was said
    bool in_skip_ = false;                      ///< SKIP was said in this message
    bool in_content_ = false;                   ///< some of it has come, and not its end
    bool has_bare_macros_ = false;              ///< of a command that was negotiated away
    bool has_recipient_ = false;                ///< one of this message was not refused
    bool keeps_alive_ = false;                  ///< PROGRESS was said, and no verdict yet
    bool dealt_end_ = false;                    ///< PROGRESS or edits were said, and the verdict
    bool with_data_ = false;                    ///< in this message
    std::size_t values_ = 0, blank_values_ = 0;
    char last_byte_ = 0; ///< of the body
    bool quit_ = false, closed_ = false;
};

} // namespace milter::test_filter
