// SPDX-License-Identifier: BSL-1.0
// test-filter/style.cpp - milters as they are known
#include "test-filter/style.hpp"

#include <algorithm>

namespace milter::test_filter {

namespace {

constexpr auto actions(std::uint32_t bits) { return static_cast<wire::action>(bits); }
constexpr auto steps(std::uint32_t bits) { return static_cast<wire::step>(bits); }

/// CONTINUE, as a rule of what is done at `stage`.
rule continue_at(wire::command_code stage) {
    rule one;
    one.stage = stage;
    one.actions.push_back(parse_action("bytes 00000001 'c'"));
    return one;
}

} // namespace

std::vector<filter_style> const& filter_styles() {
    static std::vector<filter_style> const all = {
        {"libmilter", "libmilter with all callbacks and no negotiation of its own", 6,
         actions(0x1ff), steps(0)},
        {"opendkim", "OpenDKIM", 6, actions(0x111), steps(0x100702)},
        {"opendmarc", "OpenDMARC", 6, actions(0x21), steps(0x710)},
        {"rspamd", "the proxy of rspamd: answers the offer and the end of the message alone", 6,
         actions(0x1ff), steps(0xff080), true},
        {"pymilter", "pymilter", 6, actions(0x1ff), steps(0x48783)},
        {"spamass-milter", "spamass-milter", 6, actions(0x13), steps(0x300)},
        {"clamav-milter", "clamav-milter", 6, actions(0x31), steps(0x342)},
        {"sendmail-pmilter", "Sendmail::PMilter: version 2; answers ABORT and QUIT, too", 2,
         actions(0x1f), steps(0), false, true},
    };
    return all;
}

void apply_style(script& to, std::string_view name) {
    auto const& all = filter_styles();
    auto const found =
        std::find_if(all.begin(), all.end(), [&](auto const& one) { return one.name == name; });
    if (found == all.end()) {
        std::string known;
        for (auto const& one : all) known.append(known.empty() ? "" : ", ").append(one.name);
        throw script_error("--as: there is no \"" + std::string(name) + "\", only " + known);
    }
    auto& wanted = to.negotiation;
    if (!wanted.version) wanted.version = found->version;
    if (!wanted.actions) wanted.actions = found->actions;
    if (wanted.steps == wire::step::none) wanted.steps = found->steps;
    if (found->ignores_offer) {
        wire::negotiate_reply answer;
        answer.version = *wanted.version;
        answer.actions = *wanted.actions;
        answer.steps = wanted.steps;
        rule at_offer;
        at_offer.stage = wire::command_code::negotiate;
        at_offer.actions.emplace_back(send_answer{answer});
        to.rules.push_back(std::move(at_offer));
    }
    if (found->answers_abort_quit) {
        to.rules.push_back(continue_at(wire::command_code::abort));
        to.rules.push_back(continue_at(wire::command_code::quit));
    }
}

} // namespace milter::test_filter
