// SPDX-License-Identifier: BSL-1.0
// test-server/client_reply.cpp - what the SMTP client hears because of a milter's answer
#include "test-server/client_reply.hpp"

#include <milter/proto/smtp_reply.hpp>

#include <algorithm>

namespace milter::test_server {

namespace {

using code = wire::command_code;

bool is_early(code stage) noexcept { return stage == code::connect || stage == code::helo; }

std::string const& rejection(reply_habits const& habits, code stage, bool of_text) {
    if (is_early(stage)) return habits.reject_early;
    bool const late = stage == code::body || stage == code::end_of_message;
    bool const content = of_text ? late : wire::is_content(stage);
    return content ? habits.reject_content : habits.reject;
}

/// Two percent signs are one; a lone one is dropped.
std::string without_percent(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%')
            out += text[i];
        else if (text.substr(i, 2) == "%%")
            out += text[i++];
    }
    return out;
}

bool has_code(std::string_view reply) noexcept {
    auto const of = proto::reply_class(reply);
    return of == 4 || of == 5;
}

/// `550 5.7.1 <a@b>... text`.
std::string with_address(std::string reply, std::string_view address) {
    auto const behind_code = reply.find(' ');
    if (behind_code == reply.npos || reply.find('\n') != reply.npos) return reply;
    auto at = behind_code + 1;
    bool const extended = reply.size() > at + 1 && reply[at] == reply[0] && reply[at + 1] == '.';
    if (extended) at = std::min(reply.find(' ', at), reply.size() - 1) + 1;
    return reply.insert(at, std::string(address) + "... ");
}

std::string own_text(mta_profile const& mta, answer const& given) {
    auto const& habits = mta.replies;
    bool const replaced = habits.replaces_lone_percent &&
                          (proto::has_lone_percent(given.reply) || !has_code(given.reply));
    if (replaced) return rejection(habits, given.stage, true);
    return without_percent(given.reply);
}

} // namespace

bool is_malformed(mta_profile const& mta, std::string_view reply) noexcept {
    if (!mta.replies.drops_the_malformed) return false;
    if (!has_code(reply) || reply.size() < 4) return true;
    if (reply[3] != ' ' && reply[3] != '-') return true;
    auto const text = reply.substr(4);
    bool const has_digit = !text.empty() && text[0] >= '0' && text[0] <= '9';
    return has_digit && text[0] != reply[0]; // an enhanced code is of the same class
}

std::string client_reply(mta_profile const& mta, answer const& given, std::string_view address) {
    auto const& habits = mta.replies;
    if (given.what == status::shutdown || given.what == status::connection_failure)
        return habits.shutdown;
    if (!refuses(given.what)) return {};
    if (given.reply.empty() && given.what == status::temporary_failure) return habits.tempfail;
    auto reply = given.reply.empty() ? rejection(habits, given.stage, false) : own_text(mta, given);
    bool const of_envelope = given.stage == code::mail || given.stage == code::rcpt;
    bool const named = habits.names_the_address && of_envelope && !reply.starts_with("421");
    return named ? with_address(std::move(reply), address) : reply;
}

} // namespace milter::test_server
