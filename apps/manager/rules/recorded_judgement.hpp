// SPDX-License-Identifier: BSL-1.0
// manager/rules/recorded_judgement.hpp - what a milter said about each message of a recorded conversation
#pragma once

#include <milter/corpus/conversation.hpp>
#include <milter/message/edit.hpp>
#include <milter/proto/timeouts.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

struct recorded_judgement {
    std::string_view verdict = "continue"; ///< its last word
    bool is_final = false; ///< the message came to its end, or the milter wanted no more of it
    bool quarantined = false;
    bool changed_body = false;
    proto::duration latency{}; ///< at the end of the message
    std::vector<message::header_edit> headers;
};

/// One for each MAIL that the milter has seen.
std::vector<recorded_judgement> judgements_in(corpus::conversation const& talk);

/// Whether header values begin with the blank behind the colon: it was agreed.
bool keeps_leading_space(corpus::conversation const& talk);

} // namespace milter::manager
