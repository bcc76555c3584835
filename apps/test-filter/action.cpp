// SPDX-License-Identifier: BSL-1.0
// test-filter/action.cpp - one thing that the filter does about a command: reads its text
#include "test-filter/action.hpp"

#include "cli/duration.hpp"
#include "cli/flag_names.hpp"
#include "test-filter/escape.hpp"
#include <milter/proto/smtp_reply.hpp>

#include <charconv>
#include <utility>

namespace milter::test_filter {

namespace {

/// The first word, cut off the front of `rest` with the blanks behind it.
std::string_view take_word(std::string_view& rest) {
    auto const end = rest.find(' ');
    auto const word = rest.substr(0, end);
    rest.remove_prefix(end == rest.npos ? rest.size() : end);
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    return word;
}

std::uint32_t take_number(std::string_view& rest, char const* what) {
    auto const word = take_word(rest);
    std::uint32_t value = 0;
    auto const* const last = word.data() + word.size();
    auto const [end, ec] = std::from_chars(word.data(), last, value);
    if (ec != std::errc{} || end != last)
        throw script_error("expected " + std::string(what) + ", a number, instead of \"" +
                           std::string(word) + "\"");
    return value;
}

proto::duration take_duration(std::string_view& rest) {
    auto const word = take_word(rest);
    auto const time = cli::parse_duration(word);
    if (!time)
        throw script_error("expected a duration such as 500ms or 2s instead of \"" +
                           std::string(word) + "\"");
    return *time;
}

void nothing_left(std::string_view rest) {
    if (!rest.empty())
        throw script_error("nothing is expected behind it, there is \"" + std::string(rest) + "\"");
}

template <class Reply> send_reply to_frame(Reply const& reply) {
    send_reply one;
    wire::encode(one.frame, reply);
    return one;
}

// ---- replies

template <class Reply> action bare(std::string_view rest) {
    nothing_left(rest);
    return to_frame(Reply{});
}

action reply_text(std::string_view rest, bool forced) {
    auto text = unescape(rest);
    if (forced) return to_frame(wire::reply_text{text});
    if (proto::check_reply_text(text)) // several lines may be given short: 550 5.7.1 a\n5.7.1 b
        if (auto const whole = proto::repair_reply_text(text);
            whole && text.find('\n') != text.npos)
            text = *whole;
    if (proto::check_reply_text(text))
        throw script_error("a reply is a 4xx or 5xx code and a text, with an enhanced code of the "
                           "same class if any: "
                           "reply 550 5.7.1 text");
    text = proto::double_percent(text);
    return to_frame(wire::reply_text{text});
}

struct field_text {
    std::string name, value; ///< value: everything behind the colon
};

field_text field(std::string_view rest) {
    auto const text = unescape(rest);
    auto const colon = text.find(':');
    if (colon == 0 || colon == text.npos) throw script_error("expected a header, NAME: VALUE");
    return {text.substr(0, colon), text.substr(colon + 1)};
}

action add_header(std::string_view rest) {
    auto const [name, value] = field(rest);
    return to_frame(wire::add_header{name, value});
}

action insert_header(std::string_view rest) {
    auto const index = take_number(rest, "the position");
    auto const [name, value] = field(rest);
    return to_frame(wire::insert_header{index, name, value});
}

action change_header(std::string_view rest) {
    auto const index = take_number(rest, "which of that name");
    auto const [name, value] = field(rest);
    return to_frame(wire::change_header{index, name, value});
}

action delete_header(std::string_view rest) {
    bool const numbered = !rest.empty() && rest.front() >= '0' && rest.front() <= '9';
    auto const index = numbered ? take_number(rest, "which of that name") : 1;
    if (rest.empty()) throw script_error("expected the name of a header");
    return to_frame(wire::change_header{index, rest, {}});
}

template <class Bare, class WithArgs> action recipient(std::string_view rest) {
    auto const address = take_word(rest);
    if (address.empty()) throw script_error("expected an address");
    if constexpr (std::is_same_v<Bare, WithArgs>) {
        auto const args = rest.empty() ? std::nullopt : std::optional<std::string_view>(rest);
        return to_frame(WithArgs{address, args});
    } else {
        if (rest.empty()) return to_frame(Bare{address});
        return to_frame(WithArgs{address, rest});
    }
}

action delete_rcpt(std::string_view rest) {
    auto const address = take_word(rest);
    if (address.empty()) throw script_error("expected an address");
    nothing_left(rest);
    return to_frame(wire::delete_rcpt{address});
}

// ---- time, faults

action progress(std::string_view rest) {
    send_progress one;
    if (!rest.empty()) one.count = take_number(rest, "how many");
    if (!rest.empty()) one.interval = take_duration(rest);
    nothing_left(rest);
    return one;
}

action half_frame(std::string_view rest) {
    nothing_left(rest);
    std::string whole;
    wire::encode(whole, wire::reply_text{"550 5.7.1 half"});
    return send_bytes{whole.substr(0, whole.size() / 2), true};
}

action oversize(std::string_view rest) {
    nothing_left(rest);
    return send_bytes{std::string("\x7f\xff\xff\xff"
                                  "c",
                                  5),
                      true};
}

action garbage(std::string_view rest) {
    if (rest.empty()) return send_bytes{"HTTP/1.1 400 Bad Request\r\n\r\n", true};
    return send_bytes{parse_bytes(rest), true};
}

action unknown_reply(std::string_view rest) {
    nothing_left(rest);
    return send_bytes{std::string("\0\0\0\1Z", 5), true};
}

action extra(std::string_view rest) {
    nothing_left(rest);
    return send_bytes{std::string("\0\0\0\1c", 5), false};
}

action answer(std::string_view rest) {
    send_answer one;
    one.answer.version = take_number(rest, "the version");
    one.answer.actions = cli::parse_actions(take_word(rest));
    one.answer.steps = cli::parse_steps(take_word(rest));
    nothing_left(rest);
    return one;
}

template <auto Way> action end(std::string_view rest) {
    nothing_left(rest);
    return end_connection{Way};
}

struct word_row {
    std::string_view word;
    action (*read)(std::string_view rest);
};

constexpr word_row words[] = {
    {"continue", bare<wire::proceed>},
    {"accept", bare<wire::accept>},
    {"reject", bare<wire::reject>},
    {"tempfail", bare<wire::tempfail>},
    {"discard", bare<wire::discard>},
    {"skip", bare<wire::skip>},
    {"shutdown", bare<wire::shutdown>},
    {"connection_failed", bare<wire::connection_failed>},
    {"reply", [](std::string_view rest) { return reply_text(rest, false); }},
    {"add_header", add_header},
    {"insert_header", insert_header},
    {"change_header", change_header},
    {"delete_header", delete_header},
    {"replace_body",
     [](std::string_view rest) -> action { return to_frame(wire::replace_body{unescape(rest)}); }},
    {"add_rcpt", recipient<wire::add_rcpt, wire::add_rcpt_with_args>},
    {"delete_rcpt", delete_rcpt},
    {"change_from", recipient<wire::change_from, wire::change_from>},
    {"quarantine",
     [](std::string_view rest) -> action { return to_frame(wire::quarantine{unescape(rest)}); }},
    {"progress", progress},
    {"delay",
     [](std::string_view rest) -> action {
         auto const time = take_duration(rest);
         nothing_left(rest);
         return wait_for{time};
     }},
    {"silence",
     [](std::string_view rest) -> action {
         nothing_left(rest);
         return fall_silent{};
     }},
    {"close", end<end_connection::how::close>},
    {"reset", end<end_connection::how::reset>},
    {"garbage", garbage},
    {"half", half_frame},
    {"oversize", oversize},
    {"unknown_reply", unknown_reply},
    {"extra", extra},
    {"bytes",
     [](std::string_view rest) -> action {
         return send_bytes{parse_bytes(rest), false};
     }},
    {"packet", [](std::string_view rest) -> action { return send_packet{parse_bytes(rest)}; }},
    {"answer", answer},
};

std::string all_words() {
    std::string text;
    for (auto const& row : words) text.append(row.word).append(", ");
    return text + "force";
}

action read_action(std::string_view word, std::string_view rest, bool forced) {
    auto name = cli::normal_name(word);
    if (name == "temporary_failure") name = "tempfail"; // as milter-test-server calls it
    if (forced && name == "reply") return reply_text(rest, true);
    for (auto const& row : words)
        if (row.word == name) return row.read(rest);
    throw script_error("unknown action \"" + std::string(word) + "\"; there are " + all_words());
}

action force(action one) {
    if (auto* const reply = std::get_if<send_reply>(&one))
        reply->forced = true;
    else if (auto* const keepalive = std::get_if<send_progress>(&one))
        keepalive->forced = true;
    else
        throw script_error("only replies can be forced");
    return one;
}

} // namespace

action parse_action(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    auto rest = text;
    auto word = take_word(rest);
    bool const forced = word == "force";
    if (forced) word = take_word(rest);
    if (word.empty()) throw script_error("expected an action; there are " + all_words());
    try {
        auto one = read_action(word, rest, forced);
        return forced ? force(std::move(one)) : one;
    } catch (std::invalid_argument const& why) {
        throw script_error(std::string(word) + ": " + why.what());
    } catch (script_error const& why) {
        std::string_view const said = why.what();
        if (said.substr(0, 8) == "unknown ") throw;
        throw script_error(std::string(word) + ": " + why.what());
    }
}

bool is_final(action const& one) noexcept {
    if (auto const* const reply = std::get_if<send_reply>(&one))
        return wire::row_of(reply->code()).kind == wire::reply_kind::verdict;
    if (auto const* const bytes = std::get_if<send_bytes>(&one)) return bytes->instead;
    return std::holds_alternative<fall_silent>(one) ||
           std::holds_alternative<end_connection>(one) ||
           std::holds_alternative<send_answer>(one) || std::holds_alternative<send_packet>(one);
}

wire::action needed_by(action const& one) noexcept {
    auto const* const reply = std::get_if<send_reply>(&one);
    return reply ? wire::row_of(reply->code()).needs : wire::action::none;
}

void check_stage(action const& one, std::optional<wire::command_code> stage) {
    using code = wire::command_code;
    if (std::holds_alternative<send_answer>(one) && stage != code::negotiate)
        throw script_error("an answer to the offer is given at negotiate only");
    auto const* const keepalive = std::get_if<send_progress>(&one);
    auto const* const reply = std::get_if<send_reply>(&one);
    if (!reply && !keepalive) return;
    if (reply ? reply->forced : keepalive->forced) return;
    auto const& row = wire::row_of(reply ? reply->code() : wire::reply_code::progress);
    auto const refuse = [&](std::string const& why) {
        throw script_error(std::string(row.name) + " " + why +
                           "; to send it all the same: force ...");
    };
    auto const here = stage ? "at " + std::string(wire::name_of(*stage)) : "at other stages";
    if (row.kind != wire::reply_kind::verdict && stage != code::end_of_message)
        refuse("is sent at end_of_message only, the protocol forbids it " + here);
    if (stage == code::negotiate) refuse("is no answer to the offer");
    if (row.code == wire::reply_code::skip && stage != code::body)
        refuse("is an answer to body only, the protocol forbids it " + here);
    if (stage && !wire::row_of(*stage).answered) refuse("cannot be sent: nothing is due " + here);
    if (stage == code::unknown &&
        (row.code == wire::reply_code::accept || row.code == wire::reply_code::discard))
        refuse("is not sent " + here + ", it would stop Postfix");
}

std::string_view describe_actions() noexcept {
    return R"(Verdicts: continue, accept, reject, tempfail, discard, skip, shutdown, connection_failed,
  reply CODE TEXT                several lines: reply 550 5.7.1 one\n5.7.1 two
Edits (at end_of_message):
  add_header NAME: VALUE         insert_header POSITION NAME: VALUE
  change_header N NAME: VALUE    delete_header [N] NAME
  replace_body TEXT              quarantine REASON
  add_rcpt ADDRESS [ARGUMENTS]   delete_rcpt ADDRESS
  change_from ADDRESS [ARGUMENTS]
Time:
  delay TIME                     waits: 500ms, 2s
  progress [COUNT [INTERVAL]]    keepalives before the verdict
Faults:
  close, reset                   ends the connection; reset sends RST on TCP
  silence                        says nothing more
  half                           half of a packet, then nothing
  oversize                       a packet that announces 2 GiB
  garbage [BYTES]                bytes that are no packet, then nothing
  unknown_reply                  a reply with a code that does not exist
  extra                          one CONTINUE more than is due
  bytes BYTES                    these as they are: 00000001 'c'
  packet BYTES                   these in place of the verdict: 00000002 'c' 00
  answer VERSION ACTIONS STEPS   at negotiate: this, whatever was offered
  force REPLY                    sent even where the protocol forbids it)";
}

} // namespace milter::test_filter
