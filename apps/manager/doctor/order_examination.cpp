// SPDX-License-Identifier: BSL-1.0
// manager/doctor/order_examination.cpp - who ought to come before whom
//
// A signature is of the message as it was then: whoever changes it behind the signer breaks it. DMARC judges by what
// SPF and DKIM have found, which their milters leave in headers.
// Source: RFC 6376 section 5; RFC 7489 section 4.2
#include "manager/doctor/examination.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

namespace milter::manager::doctor {

namespace {

constexpr auto changing = wire::action::change_header | wire::action::change_body;
constexpr auto editing = changing | wire::action::add_header;

bool has_part(std::string_view name, std::initializer_list<std::string_view> parts) {
    return std::any_of(parts.begin(), parts.end(),
                       [&](auto part) { return name.find(part) != name.npos; });
}

/// The milters in one order in which they are asked.
class chain {
public:
    chain(facts const& what, std::vector<std::size_t> const& order, std::string profile)
        : facts_(what), profile_(std::move(profile)) {
        for (auto const place : order)
            if (what.settings->milters[place].enabled) places_.push_back(place);
    }

    void examine(finding_list& to) const {
        auto const before = to.size();
        for (std::size_t i = 0; i < places_.size(); ++i) {
            if (signs(i)) examine_signer(i, to);
            if (has_part(name(i), {"dmarc"})) examine_dmarc(i, to);
            examine_judge(i, to);
        }
        if (to.size() == before && places_.size() > 1)
            to.add(weight::right, where() + "nothing is known against the order");
    }

private:
    std::string const& name(std::size_t i) const {
        return facts_.settings->milters[places_[i]].name;
    }

    bool signs(std::size_t i) const { return has_part(name(i), {"dkim", "sign", "openarc"}); }

    /// By what it negotiates; one that does not answer, by its name.
    bool may(std::size_t i, wire::action what) const {
        if (facts_.settings->milters[places_[i]].read_only) return false;
        if (auto const* const agreed = agreed_of(facts_, places_[i]))
            return wire::any(agreed->actions, what);
        return has_part(name(i), {"amavis", "spamass", "mimedefang", "mailmunge", "altermime"});
    }

    bool is_known_to_judge_only(std::size_t i) const {
        auto const* const agreed = agreed_of(facts_, places_[i]);
        return agreed && !wire::any(agreed->actions, editing);
    }

    /// The last one behind it that changes what it signed.
    void examine_signer(std::size_t i, finding_list& to) const {
        for (auto j = places_.size() - 1; j > i; --j) {
            if (signs(j) || !may(j, changing)) continue;
            return to.add(weight::warning,
                          where() + name(i) + " signs before " + name(j) +
                              ", which may change headers or body",
                          "a signature of what is changed afterwards is broken: sign last",
                          moved(i, j));
        }
    }

    void examine_dmarc(std::size_t i, finding_list& to) const {
        for (auto j = places_.size() - 1; j > i; --j) {
            if (!has_part(name(j), {"spf", "dkim"})) continue;
            return to.add(weight::warning, where() + name(i) + " comes before " + name(j),
                          "DMARC judges by the results of SPF and DKIM, which are not there yet",
                          moved(i, j));
        }
    }

    void examine_judge(std::size_t i, finding_list& to) const {
        if (!is_known_to_judge_only(i)) return;
        for (std::size_t j = 0; j < i; ++j) {
            if (!may(j, changing) || !facts_.milters[places_[j]].front().heard) continue;
            return to.add(
                weight::note,
                where() + name(i) + " only judges, and stands behind " + name(j) +
                    ", which may change the message",
                "it waits for the changes; in front it would see the message at once, as it came");
        }
    }

    /// As the file is to have it, with one milter right behind another.
    std::vector<std::string> moved(std::size_t from, std::size_t behind) const {
        if (profile_.empty())
            return {"# in milter-manager.toml, move the [[milter]] " + name(from) +
                    " behind the [[milter]] " + name(behind)};
        std::string list;
        auto const add = [&](std::size_t i) {
            (list += list.empty() ? "" : ", ") += '"' + name(i) + '"';
        };
        for (std::size_t i = 0; i < places_.size(); ++i) {
            if (i != from) add(i);
            if (i == behind) add(from);
        }
        return {"# [profile." + profile_ + "] in milter-manager.toml:", "milters = [" + list + ']'};
    }

    std::string where() const {
        return profile_.empty() ? std::string() : "profile " + profile_ + ": ";
    }

    facts const& facts_;
    std::string profile_;
    std::vector<std::size_t> places_;
};

} // namespace

std::vector<finding> examine_order(facts const& what) {
    finding_list found("order");
    auto const& settings = *what.settings;
    auto const has_no_profile = [](auto const& one) { return one.profile.empty(); };
    if (std::any_of(settings.listens.begin(), settings.listens.end(), has_no_profile))
        chain(what, settings.order, {}).examine(found);
    for (auto const& one : settings.profiles) chain(what, one.order, one.name).examine(found);
    return found.take();
}

} // namespace milter::manager::doctor
