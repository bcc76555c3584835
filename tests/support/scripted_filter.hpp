// SPDX-License-Identifier: BSL-1.0
// tests/support/scripted_filter.hpp - a milter as a list of reactions, without I/O, that watches what it is sent
//
//   filter.on("rcpt \"<bob", say(wire::reject{}));            // a prefix of what wire::describe() makes of the command
//   filter.on("end_of_message", say(wire::add_header{"X-A", "1"}, wire::proceed{}), once);
//   filter.on("body", then_close());
//
// What no rule names is answered with CONTINUE. It reads packets by itself instead of through proto::filter_session, so
// that nothing an MTA side does wrong is forgiven: every wrong step is a line in faults().
#pragma once

#include <milter/proto/mta_session.hpp>

#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace support {

namespace wire = milter::wire;
namespace proto = milter::proto;

/// What a filter does about one command: bytes, each after a pause; then perhaps the end of the connection.
struct reaction {
    struct part {
        proto::duration after{};
        std::string bytes;
    };
    std::vector<part> parts;
    bool closes = false;

    /// The same, `pause` later.
    reaction after(proto::duration pause) && {
        if (parts.empty()) parts.emplace_back();
        parts.front().after += pause;
        return std::move(*this);
    }
    reaction then(reaction next) && {
        parts.insert(parts.end(), next.parts.begin(), next.parts.end());
        closes = closes || next.closes;
        return std::move(*this);
    }
};

inline reaction raw(std::string bytes) { return {{{{}, std::move(bytes)}}, false}; }
template <class... Replies> reaction say(Replies const&... replies) {
    std::string bytes;
    (wire::encode(bytes, replies), ...);
    return raw(std::move(bytes));
}
inline reaction say_text(std::string_view text) { return say(wire::reply_text{text}); }
inline reaction silence() { return {}; }
inline reaction then_close(std::string bytes = {}) { return {{{{}, std::move(bytes)}}, true}; }

inline constexpr unsigned once = 1;
inline constexpr unsigned always = ~0U;

/// The message as the filter was shown it.
struct seen_message {
    std::string sender;
    std::vector<std::string> recipients;
    std::vector<std::string> headers; ///< "Name:value"
    std::string body;
    std::vector<std::size_t> chunks;
    bool skips_headers = false; ///< it said SKIP
    bool skips_body = false;
    friend bool operator==(seen_message const&, seen_message const&) = default;
};

class scripted_filter {
public:
    enum class arrival { accepted, refused, silent };

    proto::agreement wants = everything();
    std::deque<arrival> arrivals; ///< of connections, in order; then all are accepted
    bool reads = true;

    static proto::agreement everything() {
        proto::agreement all;
        all.actions = wire::action::all & ~wire::action::set_macro_list;
        return all;
    }

    void on(std::string prefix, reaction what, unsigned times = always) {
        rules_.push_back({std::move(prefix), std::move(what), times});
    }
    void forget_rules() { rules_.clear(); }

    // ---- what it saw

    std::vector<std::string> const& lines() const noexcept {
        return lines_;
    } ///< all packets, all connections
    /// Names of the commands, negotiation and macros left out; "|" before each connection but the first.
    std::string story() const;
    /// Arguments of the macro packets of a stage, as wire::describe() prints them: `"i"="4711"`.
    std::vector<std::string> macros(std::string const& stage) const;
    std::string last(std::string const& prefix) const;
    seen_message const& message() const noexcept { return message_; } ///< the latest
    std::vector<seen_message> const& judged() const noexcept {
        return judged_;
    } ///< up to end of message
    /// Senders of the messages that it accepted before their end; "" when it accepted the client.
    std::vector<std::string> const& accepted() const noexcept { return accepted_; }
    std::vector<std::string> const& faults() const noexcept { return faults_; }
    wire::negotiate const& offer() const noexcept { return offer_; }
    std::size_t connections() const noexcept { return connections_; }
    std::size_t waiting() const noexcept { return in_.size(); } ///< bytes sent to it and not read

    // ---- for the rig

    arrival arrive();
    void receive(std::string_view bytes) { in_ += bytes; }
    /// Reads one packet. @return its reaction; empty when there is no whole packet
    std::optional<reaction> read();
    /// It speaks now.
    void spoke(std::string_view bytes);
    void closed() {
        if (!in_.empty()) fault("closed in the middle of a packet");
    }

private:
    struct rule {
        std::string prefix;
        reaction what;
        unsigned times;
    };

    void fault(std::string const& what) { faults_.push_back(what + " [after: " + story() + "]"); }
    void judge(wire::any_command const& command, std::string const& line);
    void keep(wire::any_command const& command);
    reaction react(wire::command_code code, std::string const& line);

    std::vector<rule> rules_;
    std::string in_;
    std::string half_said_; ///< of a reply
    proto::phase at_ = proto::phase::start;
    std::optional<wire::command_code> owed_;
    bool owed_to_aborted_ = false;
    std::optional<unsigned char> macros_for_; ///< stage of the packet just before
    wire::negotiate offer_;
    std::size_t connections_ = 0;
    std::vector<std::string> lines_;
    std::vector<std::string> faults_;
    seen_message message_;
    std::vector<seen_message> judged_;
    std::vector<std::string> accepted_;
};

} // namespace support
