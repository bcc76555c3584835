// SPDX-License-Identifier: BSL-1.0
// manager/doctor/asked_milters.cpp
#include "manager/doctor/asked_milters.hpp"

#include "manager/doctor/mta_spelling.hpp"

#include <algorithm>
#include <cstddef>

namespace milter::manager::doctor {

namespace {

bool is_listener(endpoint const& at, facts const& what) {
    auto const& all = what.settings->listens;
    return std::any_of(all.begin(), all.end(),
                       [&](auto const& one) { return leads_to(at, one.socket); });
}

bool is_milter(endpoint const& at, facts const& what) {
    auto const& all = what.settings->milters;
    return std::any_of(all.begin(), all.end(),
                       [&](auto const& one) { return one.enabled && has_socket(one, at); });
}

/// What smtpd_milters is to be.
struct asked_list {
    std::vector<std::string> items;
    bool has_others = false;
};

asked_list list_with(std::string const& manager, facts const& what) {
    asked_list made;
    std::size_t place = 0; // of the manager: where the first stands that it takes the place of
    bool has_place = false, has_manager = false;
    for (auto const item : items_in(what.postfix.smtpd_milters)) {
        auto const who = who_is(item, what);
        if (who == standing::its_part) {
            if (!has_place) place = made.items.size();
            has_place = true;
            continue;
        }
        if (who == standing::manager && has_manager) continue;
        has_manager = has_manager || who == standing::manager;
        made.has_others = made.has_others || who == standing::other;
        made.items.emplace_back(item);
    }
    if (!has_manager)
        made.items.insert(made.items.begin() + static_cast<std::ptrdiff_t>(place), manager);
    return made;
}

} // namespace

bool has_socket(milter_config const& milter, endpoint const& at) {
    return std::any_of(milter.sockets.begin(), milter.sockets.end(),
                       [&](auto const& own) { return leads_to(at, own); });
}

standing who_is(std::string_view item, facts const& what) {
    auto const of_mta = socket_in(item);
    if (!of_mta) return standing::other;
    auto const at = outside_of_chroot(*of_mta, what.postfix);
    if (is_listener(at, what) && is_known_to_postfix(item)) return standing::manager;
    // who wrote an absolute path for a chroot meant the one of this machine
    bool const is_meant = is_listener(at, what) || is_listener(*of_mta, what);
    return is_meant || is_milter(at, what) || is_milter(*of_mta, what) ? standing::its_part
                                                                       : standing::other;
}

std::vector<std::string> lines_to_ask_manager(std::string const& socket, facts const& what) {
    auto const list = list_with(socket, what);
    std::string text;
    for (auto const& one : list.items) (text += text.empty() ? "" : ", ") += one;
    auto lines = lines_to_set("smtpd_milters", text, what.postfix);
    if (list.has_others)
        lines.insert(lines.begin(), "# who stays beside the manager is asked by Postfix alone; as "
                                    "[[milter]]s of the manager: " +
                                        postfix_command("postconf", what.postfix) +
                                        " -n | milter-manager import --from postfix -");
    return lines;
}

} // namespace milter::manager::doctor
