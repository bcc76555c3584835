// SPDX-License-Identifier: BSL-1.0
// manager/import/finding.cpp - loops, sockets of two milters, signers in front of those that change the message
#include "manager/import/finding.hpp"

#include "manager/config/config_socket.hpp"
#include "manager/config/printable.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace milter::manager {

namespace {

bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

bool is_signer(std::string_view name) { return has(name, "dkim"); }

/// Those that add results or refuse, and leave alone what is signed.
bool only_judges(std::string_view name) {
    constexpr std::string_view judges[] = {"dkim", "dmarc", "spf",  "arc",
                                           "grey", "sid",   "enma", "regex"};
    return std::any_of(std::begin(judges), std::end(judges),
                       [&](std::string_view part) { return has(name, part); });
}

bool is_manager(endpoint const& socket, setup const& in) {
    auto const listens = [&](imported_listen const& one) { return reaches(socket, one.socket); };
    return std::any_of(in.listens.begin(), in.listens.end(), listens) ||
           (in.control && same_peer(socket, in.control->socket));
}

void find_loops(setup& in) {
    for (auto& one : in.milters) {
        if (!one.socket || !is_manager(*one.socket, in)) continue;
        one.remarks.lost(one.line,
                         "milter " + in_quotes(one.known_as) +
                             " has a socket of the manager: " + to_string(*one.socket),
                         "it would ask itself, so the milter is left out");
        one.socket.reset();
    }
}

/// The MTA needs its socket more.
void find_control(setup& in) {
    if (!in.control) return;
    auto const taken = [&](imported_listen const& one) {
        return same_place(one.socket, in.control->socket);
    };
    if (std::none_of(in.listens.begin(), in.listens.end(), taken)) return;
    in.remarks["control"].lost(0, "the control socket is the one that the MTA connects to",
                               "[control] is left out: give it a socket of its own");
    in.control.reset();
}

void find_twins(setup& in) {
    auto& all = in.milters;
    for (std::size_t i = 0; i < all.size(); ++i)
        for (std::size_t j = 0; j < i; ++j) {
            if (!all[i].socket || !all[j].socket || !same_peer(*all[i].socket, *all[j].socket))
                continue;
            all[i].remarks.note(all[i].line,
                                "milter " + in_quotes(all[j].name) + " has the same socket",
                                "it is asked twice: take one of them out");
            break;
        }
}

void find_early_signers(setup& in) {
    auto& all = in.milters;
    auto const changes = [](imported_milter const& one) {
        return one.enabled && !one.evaluated && one.socket && !only_judges(one.name);
    };
    for (auto one = all.begin(); one != all.end(); ++one) {
        if (!is_signer(one->name) || !one->enabled) continue;
        auto const later = std::find_if(one + 1, all.end(), changes);
        if (later != all.end())
            one->remarks.note(one->line,
                              in_quotes(one->name) + " is asked before " + in_quotes(later->name),
                              "if it signs, what is changed behind it breaks the signature: a "
                              "signer belongs to the end");
    }
}

/// What is written as a comment cannot be named.
void leave_out_of_profiles(setup& in) {
    for (auto& profile : in.profiles)
        std::erase_if(profile.milters, [&](std::string const& name) {
            return std::any_of(in.milters.begin(), in.milters.end(),
                               [&](auto const& one) { return one.name == name && !one.socket; });
        });
}

} // namespace

void find_conflicts(setup& in) {
    find_control(in);
    find_loops(in);
    find_twins(in);
    find_early_signers(in);
    leave_out_of_profiles(in);
}

} // namespace milter::manager
