// SPDX-License-Identifier: BSL-1.0
// tests/manager/ruled_fixture.hpp - a manager with rules, between a scripted MTA and scripted milters a, b, c
#pragma once

#include "rule/book.hpp"

#include <boost/test/unit_test.hpp>

#include <support/manager_rig.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ruled_test {

using namespace support;
using code = wire::command_code;
using manager::listing;
using milter::rule::rule_text;
using milter::rule::verdict_kind;

struct ruled : manager_rig {
    explicit ruled(std::size_t filters = 2) : manager_rig(filters) {
        for (std::size_t k = 0; k < filters; ++k)
            text.milters.push_back({config.milters[k].name, {}, true});
        mta.like_postfix();
    }

    milter::rule::book_text text; ///< counts until make()

    void when(std::size_t milter, std::string expression, bool runs_if_unknown = true) {
        text.milters[milter].when = std::move(expression);
        text.milters[milter].runs_if_unknown = runs_if_unknown;
    }
    void condition(std::string name, std::string expression) {
        text.conditions.push_back({std::move(name), {}, std::move(expression)});
    }
    rule_text& rule(std::string name, std::string expression) {
        auto& added = text.rules.emplace_back();
        added.name = std::move(name);
        added.when = std::move(expression);
        return added;
    }
    void refusal(std::string name, std::string expression, std::string reply) {
        auto& added = rule(std::move(name), std::move(expression));
        added.verdict = reply.front() == '4' ? verdict_kind::tempfail : verdict_kind::reject;
        added.reply = std::move(reply);
    }
    void block_list(std::string const& zone) {
        text.block_lists.push_back(zone);
        config.block_lists.emplace_back().zone.name = zone;
    }
    void allow_list(std::string const& zone) {
        text.allow_lists.push_back(zone);
        config.allow_lists.emplace_back().zone.name = zone;
    }
    /// All of the above takes effect.
    void make() {
        auto built = milter::rule::build(text);
        for (auto const& one : built.problems)
            BOOST_REQUIRE_MESSAGE(one.is_warning, one.what.message);
        config.book = built.value;
    }

    std::string connect(std::string_view name, std::string_view address) {
        if (!std::exchange(has_negotiated_, true)) negotiate();
        return send(wire::connect{name, wire::family::inet, 1025, address});
    }
    std::string helo(std::string_view name = "client.test") { return send(wire::helo{name}); }
    std::string mail(std::string_view sender = "<a@client.test>") {
        return send(wire::mail{sender, {}});
    }
    std::string rcpt(std::string_view recipient) {
        mta.macros[code::rcpt] = {{"{rcpt_addr}", std::string(recipient)},
                                  {"{rcpt_mailer}", "local"}};
        return send(wire::rcpt{recipient, {}});
    }
    std::string data() { return send(wire::data{}); }
    /// Headers, body and the end of the message.
    std::string message(header_list const& headers = usual_headers(),
                        std::string_view body = "hello\r\n") {
        content(headers, body);
        return end();
    }

private:
    bool has_negotiated_ = false;
};

} // namespace ruled_test
