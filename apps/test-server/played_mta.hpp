// SPDX-License-Identifier: BSL-1.0
// test-server/played_mta.hpp - one connection to a milter, a command at a time, as the MTA that is played says it
//
// With its macros and its habits; which commands are said, and when, is up to who calls.
#pragma once

#include "test-server/macro.hpp"
#include "test-server/outcome.hpp"
#include "test-server/plan.hpp"
#include "test-server/transcript.hpp"
#include <milter/net/drive_mta.hpp>
#include <milter/net/stream.hpp>

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace milter::test_server {

/// What an MTA says in answer to SMTP.
using smtp_command =
    std::variant<wire::connect, wire::helo, wire::mail, wire::rcpt, wire::data, wire::header,
                 wire::end_of_headers, wire::body, wire::end_of_message, wire::unknown>;

inline wire::command_code stage_of(smtp_command const& command) noexcept {
    return std::visit([](auto const& one) { return one.code; }, command);
}

/// Postfix and Sendmail end the SMTP session on a reply that says so.
bool ends_session(answer const& given) noexcept;

/// Another one each time, in this process and in later ones: logs are searched for it.
std::string new_queue_id();

/// Of a message with these headers; an MTA gives one to a message without.
std::string message_id(std::vector<mail_header> const& headers, std::string const& queue_id);

/// Whether this MTA refuses a message with these headers by itself, after DATA; then what it says, else nothing.
std::string refusal_of_headers(mta_profile const& mta, std::vector<mail_header> const& headers);

/// The value of a header as this MTA shows it: as many whole lines as it has room for, the first one whatever its
/// length; without the first blank unless `as_it_stands`. Views the header.
std::string_view shown_of(mta_profile const& mta, mail_header const& header, bool as_it_stands);

/// A message with these headers that this MTA would not show to a milter: it refuses it, or a packet is too small.
/// @throws std::invalid_argument
void refuse_unsendable(mta_profile const& mta, std::vector<mail_header> const& headers);

/// All that it was given to refer to must outlive it. The first failure is kept; after it nothing more is said.
class played_mta {
public:
    played_mta(net::stream& peer, session_plan const& plan, transcript const& log)
        : plan_(plan), log_(log), session_(plan.protocol),
          drive_(peer, session_, plan.protocol.timeouts.write) {
        drive_.longest_wait(10); // a milter that says for ever that it is alive does not keep us
    }

    net::asio::awaitable<void> negotiate();

    /// Sends a command with its macros, unless it was negotiated away; it must live until then. @return what is answered; `pass` where none is to
    /// come, `error` when the session broke
    net::asio::awaitable<answer> ask(smtp_command const& command);

    /// The plan's client, in the spelling of the MTA.
    net::asio::awaitable<answer> say_client();

    /// A header of the message, as much of it as this MTA shows.
    net::asio::awaitable<answer> say_header(mail_header const& header);

    net::asio::awaitable<void> abort();
    net::asio::awaitable<void> flush();

    /// What an MTA says when the SMTP session ends. @param settled  the milter accepted or refused the client
    net::asio::awaitable<void> leave(bool settled);

    /// A reply that is there before its command would be taken for the answer to it.
    void refuse_early_reply();

    proto::agreement const& agreed() const noexcept { return agreed_; }
    bool negotiated() const noexcept { return negotiated_; }
    std::optional<failure> const& failed() const noexcept { return failed_; }
    bool sends(wire::command_code stage) const noexcept { return session_.sends(stage); }
    bool in_transaction() const noexcept { return proto::in_transaction(session_.at()); }
    bool closed() const noexcept { return session_.closed(); }
    bool skipped() const noexcept { return skipped_; } ///< the last answer was SKIP

    macro_state values;                 ///< of macros, as the session goes on
    message_outcome* message = nullptr; ///< where edits and keepalives are noted; may be null

private:
    template <class Command> net::asio::awaitable<answer> say(Command const& command);
    void send_macros(wire::command_code stage, error_code& ec);
    error_code hear(wire::any_reply const& reply, answer& given);
    error_code check_skip(wire::command_code stage);
    void tell(std::string_view line) const {
        if (log_) log_(line);
    }
    void fail(error_code ec, std::string text = {});
    void note_heard(answer& given);

    session_plan const& plan_;
    transcript const& log_;
    proto::mta_session session_;
    net::drive_mta drive_;
    proto::agreement agreed_;
    std::optional<failure> failed_;
    bool negotiated_ = false;
    bool greeted_ = false; ///< HELO was said
    bool skipped_ = false;
};

} // namespace milter::test_server
