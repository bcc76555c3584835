// SPDX-License-Identifier: BSL-1.0
// tests/support/scripted_filter.cpp - how it reads, judges and reacts
#include <milter/wire/describe.hpp>

#include <support/scripted_filter.hpp>

#include <algorithm>

namespace support {

std::string scripted_filter::story() const {
    std::string out;
    for (auto const& line : lines_) {
        auto const name = line.substr(0, line.find(' '));
        if (name == "macros" || name == "negotiate") continue;
        out += (out.empty() ? "" : " ") + name;
    }
    return out;
}

std::vector<std::string> scripted_filter::macros(std::string const& stage) const {
    std::vector<std::string> out;
    auto const prefix = "macros " + stage;
    for (auto const& line : lines_)
        if (line == prefix || line.substr(0, prefix.size() + 1) == prefix + " ")
            out.push_back(line.substr(std::min(line.size(), prefix.size() + 1)));
    return out;
}

std::string scripted_filter::last(std::string const& prefix) const {
    auto const found = std::find_if(lines_.rbegin(), lines_.rend(), [&](auto const& line) {
        return line.substr(0, prefix.size()) == prefix;
    });
    return found == lines_.rend() ? std::string() : *found;
}

scripted_filter::arrival scripted_filter::arrive() {
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

std::optional<reaction> scripted_filter::read() {
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
void scripted_filter::judge(wire::any_command const& command, std::string const& line) {
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

void scripted_filter::keep(wire::any_command const& command) {
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

reaction scripted_filter::react(wire::command_code code, std::string const& line) {
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

void scripted_filter::spoke(std::string_view bytes) {
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
