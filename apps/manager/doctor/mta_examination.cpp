// SPDX-License-Identifier: BSL-1.0
// manager/doctor/mta_examination.cpp - whether Postfix asks the manager, and each milter once
#include "manager/doctor/asked_milters.hpp"
#include "manager/doctor/examination.hpp"
#include "manager/doctor/mta_spelling.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace milter::manager::doctor {

namespace {

class examination {
public:
    explicit examination(facts const& what) : facts_(what), postfix_(what.postfix) {}

    void examine(finding_list& to) const {
        examine_way(to);
        examine_services(to);
        examine_twice(to);
        examine_action(to);
        examine_version(to);
        examine_local_mail(to);
    }

private:
    bool leads_to_us(std::string_view list) const {
        auto const all = items_in(list);
        return std::any_of(all.begin(), all.end(),
                           [&](auto one) { return who_is(one, facts_) == standing::manager; });
    }

    /// A service with a list of its own, with us; null: none has.
    milters_of_service const* asking_us(std::vector<milters_of_service> const& own) const {
        auto const found = std::find_if(own.begin(), own.end(),
                                        [&](auto const& one) { return leads_to_us(one.list); });
        return found == own.end() ? nullptr : &*found;
    }

    /// Where it is other machines that ask, the Postfix of this one may well not.
    bool others_may_ask() const {
        return std::any_of(
            facts_.settings->listens.begin(), facts_.settings->listens.end(), [](auto const& one) {
                auto const& host = one.socket.host;
                return one.socket.family != endpoint::kind::unix_path &&
                       !host.starts_with("127.") && host != "localhost" && host != "::1";
            });
    }

    void examine_way(finding_list& to) const {
        if (leads_to_us(postfix_.smtpd_milters))
            return to.add(weight::right,
                          "Postfix asks the manager: smtpd_milters = " + postfix_.smtpd_milters);
        if (auto const* const one = asking_us(postfix_.service_milters))
            return to.add(weight::right,
                          "service " + one->service +
                              " of master.cf asks the manager: smtpd_milters = " + one->list);
        auto const is =
            postfix_.smtpd_milters.empty() ? "is empty" : "is " + postfix_.smtpd_milters;
        to.add(others_may_ask() ? weight::warning : weight::problem,
               "Postfix does not ask the manager: smtpd_milters " + is,
               "mail that comes by SMTP passes without the milters behind the manager", ask_us());
    }

    void examine_services(finding_list& to) const {
        for (auto const& one : postfix_.service_milters)
            if (!leads_to_us(one.list))
                to.add(weight::note,
                       "service " + one.service +
                           " of master.cf has smtpd_milters of its own, without the manager: " +
                           one.list,
                       "mail that comes there passes without the milters behind the manager");
    }

    /// By the first socket that smtpd sees.
    std::vector<std::string> ask_us() const {
        for (auto const& one : facts_.settings->listens)
            if (auto const socket = spelling_for(one.socket, postfix_))
                return lines_to_ask_manager(*socket, facts_);
        return {};
    }

    void examine_twice(finding_list& to) const {
        if (!leads_to_us(postfix_.smtpd_milters)) return;
        for (auto const& one : sockets_in(postfix_.smtpd_milters)) {
            auto const at = outside_of_chroot(one, postfix_);
            for (auto const& milter : facts_.settings->milters)
                if (milter.enabled && has_socket(milter, at))
                    to.add(weight::problem,
                           "milter " + milter.name + " is asked twice: by Postfix on " +
                               to_string(one) + ", and by the manager",
                           "it judges, counts and changes each message twice", ask_us());
        }
    }

    void examine_action(finding_list& to) const {
        if (postfix_.milter_default_action != "accept") return;
        to.add(weight::warning, "milter_default_action of Postfix is accept",
               "when the manager does not run, all mail passes without any milter",
               lines_to_set("milter_default_action", "tempfail", postfix_));
    }

    void examine_version(finding_list& to) const {
        auto const& version = postfix_.milter_protocol;
        if (version.empty() || version.front() >= '6') return;
        to.add(weight::warning, "milter_protocol of Postfix is " + version,
               "it cannot be asked for macros, and milters cannot do all that they may",
               lines_to_set("milter_protocol", "6", postfix_));
    }

    void examine_local_mail(finding_list& to) const {
        if (leads_to_us(postfix_.non_smtpd_milters) || asking_us(postfix_.cleanup_milters))
            to.add(weight::note,
                   "mail of local programs goes through the manager, too (non_smtpd_milters)",
                   "there is no client to refuse: a reject makes a bounce, a recipient that is "
                   "refused keeps the whole message in the queue");
    }

    facts const& facts_;
    postfix_settings const& postfix_;
};

} // namespace

std::vector<finding> examine_mta(facts const& what) {
    finding_list found("mta");
    if (what.postfix.found)
        examination(what).examine(found);
    else
        found.add(weight::note, "Postfix cannot be asked: " + what.postfix.problem,
                  "whether the MTA asks the manager is not looked at");
    return found.take();
}

} // namespace milter::manager::doctor
