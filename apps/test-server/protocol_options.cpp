// SPDX-License-Identifier: BSL-1.0
// test-server/protocol_options.cpp - the options that say which MTA is played, and what it offers
#include "test-server/protocol_options.hpp"

#include "cli/flag_names.hpp"
#include "cli/option_text.hpp"
#include "test-server/profile_toml.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <stdexcept>

namespace milter::test_server {

namespace {

std::string known_profiles() {
    std::string all;
    for (auto const& one : mta_profiles()) all += (all.empty() ? "" : ", ") + one.name;
    return all;
}

/// A name of --offer and --no-offer. @throws std::invalid_argument
wire::step parse_offered_step(std::string const& name, char const* option) {
    try {
        return cli::parse_steps(name);
    } catch (std::invalid_argument const& why) {
        auto text = std::string(option) + ": " + why.what() + "; nor is it an action: ";
        for (auto const& row : wire::action_rows)
            text.append(&row == wire::action_rows ? "" : ", ").append(row.name);
        throw std::invalid_argument(text);
    }
}

/// Steps and actions in one list.
void change_offer(wire::negotiate& offer, std::string const& list, char const* option, bool added) {
    for (std::size_t begin = 0; begin < list.size();) {
        auto const end = std::min(list.find_first_of(", |", begin), list.size());
        auto const name = list.substr(begin, end - begin);
        begin = end + 1;
        if (name.empty()) continue;
        auto actions = wire::action::none;
        auto steps = wire::step::none;
        for (auto const& row : wire::action_rows)
            if (row.name == cli::normal_name(name)) actions = row.bit;
        if (actions == wire::action::none) steps = parse_offered_step(name, option);
        offer.actions = added ? offer.actions | actions : offer.actions & ~actions;
        offer.steps = added ? offer.steps | steps : offer.steps & ~steps;
    }
}

/// --mta is the MTA as it is usually set up, --as the MTA as it comes.
mta_profile profile_of(protocol_texts const& given) {
    if (!given.as.empty()) return load_profile(given.as);
    auto one =
        with_usual_macros(find_profile(given.mta == "sendmail" ? "sendmail-8.17" : "postfix-3.7"));
    one.how = proto::strictness::lenient;
    return one;
}

} // namespace

void add_protocol(CLI::App& app, protocol_texts& given) {
    auto* const mta = cli::show_as(
        app.add_option(
            "--mta", given.mta,
            "Whose habits: postfix (default) or sendmail, with macros that are usually added"),
        "MTA");
    mta->check(CLI::IsMember({"postfix", "sendmail"}))->group("Protocol");
    cli::show_as(
        app.add_option("--as", given.as, "Exactly this MTA: " + known_profiles() + ", FILE.toml"),
        "MTA")
        ->excludes(mta)
        ->group("Protocol");
    cli::show_as(app.add_option("--header-rules", given.header_rules,
                                "Whose placement of headers (default: that of the MTA)"),
                 "MTA")
        ->check(CLI::IsMember({"postfix", "sendmail"}))
        ->group("Protocol");
    cli::show_as(app.add_option("--negotiate-version", given.version,
                                "Offers this protocol version, 2 to 6"),
                 "N")
        ->check(CLI::Range(2, 6))
        ->group("Protocol");
    app.add_option("--no-offer", given.no_offer,
                   "Does not offer these steps and actions: skip,leading_space,nr_body,...")
        ->type_name("LIST")
        ->group("Protocol");
    app.add_option("--offer", given.offer,
                   "Offers these besides: data_size_256k, data_size_1m, numbers")
        ->type_name("LIST")
        ->group("Protocol");
    app.add_flag("--strict", given.strict,
                 "Takes no answer beyond the offer, as Sendmail, and SKIP only where it may stand")
        ->group("Protocol");
}

void settle_protocol(session_plan& plan, protocol_texts const& given) {
    plan.mta = profile_of(given);
    plan.rules = plan.mta.rules;
    if (!given.header_rules.empty())
        plan.rules = given.header_rules == "sendmail" ? message::header_rules::sendmail
                                                      : message::header_rules::postfix;
    auto& offer = plan.protocol.offer;
    offer = plan.mta.offer;
    if (given.version) {
        offer.version = *given.version;
        offer.steps = proto::steps_of(*given.version);
    }
    change_offer(offer, given.no_offer, "--no-offer", false);
    change_offer(offer, given.offer, "--offer", true);
    plan.protocol.how = given.strict ? proto::strictness::strict : plan.mta.how;
}

} // namespace milter::test_server
