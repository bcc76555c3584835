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
    std::string story() const {
        std::string out;
        for (auto const& line : lines_) {
            auto const name = line.substr(0, line.find(' '));
            if (name == "macros" || name == "negotiate") continue;
            out += (out.empty() ? "" : " ") + name;
        }
        return out;
    }
    /// Arguments of the macro packets of a stage, as wire::describe() prints them: `"i"="4711"`.
    std::vector<std::string> macros(std::string const& stage) const {
        std::vector<std::string> out;
        auto const prefix = "macros " + stage;
        for (auto const& line : lines_)
            if (line == prefix || line.substr(0, prefix.size() + 1) == prefix + " ")
                out.push_back(line.substr(std::min(line.size(), prefix.size() + 1)));
        return out;
    }
    std::string last(std::string const& prefix) const {
        auto const found = std::find_if(lines_.rbegin(), lines_.rend(), [&](auto const& line) {
            return line.substr(0, prefix.size()) == prefix;
        });
        return found == lines_.rend() ? std::string() : *found;
    }
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

    arrival arrive() {
        auto const how = arrivals.empty() ? arrival::accepted : arrivals.front();
        if (!arrivals.empty()) arrivals.pop_front();
        if (connections_++ > 0) lines_.emplace_back("|");
        in_.clear();
        half_said_.clear();
        owed_.reset();
        owed_to_aborted_ = false;
        at_ = proto::phase::start;
        macros_for_.reset();
        return how;
    }
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

inline std::optional<reaction> scripted_filter::read() {
    milter::error_code ec;
    auto const frame = wire::first_frame(in_, wants.data_limit, ec);
    if (ec) {
        fault("packet that cannot be read: " + ec.message());
        in_.clear();
    }
    if (!frame) return std::nullopt;
    auto const command = wire::decode_command(*frame, ec);
    auto const line = wire::describe_command(*frame);
    reaction answer;
    if (command) {
        judge(*command, line);
        lines_.push_back(line);
        keep(*command);
        answer = react(wire::code_of(*command), line);
    } else {
        fault("malformed " + line);
    }
    in_.erase(0, frame->raw.size());
    return answer;
}

/// Whether an MTA side may send this now.
inline void scripted_filter::judge(wire::any_command const& command, std::string const& line) {
    auto const code = wire::code_of(command);
    bool const ends = code == wire::command_code::abort || code == wire::command_code::quit;
    if (owed_ && !ends)
        fault(line + " while " + std::string(wire::name_of(*owed_)) + " is not answered");
    auto const move = proto::follow(at_, code, wants.steps);
    if (move.how == proto::fit::out_of_order) fault(line + " is out of order");
    if (code == wire::command_code::negotiate) return; // nothing was agreed before it
    if (!wants.sends(code)) fault(line + " was negotiated away");
    if (auto const* set = std::get_if<wire::macros>(&command)) {
        macros_for_ = set->stage;
        return;
    }
    if (macros_for_ && *macros_for_ != static_cast<unsigned char>(code) &&
        wants.sends(static_cast<wire::command_code>(*macros_for_)) && !ends)
        fault("macros of another command before " + line);
    macros_for_.reset();
}

inline void scripted_filter::keep(wire::any_command const& command) {
    if (auto const* offer = std::get_if<wire::negotiate>(&command)) offer_ = *offer;
    if (auto const* from = std::get_if<wire::mail>(&command)) {
        message_ = {};
        message_.sender = from->address;
    }
    if (auto const* to = std::get_if<wire::rcpt>(&command))
        message_.recipients.emplace_back(to->address);
    if (auto const* field = std::get_if<wire::header>(&command))
        message_.headers.push_back(std::string(field->name) + ":" + std::string(field->value));
    if (auto const* piece = std::get_if<wire::body>(&command)) {
        message_.body += piece->bytes;
        message_.chunks.push_back(piece->bytes.size());
    }
    if (std::holds_alternative<wire::end_of_message>(command)) judged_.push_back(message_);
}

inline reaction scripted_filter::react(wire::command_code code, std::string const& line) {
    at_ = proto::follow(at_, code, wants.steps).next;
    bool const negotiating = code == wire::command_code::negotiate;
    if (code == wire::command_code::abort) owed_to_aborted_ = owed_.has_value();
    bool const answers = negotiating || wants.answers(code);
    if (answers) owed_ = code;
    for (auto& one : rules_) {
        if (one.times == 0 || line.substr(0, one.prefix.size()) != one.prefix) continue;
        if (one.times != always) --one.times;
        return one.what;
    }
    if (negotiating) return say(proto::to_reply(wants));
    return answers ? say(wire::proceed{}) : silence();
}

inline void scripted_filter::spoke(std::string_view bytes) {
    auto const all = std::exchange(half_said_, {}).append(bytes);
    bytes = all;
    milter::error_code ec;
    while (auto const frame = wire::first_frame(bytes, 1UL << 28, ec)) {
        bytes.remove_prefix(frame->raw.size());
        auto const* row = wire::find_reply(frame->code);
        if (!row || !owed_) continue;
        if (row->kind == wire::reply_kind::edit || row->kind == wire::reply_kind::keepalive)
            continue;
        if (row->code == wire::reply_code::skip) {
            message_.skips_headers = message_.skips_headers || *owed_ == wire::command_code::header;
            message_.skips_body = message_.skips_body || *owed_ == wire::command_code::body;
        }
        if (row->code == wire::reply_code::accept && !owed_to_aborted_)
            accepted_.push_back(proto::in_transaction(at_) ? message_.sender : "");
        if (!owed_to_aborted_) at_ = proto::after_verdict(at_, *owed_, row->code);
        owed_to_aborted_ = false;
        owed_.reset();
    }
    if (!ec) half_said_ = bytes;
}

} // namespace support
