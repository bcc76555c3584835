// SPDX-License-Identifier: BSL-1.0
// test-filter/action.hpp - one thing that the filter does about a command, as data and as text
//
// The words are those of wire/code.hpp; see describe_actions() for all of them.
#pragma once

#include <milter/proto/timeouts.hpp>
#include <milter/wire/reply.hpp>

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>

namespace milter::test_filter {

/// A text that is no action, condition or stage; what() says why, in words for people.
class script_error : public std::runtime_error {
public:
    explicit script_error(std::string const& why) : std::runtime_error(why) {}
};

/// A verdict or an edit.
struct send_reply {
    std::string
        frame; ///< encoded; header values as they stand behind the colon, leading blank included
    bool forced = false; ///< sent even where the protocol forbids it

    wire::reply_code code() const noexcept { return static_cast<wire::reply_code>(frame[4]); }
};

/// Waits; what was said before is sent first.
struct wait_for {
    proto::duration time{};
};

/// Keepalives before the verdict.
struct send_progress {
    unsigned count = 1;
    proto::duration interval{}; ///< before each
    bool forced = false;
};

/// Bytes that are none of the replies.
struct send_bytes {
    std::string bytes;
    bool instead = false; ///< no reply follows
};

/// Bytes in place of the verdict, whatever they are; the session goes on as if they were one.
struct send_packet {
    std::string bytes;
};

/// An answer to the offer, whatever was offered.
struct send_answer {
    wire::negotiate_reply answer;
};

/// Ends answering: the connection stays open and nothing more is said.
struct fall_silent {};

struct end_connection {
    enum class how { close, reset };
    how way = how::close;
};

using action = std::variant<send_reply, wait_for, send_progress, send_bytes, send_packet,
                            send_answer, fall_silent, end_connection>;

/// Whether nothing more is done about the command after it.
bool is_final(action const& one) noexcept;

/// What must have been negotiated for it.
wire::action needed_by(action const& one) noexcept;

/// Reads `WORD [ARGUMENT]`, e.g. `reply 550 5.7.1 no` or `add_header X-Seen: yes`. In texts \n, \r, \t, \\ and \xHH
/// stand for one byte. @throws script_error
action parse_action(std::string_view text);

/// Whether a session would send it at a stage; `stage` is empty for any. What is forced, and faults, may be anywhere.
/// @throws script_error
void check_stage(action const& one, std::optional<wire::command_code> stage);

/// The bytes of a multi-line text of --help and of the manual: all actions.
std::string_view describe_actions() noexcept;

} // namespace milter::test_filter
