// SPDX-License-Identifier: BSL-1.0
// test-server/scenario/played_connection.hpp - the steps of one connection: what was left out before them, what may follow
#pragma once

#include "test-server/played_mta.hpp"
#include "test-server/scenario/scenario.hpp"
#include "test-server/scenario/scenario_player.hpp"

#include <boost/asio/awaitable.hpp>

#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milter::test_server {

/// An MTA stops where a milter has settled the client or the message: a step that it would not say any more is not
/// attempted, and the outcome says why. The scenario must outlive this.
class played_connection {
public:
    played_connection(scenario const& wanted, play_options const& how, transcript log);

    /// Does one step, and silently those before it that were left out.
    net::asio::awaitable<step_outcome> play(scenario_step const& step);

    /// Takes leave as the MTA does, if that has not been done. @return why that was no good end: the milter had said
    /// something that nobody had asked for
    net::asio::awaitable<std::optional<failure>> finish();

private:
    using code = wire::command_code;

    /// What has been said last; content: the end of the headers.
    enum class progress : unsigned char {
        nothing,
        negotiated,
        connected,
        greeted,
        mail,
        rcpt,
        data,
        content
    };

    net::asio::awaitable<void> perform(scenario_step const& step);
    net::asio::awaitable<bool> reach(progress wanted);
    net::asio::awaitable<void> say_next();
    bool goes_on(bool in_message);

    // by value: whoever calls them need not await at once
    net::asio::awaitable<void> negotiate(offer_change change);
    net::asio::awaitable<void> say_client();
    net::asio::awaitable<void> say_helo(std::string name);
    net::asio::awaitable<void> begin_message(std::string sender);
    net::asio::awaitable<void> add_recipient(std::string recipient);
    net::asio::awaitable<void> begin_content();
    net::asio::awaitable<void> add_header(mail_header const& header);
    net::asio::awaitable<void> end_headers();
    net::asio::awaitable<void> add_body(std::string_view bytes);
    net::asio::awaitable<void> end_message();
    net::asio::awaitable<void> whole_message(mail const& content);
    net::asio::awaitable<void> reset();

    net::asio::awaitable<void> ask(smtp_command const& command);
    net::asio::awaitable<void> note(net::asio::awaitable<answer> asked, code stage);
    net::asio::awaitable<void> settle_message();
    void refuse(std::string why);
    void use_macros(scenario_step const& step);

    scenario const& wanted_;
    play_options const& how_;
    transcript log_;
    session_plan plan_;
    std::optional<net::stream> peer_;
    std::optional<played_mta> mta_;
    progress at_ = progress::nothing;
    std::string settled_;       ///< why nothing more is said in this connection; empty: it goes on
    std::string message_over_;  ///< the same of the message
    bool content_said_ = false; ///< to its end: a step message is another one
    bool refused_client_ = false;
    bool left_ = false;

    message_plan mail_; ///< the message as far as it was said
    std::list<smtp_path> recipients_;
    message_outcome result_;
    bool skips_headers_ = false, skips_body_ = false; ///< the milter said SKIP

    step_outcome out_; ///< of the step that is played
};

} // namespace milter::test_server
