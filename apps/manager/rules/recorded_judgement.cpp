// SPDX-License-Identifier: BSL-1.0
// manager/rules/recorded_judgement.cpp
#include "manager/rules/recorded_judgement.hpp"

#include <chrono>
#include <optional>

namespace milter::manager {

namespace {

using corpus::side;
using wire::command_code;
using wire::reply_code;

bool is_packet(corpus::event const& one, side from) noexcept {
    return one.from == from && one.kind == corpus::event_kind::packet;
}

std::optional<wire::any_reply> reply_in(corpus::event const& one) {
    error_code ec;
    return wire::decode_reply(corpus::frame_of(one), ec);
}

/// Goes through one conversation.
class judging {
public:
    explicit judging(bool leading_space) : leading_space_(leading_space) {}

    void command(corpus::event const& one) {
        auto const code = static_cast<command_code>(one.code);
        if (code == command_code::macros) return;
        asked_ = code;
        asked_at_ = one.at;
        if (code == command_code::mail) {
            auto& begun = all_.emplace_back();
            begun.verdict = of_connection_;
            begun.is_final = of_connection_ != "continue";
            is_open_ = true;
        } else if (code == command_code::abort || code == command_code::helo) {
            is_open_ = false;
        }
    }

    void reply(corpus::event const& one) {
        auto const given = reply_in(one);
        if (!given) return;
        if (auto const word = verdict_of(*given); !word.empty()) return judge(word, one.at);
        if (is_open_) note(*given);
    }

    std::vector<recorded_judgement> take() && { return std::move(all_); }

private:
    /// Empty: it is none. A text is one by its class.
    static std::string_view verdict_of(wire::any_reply const& given) noexcept {
        switch (wire::code_of(given)) {
        case reply_code::proceed:
        case reply_code::skip: return "continue";
        case reply_code::accept: return "accept";
        case reply_code::reject: return "reject";
        case reply_code::tempfail:
        case reply_code::shutdown: return "tempfail";
        case reply_code::discard: return "discard";
        case reply_code::connection_failed: return "error";
        case reply_code::reply_text:
            return std::get<wire::reply_text>(given).text.starts_with('4') ? "tempfail" : "reject";
        default: return {};
        }
    }

    /// What it says of a recipient is not about the message, but that it wants no more of it.
    void judge(std::string_view word, std::int64_t at) {
        bool const is_of_client = asked_ == command_code::connect || asked_ == command_code::helo;
        if (is_of_client && word != "continue") of_connection_ = word;
        if (!is_open_) return;
        auto& one = all_.back();
        bool const refuses = word == "reject" || word == "tempfail";
        if (asked_ == command_code::rcpt && refuses) return;
        bool const ends = asked_ == command_code::end_of_message;
        if (ends) one.latency = std::chrono::microseconds(at - asked_at_);
        one.verdict = word;
        one.is_final = ends || word != "continue";
        is_open_ = !one.is_final;
    }

    void note(wire::any_reply const& given) {
        auto& one = all_.back();
        if (auto const* added = std::get_if<wire::add_header>(&given))
            one.headers.push_back(message::to_header_edit(*added, leading_space_));
        else if (auto const* inserted = std::get_if<wire::insert_header>(&given))
            one.headers.push_back(message::to_header_edit(*inserted, leading_space_));
        else if (std::holds_alternative<wire::replace_body>(given))
            one.changed_body = true;
        else if (std::holds_alternative<wire::quarantine>(given))
            one.quarantined = true;
    }

    bool leading_space_;
    std::vector<recorded_judgement> all_;
    std::string_view of_connection_ = "continue";
    command_code asked_{};
    std::int64_t asked_at_ = 0; ///< microseconds
    bool is_open_ = false;      ///< the last of them may still change
};

} // namespace

std::vector<recorded_judgement> judgements_in(corpus::conversation const& talk) {
    judging all(keeps_leading_space(talk));
    for (auto const& one : talk.events) {
        if (is_packet(one, side::mta)) all.command(one);
        if (is_packet(one, side::filter)) all.reply(one);
    }
    return std::move(all).take();
}

bool keeps_leading_space(corpus::conversation const& talk) {
    for (auto const& one : talk.events) {
        if (!is_packet(one, side::filter)) continue;
        auto const given = reply_in(one);
        auto const* const agreed = given ? std::get_if<wire::negotiate_reply>(&*given) : nullptr;
        return agreed && wire::has(agreed->steps, wire::step::leading_space);
    }
    return false;
}

} // namespace milter::manager
