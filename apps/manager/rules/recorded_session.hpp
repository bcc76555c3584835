// SPDX-License-Identifier: BSL-1.0
// manager/rules/recorded_session.hpp - recorded conversations, those of one SMTP session together
#pragma once

#include "manager/rules/request.hpp"
#include <milter/corpus/conversation.hpp>

#include <string>
#include <vector>

namespace milter::manager {

struct recorded_session {
    std::vector<corpus::conversation> talks;
    std::size_t fullest = 0; ///< of them: the one that has seen most of the session
    std::string file;        ///< of its corpus

    corpus::conversation const& full() const noexcept { return talks[fullest]; }
};

struct recorded_sessions {
    std::vector<recorded_session> all; ///< in the order of the files
    std::string problems;              ///< lines about what cannot be read
    int status = 0;                    ///< 65, 66: why it is not all
};

/// Blocks on files; "-" is standard input. A decision log in place of a corpus is told once.
recorded_sessions read_sessions(std::vector<std::string> const& files);

/// What there is to say when no message was recorded, or none could be read.
rules_answer no_message_in(recorded_sessions const& of);

} // namespace milter::manager
