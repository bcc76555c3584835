// SPDX-License-Identifier: BSL-1.0
// load/script.hpp - what a session sends, encoded before it begins
//
// A load driver must cost less than what it measures. So the packets of a message are encoded once for each answer to the
// offer, with what that negotiated away left out, and all sessions send pieces of the same bytes. The price: what depends on
// earlier answers (a queue id that comes with the first accepted recipient) is the same in all sessions.
#pragma once

#include "load/stage.hpp"
#include <milter/proto/negotiation.hpp>
#include <milter/wire/command.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace milter::load {

/// Bytes that go out together, up to the answer that is waited for.
struct exchange {
    std::size_t end = 0; ///< in leg::bytes; it begins where the one before ends
    stage awaited = stage::negotiate;
};

/// A part of a session: exchanges in order, and behind the last one what is not answered and goes with what follows.
struct leg {
    std::string bytes;
    std::vector<exchange> exchanges;

    std::size_t begin_of(std::size_t index) const noexcept {
        return index == 0 ? 0 : exchanges[index - 1].end;
    }
    std::string_view piece(std::size_t index) const noexcept {
        auto const begin = begin_of(index);
        return std::string_view(bytes).substr(begin, exchanges[index].end - begin);
    }
    std::string_view unanswered() const noexcept {
        return std::string_view(bytes).substr(begin_of(exchanges.size()));
    }
};

struct message_script {
    leg content;           ///< MAIL to end of message
    std::size_t bytes = 0; ///< of the message itself, headers and body
};

struct session_script {
    proto::agreement agreed;
    leg opening; ///< CONNECT, HELO
    std::vector<message_script> messages;
    std::string between;       ///< two messages of one session
    std::string between_open;  ///< the same, when the milter still waits for the rest of the first
    std::string goodbye;       ///< after the last message
    std::string early_goodbye; ///< when the milter accepted or refused the client
};

/// Writes one leg: commands that are not sent are left out, those that are not answered join the next one.
class leg_writer {
public:
    explicit leg_writer(proto::agreement const& agreed) : agreed_(agreed) {}

    /// @param macros  packed, as for wire::macros; they go out also where the command was negotiated away, unless it is
    ///                one of the content (statement 57)
    template <class Command>
    void add(Command const& command, std::optional<std::string> const& macros = std::nullopt) {
        bool const sent = agreed_.sends(Command::code);
        if (macros && (sent || !wire::is_content(Command::code)))
            wire::encode(leg_.bytes, wire::macros{Command::code, wire::zstr_list(*macros)});
        if (!sent) return;
        wire::encode(leg_.bytes, command);
        if (agreed_.answers(Command::code))
            leg_.exchanges.push_back({leg_.bytes.size(), stage_of(Command::code)});
    }

    leg take() { return std::move(leg_); }

private:
    proto::agreement const& agreed_;
    leg leg_;
};

/// Encodes a session for what was agreed; called by any worker's thread.
using script_source = std::function<session_script(proto::agreement const&)>;

/// The scripts for the answers that came so far, by the bytes of the answer.
class script_store {
public:
    script_store(wire::negotiate const& offer, proto::strictness how, script_source source)
        : offer_(offer), how_(how), source_(std::move(source)) {}

    /// @errors  as wire::decode_reply() and proto::check_answer()
    std::shared_ptr<session_script const> find(wire::frame_view const& answer, error_code& ec);

private:
    static constexpr std::size_t most =
        16; // a milter that never answers twice alike fills no memory

    struct entry {
        std::string answer;
        std::shared_ptr<session_script const> script;
    };

    wire::negotiate offer_;
    proto::strictness how_;
    script_source source_;
    std::vector<entry> known_;
    std::size_t next_ = 0; ///< entry to give up
};

} // namespace milter::load
