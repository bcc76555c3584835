// SPDX-License-Identifier: BSL-1.0
// tests/support/scripted_mta.hpp - an MTA as packets said and replies judged, without I/O
//
// Whatever a manager answers that no MTA may be answered is a line in faults(): replies that are not due, edits before
// end of message, actions that were not agreed, a replacement body in two runs, ACCEPT to UNKNOWN, malformed texts.
// Source: protocol.md 3.5
#pragma once

#include <milter/proto/negotiation.hpp>
#include <milter/proto/smtp_reply.hpp>
#include <milter/wire/describe.hpp>

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace support {

namespace wire = milter::wire;
namespace proto = milter::proto;

using macro_pairs = std::vector<std::pair<std::string, std::string>>;

inline std::string pack(macro_pairs const& pairs) {
    std::string raw;
    for (auto const& [name, value] : pairs) {
        wire::append_zstr(raw, name);
        wire::append_zstr(raw, value);
    }
    return raw;
}

class scripted_mta {
public:
    wire::negotiate offer;
    std::map<wire::command_code, macro_pairs> macros; ///< sent before each command of that kind

    /// Macros of both kinds of MTA, shortened (tests/field/README.md, "Macros").
    void like_postfix();
    void like_sendmail();

    /// Says it, with its macros; notes the reply that is due. Of what was negotiated away only the macros of DATA are sent
    /// (statements 56, 57).
    void say(wire::any_command const& command);
    void say_macros(wire::command_code code, macro_pairs const& pairs);

    void receive(std::string_view bytes);

    bool waits() const noexcept { return !due_.empty(); }
    proto::agreement const& agreed() const noexcept { return agreed_; }
    std::vector<std::string> const& faults() const noexcept { return faults_; }
    void fault(std::string what) {
        if (judges) faults_.push_back(std::move(what));
    }
    /// The replies since the last call, separated by "; ".
    std::string heard();
    /// Edits of the latest message, in packets.
    std::vector<std::string> const& edits() const noexcept { return edits_; }
    std::string const& new_body() const noexcept { return new_body_; }

    std::string out;    ///< to be delivered
    bool judges = true; ///< off for an MTA that itself breaks the rules

private:
    void take(wire::any_reply const& reply, std::string const& line);
    void take_end_of_message(wire::any_reply const& reply, std::string const& line);
    void settle(std::string const& line, wire::command_code command, wire::any_reply const& reply);

    std::string in_;
    std::deque<wire::command_code> due_;
    proto::agreement agreed_;
    std::vector<std::string> lines_;
    std::vector<std::string> edits_;
    std::string new_body_;
    wire::reply_code before_ =
        wire::reply_code::proceed; ///< reply before this one, within the end of message
    bool body_over_ = false;
    std::vector<std::string> faults_;
};

} // namespace support
