// SPDX-License-Identifier: BSL-1.0
// tests/support/scripted_mta.cpp - how it speaks, listens and judges
#include <milter/proto/smtp_reply.hpp>
#include <milter/wire/describe.hpp>

#include <support/scripted_mta.hpp>

namespace support {

void scripted_mta::like_postfix() {
    using code = wire::command_code;
    macros = {{code::connect,
               {{"j", "mx.test"}, {"{daemon_addr}", "127.0.0.1"}, {"v", "Postfix 3.7.11"}}},
              {code::helo, {}},
              {code::mail, {{"{mail_addr}", "a@client.test"}, {"{auth_authen}", "alice"}}},
              {code::rcpt, {{"{rcpt_addr}", "b@mx.test"}, {"{rcpt_mailer}", "local"}}},
              {code::unknown, {}}};
    for (auto const one :
         {code::data, code::header, code::end_of_headers, code::body, code::end_of_message})
        macros[one] = {{"i", "4711"}};
}

void scripted_mta::like_sendmail() {
    using code = wire::command_code;
    macros = {
        {code::connect, {{"j", "mx.test"}, {"{daemon_name}", "MTA"}, {"{if_name}", "mx.test"}}},
        {code::mail, {{"i", "4711"}, {"{mail_addr}", "a@client.test"}}},
        {code::rcpt, {{"{rcpt_mailer}", "local"}, {"{rcpt_addr}", "b"}}},
        {code::end_of_message, {{"{msg_id}", "<1@client.test>"}}}};
}

void scripted_mta::say(wire::any_command const& command) {
    auto const code = wire::code_of(command);
    bool const is_offer = code == wire::command_code::negotiate;
    bool const is_sent = is_offer || agreed_.sends(code);
    bool const has_macros = is_sent || code == wire::command_code::data;
    if (auto const set = macros.find(code); set != macros.end() && has_macros)
        say_macros(code, set->second);
    if (!is_sent) return;
    wire::encode(out, command);
    if (is_offer || agreed_.answers(code)) due_.push_back(code);
}

void scripted_mta::say_macros(wire::command_code code, macro_pairs const& pairs) {
    auto const raw = pack(pairs);
    wire::encode(out, wire::macros{code, wire::zstr_list(raw)});
}

void scripted_mta::receive(std::string_view bytes) {
    in_ += bytes;
    milter::error_code ec;
    while (auto const frame = wire::first_frame(in_, wire::default_data_limit, ec)) {
        auto const reply = wire::decode_reply(*frame, ec);
        auto const line = wire::describe_reply(*frame);
        lines_.push_back(line);
        if (reply)
            take(*reply, line);
        else
            fault("malformed reply " + line);
        in_.erase(0, frame->raw.size());
    }
    if (ec) fault("reply that cannot be read: " + ec.message());
}

std::string scripted_mta::heard() {
    std::string all;
    for (auto const& line : std::exchange(lines_, {})) all += (all.empty() ? "" : "; ") + line;
    return all;
}

void scripted_mta::take(wire::any_reply const& reply, std::string const& line) {
    if (due_.empty()) return fault(line + " although no reply is due");
    auto const command = due_.front();
    auto const& row = wire::row_of(wire::code_of(reply));
    if (auto const* answer = std::get_if<wire::negotiate_reply>(&reply)) {
        if (command != wire::command_code::negotiate) fault("second " + line);
        auto const agreed = proto::check_answer(offer, *answer, proto::strictness::strict);
        if (!agreed) fault(line + ": " + agreed.error().message());
        if (agreed) agreed_ = *agreed;
        due_.pop_front();
        return;
    }
    if (command == wire::command_code::negotiate)
        fault(line + " instead of an answer to the offer");
    if (row.kind == wire::reply_kind::verdict) return settle(line, command, reply);
    if (command != wire::command_code::end_of_message)
        return fault(line + " in answer to " + std::string(wire::name_of(command)));
    take_end_of_message(reply, line);
}

void scripted_mta::take_end_of_message(wire::any_reply const& reply, std::string const& line) {
    auto const& row = wire::row_of(wire::code_of(reply));
    if (before_ == wire::reply_code::proceed) { // first packet of this message
        edits_.clear();
        new_body_.clear();
    }
    if (!wire::has(agreed_.actions, row.needs)) fault(line + " was not agreed");
    if (before_ == wire::reply_code::quarantine) fault(line + " after quarantine");
    if (auto const* piece = std::get_if<wire::replace_body>(&reply)) {
        if (body_over_) fault("a second run of replacement body");
        new_body_ += piece->bytes;
    } else if (before_ == wire::reply_code::replace_body) {
        body_over_ = true;
    }
    if (row.kind == wire::reply_kind::edit) {
        std::string packet;
        wire::encode(packet, reply);
        edits_.push_back(std::move(packet));
    }
    before_ = row.code;
}

void scripted_mta::settle(std::string const& line, wire::command_code command,
                          wire::any_reply const& reply) {
    using wire::command_code;
    using wire::reply_code;
    auto const code = wire::code_of(reply);
    auto const never = [&](bool wrong) {
        if (wrong) fault(line + " in answer to " + std::string(wire::name_of(command)));
    };
    never(code == reply_code::shutdown || code == reply_code::connection_failed);
    never(code == reply_code::skip && command != command_code::body);
    never(command == command_code::unknown &&
          (code == reply_code::accept || code == reply_code::discard));
    never((command == command_code::connect || command == command_code::helo) &&
          code == reply_code::discard);
    if (auto const* text = std::get_if<wire::reply_text>(&reply))
        never(bool(proto::check_reply_text(text->text)));
    if (command == command_code::end_of_message && before_ == reply_code::proceed) {
        edits_.clear();
        new_body_.clear();
    }
    before_ = reply_code::proceed;
    body_over_ = false;
    due_.pop_front();
}

} // namespace support
