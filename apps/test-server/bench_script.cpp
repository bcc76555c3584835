// SPDX-License-Identifier: BSL-1.0
// test-server/bench_script.cpp - the sessions of a plan, encoded for what a milter negotiated
#include "test-server/bench_script.hpp"

#include "test-server/macro.hpp"
#include "test-server/played_mta.hpp"
#include <milter/message/headers.hpp>

#include <algorithm>
#include <string>
#include <string_view>

namespace milter::test_server {

namespace {

using code = wire::command_code;

class message_encoder {
public:
    message_encoder(session_plan const& plan, proto::agreement const& agreed, std::size_t index)
        : plan_(plan), agreed_(agreed), writer_(agreed) {
        state_.queue_id = "4bBENCH" + std::to_string(index + 1);
        state_.message_id = "<" + state_.queue_id + "@mail.example.com>";
    }

    load::message_script encode(message_plan const& mail) {
        for (auto const& one : mail.headers)
            if (message::same_name(one.name, "Message-Id"))
                state_.message_id = message::shown_value(one.value, false);
        envelope(mail);
        add(wire::data{});
        headers(mail);
        add(wire::end_of_headers{});
        body(mail);
        add(wire::end_of_message{});
        return {writer_.take(), bytes_};
    }

private:
    template <class Command> void add(Command const& command) {
        writer_.add(command, macros_for(Command::code, plan_, state_, agreed_));
    }

    void envelope(message_plan const& mail) {
        state_.sender = &mail.sender;
        auto const sender_args = wire::pack_zstr(mail.sender.args);
        add(wire::mail{mail.sender.address, wire::zstr_list(sender_args)});
        for (auto const& one : mail.recipients) {
            state_.recipient = &one;
            auto const args = wire::pack_zstr(one.args);
            add(wire::rcpt{one.address, wire::zstr_list(args)});
            state_.has_recipient = true;
        }
        state_.recipient = nullptr;
    }

    void headers(message_plan const& mail) {
        bool const raw = wire::any(agreed_.steps, wire::step::leading_space);
        for (auto const& one : mail.headers) {
            add(wire::header{one.name, shown_of(plan_.mta, one, raw)});
            bytes_ += one.name.size() + one.value.size() + 3; // the colon, and the line's end
        }
        bytes_ += 2; // the empty line
    }

    void body(message_plan const& mail) {
        auto const limit = std::min(plan_.chunk_bytes, agreed_.data_limit);
        for (std::string_view const chunk : mail.chunks) {
            for (std::size_t at = 0; at < chunk.size(); at += limit)
                add(wire::body{chunk.substr(at, limit)});
            bytes_ += chunk.size();
        }
    }

    session_plan const& plan_;
    proto::agreement const& agreed_;
    load::leg_writer writer_;
    macro_state state_;
    std::size_t bytes_ = 0;
};

load::leg encode_opening(session_plan const& plan, proto::agreement const& agreed) {
    load::leg_writer writer(agreed);
    macro_state const none;
    auto const& client = plan.client;
    bool const tagged = plan.mta.tags_ipv6 && client.family == wire::family::inet6;
    auto const address = (tagged ? "IPv6:" : "") + client.address;
    writer.add(wire::connect{client.host, client.family, client.port, address},
               macros_for(code::connect, plan, none, agreed));
    writer.add(wire::helo{plan.helo}, macros_for(code::helo, plan, none, agreed));
    return writer.take();
}

} // namespace

load::session_script encode_session(session_plan const& plan, proto::agreement const& agreed) {
    load::session_script whole;
    whole.agreed = agreed;
    whole.opening = encode_opening(plan, agreed);
    for (std::size_t i = 0; i < plan.messages.size(); ++i)
        whole.messages.push_back(message_encoder(plan, agreed, i).encode(plan.messages[i]));
    wire::encode(whole.between_open, wire::abort{});
    if (plan.mta.aborts_each_message) whole.between = whole.between_open;
    whole.goodbye = whole.between;
    if (plan.mta.aborts_before_quit) wire::encode(whole.goodbye, wire::abort{});
    wire::encode(whole.goodbye, wire::quit{});
    if (plan.mta.quits_with_the_refused) wire::encode(whole.early_goodbye, wire::quit{});
    return whole;
}

} // namespace milter::test_server
