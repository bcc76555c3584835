// SPDX-License-Identifier: BSL-1.0
// manager/doctor/dns_examination.cpp - whether lists in DNS are used, and can be asked
//
// The large lists refuse who asks through a resolver that many share: they answer so, or not at all, and some answer
// that everybody is listed.
// Source: RFC 5782 section 5 for the test entry; spamhaus.org, "Query refused" FAQ
#include "manager/doctor/examination.hpp"
#include "rule/book.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

namespace milter::manager::doctor {

namespace {

/// Cloudflare, Google, Quad9, OpenDNS, and the like of them.
constexpr std::string_view public_resolvers[] = {
    "1.1.1.1",        "1.0.0.1",         "2606:4700:4700::1111", "2606:4700:4700::1001",
    "8.8.8.8",        "8.8.4.4",         "2001:4860:4860::8888", "2001:4860:4860::8844",
    "9.9.9.9",        "149.112.112.112", "2620:fe::fe",          "2620:fe::9",
    "208.67.222.222", "208.67.220.220",
};

bool is_public(std::string_view address) {
    return std::find(std::begin(public_resolvers), std::end(public_resolvers), address) !=
           std::end(public_resolvers);
}

void note_use(rule::program const& of, std::vector<bool>& block, std::vector<bool>& allow) {
    for (auto const& step : of.steps) {
        bool const asks = step.what == rule::step_kind::fact && step.index < of.arguments.size();
        if (!asks) continue;
        auto const zone = of.arguments[step.index].index;
        if (step.which == rule::fact::dnsbl && zone < block.size()) block[zone] = true;
        if (step.which == rule::fact::dnswl && zone < allow.size()) allow[zone] = true;
    }
}

/// Of all lists, the block lists first.
std::vector<bool> used_lists(config const& in) {
    std::vector<bool> block(in.block_lists.size()), allow(in.allow_lists.size());
    if (in.book) {
        for (auto const& one : in.book->conditions()) note_use(one, block, allow);
        for (auto const& one : in.book->rules()) note_use(one.when, block, allow);
        for (auto const& one : in.book->milters())
            if (one.when) note_use(*one.when, block, allow);
    }
    block.insert(block.end(), allow.begin(), allow.end());
    return block;
}

std::vector<std::string> asked_resolvers(facts const& what) {
    std::vector<std::string> all;
    for (auto const& one : what.settings->dns.servers) all.push_back(one.host);
    return all.empty() ? what.resolvers : all;
}

void examine_resolvers(facts const& what, finding_list& to) {
    std::string found;
    for (auto const& one : asked_resolvers(what))
        if (is_public(one)) (found += found.empty() ? "" : ", ") += one;
    if (found.empty())
        return to.add(weight::right, "lists are not asked through a public resolver");
    to.add(weight::warning, "lists in DNS are asked through a public resolver: " + found,
           "Spamhaus and others refuse questions from there: nobody is ever listed, or nothing is "
           "ever known; run a resolver of your own, such as unbound",
           {"# [dns] in milter-manager.toml:", "servers = [\"127.0.0.1\"]"});
}

/// Of a list that was asked about 127.0.0.2.
void examine_answer(std::string const& name, listing answer, finding_list& to) {
    switch (answer) {
    case listing::listed:
        return to.add(weight::right, name + " answers: its test entry 127.0.0.2 is listed");
    case listing::not_listed:
        return to.add(
            weight::problem, name + " does not have its test entry 127.0.0.2",
            "it is no list any more, or the resolver hides its answers: nobody is ever listed");
    case listing::failed:
        return to.add(weight::problem, name + " does not answer about its test entry 127.0.0.2",
                      "it refuses this resolver, or cannot be reached: conditions that ask it are "
                      "never known");
    }
}

} // namespace

std::vector<finding> examine_dns(facts const& what) {
    finding_list found("dns");
    auto const& settings = *what.settings;
    auto const used = used_lists(settings);
    for (std::size_t i = 0; i < used.size(); ++i) {
        bool const blocks = i < settings.block_lists.size();
        auto const& zone = blocks ? settings.block_lists[i].zone.name
                                  : settings.allow_lists[i - settings.block_lists.size()].zone.name;
        auto const name = (blocks ? "list [dnsbl.\"" : "list [dnswl.\"") + zone + "\"]";
        if (!used[i])
            found.add(weight::warning, name + " is not used by any rule, condition or milter",
                      "it is never asked");
        if (i < what.test_entry.size() && what.test_entry[i])
            examine_answer(name, *what.test_entry[i], found);
    }
    if (std::find(used.begin(), used.end(), true) != used.end()) examine_resolvers(what, found);
    return found.take();
}

} // namespace milter::manager::doctor
