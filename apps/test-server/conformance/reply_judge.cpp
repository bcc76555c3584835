// SPDX-License-Identifier: BSL-1.0
// test-server/conformance/reply_judge.cpp - what is wrong with each reply of a milter, by statement
#include "test-server/conformance/reply_judge.hpp"

#include <milter/ascii.hpp>
#include <milter/proto/smtp_reply.hpp>
#include <milter/wire/describe.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace milter::test_server {

using wire::command_code;
using wire::reply_code;

namespace {

// A milter under test may be hostile too.
constexpr int most_findings = 20;          // of one statement
constexpr std::size_t most_names = 10'000; // of headers deleted in a message
constexpr std::size_t most_edits = 10'000; // letters kept

} // namespace

void reply_judge::negotiated(wire::negotiate const& offer, wire::frame_view const& frame) {
    error_code ec;
    auto const reply = wire::decode_reply(frame, ec);
    auto const* answer = reply ? std::get_if<wire::negotiate_reply>(&*reply) : nullptr;
    bool const is_answer = frame.code == static_cast<unsigned char>(reply_code::negotiate);
    if (!answer) return find(is_answer ? 46 : 44, wire::describe_reply(frame));
    agreed_.version = std::min(answer->version, offer.version);
    agreed_.actions = answer->actions;
    agreed_.steps = answer->steps | proto::absent_before(agreed_.version);
    if (answer->version < wire::oldest_version)
        find(28, fmt::format("version {}", answer->version));
    if (answer->version > offer.version)
        find(28, fmt::format("version {}, offered was {}", answer->version, offer.version));
    // an offer of nothing means what version 1 had (statement 43)
    auto const actions =
        offer.actions == wire::action::none ? static_cast<wire::action>(0x0F) : offer.actions;
    auto const steps =
        offer.steps == wire::step::none ? static_cast<wire::step>(0x3F) : offer.steps;
    if (auto const more = answer->actions & ~actions; wire::any(more))
        find(36, "not offered: " + to_string(more));
    if (auto const more = answer->steps & ~steps & ~wire::step::all_data_sizes; wire::any(more))
        find(37, "not offered: " + to_string(more));
    if (auto const more = answer->steps & ~offer.steps & wire::step::all_data_sizes;
        wire::any(more))
        find(64, "not offered: " + to_string(more));
    agreed_.data_limit = proto::data_limit_of(answer->steps & offer.steps);
    for (std::size_t i = 0; i < wire::macro_stage_count; ++i) {
        if (!answer->macro_lists[i].present) continue;
        seen_.macro_lists = true;
        agreed_.lists[i] = std::string(answer->macro_lists[i].names);
    }
    if (seen_.macro_lists && !wire::any(offer.actions, wire::action::set_macro_list))
        find(54, "macro lists, though set_macro_list was not offered");
    if (answer->macro_lists[5].present != answer->macro_lists[6].present)
        find(55, answer->macro_lists[5].present ? "a list for end of message alone"
                                                : "a list for end of headers alone");
}

void reply_judge::find(unsigned statement, std::string what) {
    auto const same = std::count_if(findings_.begin(), findings_.end(),
                                    [&](finding const& one) { return one.statement == statement; });
    if (same < most_findings) findings_.push_back({statement, std::move(what)});
}

void reply_judge::sent(command_code code) {
    if (code == command_code::end_of_message) {
        edits_.clear();
        deleted_.clear();
        body_begun_ = body_broken_ = false;
    }
    if (wire::row_of(code).answered && !agreed_.answers(code)) seen_.unanswered.insert(code);
    if (code != command_code::macros) last_sent_ = code;
}

void reply_judge::missing(command_code awaited, std::string_view how) {
    find(99, fmt::format("to {}: {}", wire::name_of(awaited), how));
    if (awaited == command_code::end_of_message && edits_.find('q') != edits_.npos)
        find(129, fmt::format("behind the quarantine: {}", how));
}

std::optional<reply_code> reply_judge::received(wire::frame_view const& frame,
                                                std::optional<command_code> awaited) {
    if (frame.payload.size() > agreed_.data_limit)
        find(7, fmt::format("{} bytes in one {}", frame.payload.size(),
                            wire::find_reply(frame.code) ? wire::find_reply(frame.code)->name
                                                         : std::string_view("packet")));
    error_code ec;
    auto const reply = wire::decode_reply(frame, ec);
    if (!reply) judge_malformed(frame, ec);
    auto const* row = wire::find_reply(frame.code);
    if (!awaited) {
        judge_not_due(frame);
        return std::nullopt;
    }
    if (!row) return std::nullopt;
    seen_.replies.insert(row->code);
    if (!reply) // broken, but what it was to be is known
        return row->kind == wire::reply_kind::verdict ? std::optional(row->code) : std::nullopt;
    switch (row->kind) {
    case wire::reply_kind::negotiation:
        find(63, "an answer to an offer that was answered before");
        return std::nullopt;
    case wire::reply_kind::keepalive:
        if (awaited != command_code::end_of_message)
            find(104, fmt::format("progress at {}", wire::name_of(*awaited)));
        body_broken_ = body_begun_;
        return std::nullopt;
    case wire::reply_kind::edit: judge_edit(*reply, *awaited); return std::nullopt;
    case wire::reply_kind::verdict: break;
    }
    // the text as it came, as decoding takes its NUL away, or what stands for one
    if (row->code == reply_code::reply_text && (frame.payload.empty() || frame.payload.back() != 0))
        find(107, "the text has no NUL: " + wire::quoted(frame.payload));
    judge_verdict(*reply, *awaited);
    return row->code;
}

