// SPDX-License-Identifier: BSL-1.0
// test-server/conformance/reply_judge.hpp - what is wrong with each reply of a milter, by statement
//
// Without I/O: it is told what was agreed, what was sent, and each frame that came.
#pragma once

#include <milter/proto/negotiation.hpp>
#include <milter/wire/reply.hpp>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace milter::test_server {

/// What was seen that is against a statement.
struct finding {
    unsigned statement = 0; ///< of docs/protocol.md
    std::string what;
};

class reply_judge {
public:
    /// Where statement 118 and its like would look: kinds of replies that came at all.
    struct sightings {
        std::set<wire::reply_code> replies; ///< of each kind
        bool macro_lists = false;
        std::set<wire::command_code> unanswered; ///< sent under an agreed nr_*
    };

    /// The answer to an offer.
    void negotiated(wire::negotiate const& offer, wire::frame_view const& frame);

    void sent(wire::command_code code);

    /// A frame that came while `awaited` is (or is not) owed a verdict.
    /// @return the verdict, when it settles the command
    std::optional<wire::reply_code> received(wire::frame_view const& frame,
                                             std::optional<wire::command_code> awaited);

    /// The connection ended, or nothing came in time, while a verdict was owed.
    void missing(wire::command_code awaited, std::string_view how);

    proto::agreement const& agreed() const noexcept { return agreed_; }
    std::vector<finding> const& findings() const noexcept { return findings_; }
    sightings const& seen() const noexcept { return seen_; }
    /// Letters of the edits since end of message was sent.
    std::string const& edits() const noexcept { return edits_; }

    /// Of each statement the first few are kept.
    void find(unsigned statement, std::string what);

private:
    void judge_malformed(wire::frame_view const& frame, error_code const& why);
    void judge_not_due(wire::frame_view const& frame);
    void judge_edit(wire::any_reply const& reply, wire::command_code stage);
    void judge_verdict(wire::any_reply const& reply, wire::command_code stage);
    void judge_deletion(wire::change_header const& edit);
    void judge_value(std::string_view value);
    void judge_text(std::string_view text);
    void judge_line(std::string_view line, std::string_view code, bool last);

    proto::agreement agreed_;
    sightings seen_;
    std::vector<finding> findings_;
    std::optional<wire::command_code> last_sent_;
    std::string edits_;
    bool body_begun_ = false;                      ///< a piece of a new body has come
    bool body_broken_ = false;                     ///< and then something else
    std::map<std::string, std::uint32_t> deleted_; ///< name -> the last index
};

} // namespace milter::test_server
