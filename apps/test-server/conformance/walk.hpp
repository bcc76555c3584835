// SPDX-License-Identifier: BSL-1.0
// test-server/conformance/walk.hpp - whole sessions as MTAs have them, each run once, on which many cases are judged
#pragma once

#include "test-server/conformance/dialogue.hpp"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace milter::test_server {

enum class walk_kind : unsigned char {
    full,       ///< all is offered: two messages, ABORT behind each, as Postfix does
    unanswered, ///< what is never answered is not offered
    version_2,
    version_4,
    bare,       ///< neither macro lists nor any step is offered
    recipients, ///< an unknown command, and a message with three recipients
};
inline constexpr std::size_t walk_count = 6;

struct walk {
    bool opened = false;
    came opening = came::closed;
    std::optional<wire::step> steps; ///< agreed
    std::vector<finding> findings;
    reply_judge::sightings seen;
    std::string greeting, first,
        second;               ///< traces: until HELO, of the first message, of the second
    came end = came::silence; ///< of the connection, after QUIT
    bool broke = false;       ///< before QUIT
    std::optional<milliseconds> slowest; ///< reply before end of message
    std::optional<wire::command_code>
        overdue; ///< a command before end of message without its reply
    std::vector<std::string> packets;

    /// Whether there was a verdict on such a command.
    bool has_answered(wire::command_code stage) const noexcept;
    /// The first finding about a statement; null when there is none.
    finding const* about(unsigned statement) const noexcept;
};

/// Of the messages of a walk the one with what content filters may look at.
class walks {
public:
    explicit walks(conformance_subject const& subject) : subject_(subject) {}

    walk const& of(walk_kind kind);

private:
    conformance_subject const& subject_;
    std::array<std::optional<walk>, walk_count> done_;
};

wire::negotiate offer_of(walk_kind kind);

} // namespace milter::test_server