void reply_judge::judge_malformed(wire::frame_view const& frame, error_code const& why) {
    auto const words = wire::describe_reply(frame);
    auto const* row = wire::find_reply(frame.code);
    if (!row) return find(130, words);
    if (row->code == reply_code::reply_text) return find(107, words);
    if (row->kind == wire::reply_kind::edit) return find(why == errc::missing_nul ? 11 : 19, words);
    find(18, words);
}

void reply_judge::judge_not_due(wire::frame_view const& frame) {
    auto const words = wire::describe_reply(frame);
    if (!last_sent_) return find(99, words + " before anything was asked");
    auto const stage = fmt::format("{} after {}", words, wire::name_of(*last_sent_));
    if (!wire::row_of(*last_sent_).answered) return find(100, stage);
    find(agreed_.answers(*last_sent_) ? 99 : 62, stage);
}

void reply_judge::judge_value(std::string_view value) {
    if (value.find('\r') != value.npos)
        return find(168, "a carriage return in " + wire::quoted(value));
    for (auto at = value.find('\n'); at != value.npos; at = value.find('\n', at + 1))
        if (at + 1 == value.size() || (value[at + 1] != ' ' && value[at + 1] != '\t'))
            return find(168, "a line without white space in front in " + wire::quoted(value));
}

void reply_judge::judge_deletion(wire::change_header const& edit) {
    std::string name;
    for (char c : edit.name) name += to_lower(c);
    if (deleted_.size() >= most_names && !deleted_.contains(name)) return;
    auto const index = std::max<std::uint32_t>(edit.index, 1);
    auto const [at, is_first] = deleted_.try_emplace(name, index);
    if (!is_first && index > at->second)
        find(164, fmt::format("{} deleted at {} and then at {}", wire::quoted(edit.name),
                              at->second, index));
    at->second = index;
}

void reply_judge::judge_edit(wire::any_reply const& reply, command_code stage) {
    auto const& row = wire::row_of(wire::code_of(reply));
    if (stage != command_code::end_of_message)
        find(151, fmt::format("{} at {}", wire::describe(reply), wire::name_of(stage)));
    if (!wire::any(agreed_.actions, row.needs))
        find(178, fmt::format("{}, agreed was {}", row.name, to_string(agreed_.actions)));
    if (edits_.size() < most_edits) edits_ += static_cast<char>(row.code);
    if (row.code == reply_code::replace_body) {
        if (body_broken_) find(170, "a piece of the new body behind another reply");
        body_begun_ = true;
        return;
    }
    body_broken_ = body_begun_;
    if (auto const* add = std::get_if<wire::add_header>(&reply)) judge_value(add->value);
    if (auto const* insert = std::get_if<wire::insert_header>(&reply)) judge_value(insert->value);
    if (auto const* change = std::get_if<wire::change_header>(&reply)) {
        judge_value(change->value);
        if (change->value.empty()) judge_deletion(*change);
    }
}

void reply_judge::judge_verdict(wire::any_reply const& reply, command_code stage) {
    auto const code = wire::code_of(reply);
    auto const here = fmt::format("{} at {}", wire::name_of(code), wire::name_of(stage));
    if (code == reply_code::skip) {
        if (!wire::any(agreed_.steps, wire::step::skip)) find(101, here);
        if (stage != command_code::body) find(102, here);
    }
    if (code == reply_code::shutdown || code == reply_code::connection_failed) find(119, here);
    if (stage == command_code::unknown &&
        (code == reply_code::accept || code == reply_code::discard))
        find(99, here + ", which is none of the verdicts of that stage");
    bool const accepts = code == reply_code::proceed || code == reply_code::accept;
    if (edits_.find('q') != edits_.npos && stage == command_code::end_of_message && !accepts)
        find(129, here + " behind a quarantine");
    if (auto const* said = std::get_if<wire::reply_text>(&reply)) judge_text(said->text);
}

void reply_judge::judge_text(std::string_view text) {
    auto const words = wire::quoted(text);
    if (proto::reply_class(text) == 0) return find(108, words);
    if (proto::has_lone_percent(text)) find(109, words);
    auto const code = text.substr(0, 3);
    for (std::size_t lines = 1;; ++lines) {
        auto const end = text.find("\r\n");
        judge_line(text.substr(0, end), code, end == text.npos);
        if (lines > proto::reply_text_limits{}.lines) return find(117, words);
        if (end == text.npos) return;
        text.remove_prefix(end + 2);
    }
}

void reply_judge::judge_line(std::string_view line, std::string_view code, bool last) {
    auto const words = wire::quoted(line);
    if (line.find_first_of("\r\n") != line.npos) return find(113, words);
    if (line.size() < 4 || line.substr(0, 3) != code || line[3] != (last ? ' ' : '-'))
        return find(112, words);
    auto const said = line.substr(4);
    auto const enhanced = proto::detail::enhanced_code_size(said, said.empty() ? '5' : said[0]);
    bool const is_digit = !said.empty() && said[0] >= '0' && said[0] <= '9';
    if (is_digit && said[0] != code[0]) find(enhanced != 0 ? 115 : 116, words);
    if (said.size() > proto::detail::reply_line_room(said, code[0], {})) find(117, words);
}

} // namespace milter::test_server
