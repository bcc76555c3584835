// SPDX-License-Identifier: BSL-1.0
// manager/doctor/macro_examination.cpp - whether the MTA sends the macros that rules and milters need
//
// What rules need and what a milter asks for when it negotiates, the manager asks the MTA for when a connection begins
// (SETSYMLIST), whatever the MTA is set to; an MTA that speaks an older version than 6 cannot be asked. What a milter
// needs and does not ask for, the administrator has to name. Postfix sends the values of milter_macro_defaults as any
// other: for what is asked for or listed, where it knows none of its own.
// Source: docs/protocol.md 2.5, 5.2; MILTER_README, postconf(5) and smtpd_milter.c of Postfix; README of spamass-milter
#include "manager/doctor/examination.hpp"
#include "manager/doctor/mta_spelling.hpp"
#include "manager/mta_settings.hpp"
#include "rule/fact_macro.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

namespace milter::manager::doctor {

namespace {

using names = std::vector<std::string>;
using names_by_stage = std::array<names, wire::macro_stage_count>;

struct stage_row {
    wire::macro_stage stage;
    std::string_view postfix, sendmail, by_default; ///< of Sendmail
};

// In the order of a session: what was sent once is known from there on.
constexpr stage_row stages[] = {
    {wire::macro_stage::connect, "milter_connect_macros", "confMILTER_MACROS_CONNECT",
     "j _ {daemon_name} {if_name} {if_addr}"},
    {wire::macro_stage::helo, "milter_helo_macros", "confMILTER_MACROS_HELO",
     "{tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer}"},
    {wire::macro_stage::mail, "milter_mail_macros", "confMILTER_MACROS_ENVFROM",
     "i {auth_type} {auth_authen} {auth_ssf} {auth_author} {mail_mailer} {mail_host} {mail_addr}"},
    {wire::macro_stage::rcpt, "milter_rcpt_macros", "confMILTER_MACROS_ENVRCPT",
     "{rcpt_mailer} {rcpt_host} {rcpt_addr}"},
    {wire::macro_stage::data, "milter_data_macros", "confMILTER_MACROS_DATA", ""},
    {wire::macro_stage::end_of_headers, "milter_end_of_header_macros", "confMILTER_MACROS_EOH", ""},
    {wire::macro_stage::end_of_message, "milter_end_of_data_macros", "confMILTER_MACROS_EOM",
     "{msg_id}"},
};
static_assert(std::size(stages) == wire::macro_stage_count);

constexpr std::string_view of_postfix =
    "i j _ {auth_authen} {auth_author} {auth_type} {cert_issuer} {cert_subject} {cipher_bits} "
    "{cipher} {client_addr} {client_connections} {client_name} {client_port} {client_ptr} "
    "{client_resolve} {daemon_addr} {daemon_name} {daemon_port} {mail_addr} {mail_host} "
    "{mail_mailer} {rcpt_addr} {rcpt_host} {rcpt_mailer} {tls_version} v";

// Of those that facts come from: a default for them is never used.
constexpr std::string_view always_known = "{client_ptr} {client_resolve} v";

/// What milters need without asking for it.
struct known_need {
    std::string_view part; ///< of the milter's name
    wire::macro_stage stage;
    std::string_view macros;
};

constexpr known_need known_needs[] = {
    {"spamass", wire::macro_stage::connect, "b {if_name} {if_addr}"},
    {"spamass", wire::macro_stage::helo, "s"},
    {"spamass", wire::macro_stage::mail, "{auth_type} {auth_ssf}"},
    {"spamass", wire::macro_stage::rcpt, "r v Z"},
};

bool has(std::string_view list, std::string_view wanted) {
    bool found = false;
    proto::for_each_name(list, [&](auto name) { found = found || name == wanted; });
    return found;
}

void add_once(names& to, std::string_view name) {
    if (std::find(to.begin(), to.end(), name) == to.end()) to.emplace_back(name);
}

std::string joined(names const& all, std::string_view between = " ") {
    std::string text;
    for (auto const& one : all) text.append(text.empty() ? "" : between).append(one);
    return text;
}

class examination {
public:
    explicit examination(facts const& what) : facts_(what) {
        auto const& settings = *what.settings;
        for (std::size_t i = 0; i < settings.milters.size(); ++i)
            if (settings.milters[i].enabled) note_milter(i);
    }

    void examine(finding_list& to) const {
        if (facts_.postfix.found) {
            examine_rules(to);
            examine_postfix(to);
        } else {
            examine_sendmail(to);
        }
    }

private:
    void note_milter(std::size_t place) {
        if (auto const* const agreed = agreed_of(facts_, place))
            for (std::size_t stage = 0; stage < agreed->lists.size(); ++stage)
                if (agreed->lists[stage])
                    proto::for_each_name(*agreed->lists[stage],
                                         [&](auto name) { add_once(asked_for_[stage], name); });
        for (auto const& need : known_needs)
            if (facts_.settings->milters[place].name.find(need.part) != std::string::npos)
                proto::for_each_name(need.macros, [&](auto name) {
                    add_once(needed_[static_cast<std::size_t>(need.stage)], name);
                });
    }

    /// Up to the stage, by its row.
    template <class List> bool is_sent(std::size_t row, std::string_view name, List list) const {
        for (std::size_t i = 0; i <= row; ++i)
            if (has(list(i), name)) return true;
        return false;
    }

    template <class List>
    names missing(names_by_stage const& wanted, std::size_t row, List list) const {
        names found;
        for (auto const& name : wanted[static_cast<std::size_t>(stages[row].stage)])
            if (!is_sent(row, name, list)) found.push_back(name);
        return found;
    }

    // ---- Postfix

    macro_default const* default_of(std::string_view macro) const {
        auto const& all = facts_.postfix.macro_defaults;
        auto const found = std::find_if(all.begin(), all.end(),
                                        [&](auto const& one) { return one.name == macro; });
        return found == all.end() ? nullptr : &*found;
    }

    bool can_be_sent(std::string_view macro) const {
        return has(of_postfix, macro) || default_of(macro);
    }

    /// The default stands for what is not known of a client, and the fact cannot tell.
    bool is_believed(std::string_view macro) const {
        auto const* const by_default = default_of(macro);
        return by_default && !by_default->value.empty() && !has(always_known, macro) &&
               is_sent(std::size(stages) - 1, macro,
                       [this](std::size_t row) { return sent_list(row); });
    }

    /// A milter may ask for what only other MTAs have; a rule is written for this one.
    void examine_rules(finding_list& to) const {
        if (!facts_.settings->book) return;
        auto const& needs = facts_.settings->book->needs();
        for (auto const& one : rule::fact_macros)
            if (needs.has(one.told) && one.without == rule::other_source::none &&
                !has(of_postfix, one.name) && !is_believed(one.name))
                tell_fact(one, to);
        tell_believed(to);
        names unknown, behind_facts;
        for (auto const& name : needs.macros)
            if (!can_be_sent(name)) add_once(is_behind_a_fact(name) ? behind_facts : unknown, name);
        tell_empty(behind_facts, "", to);
        tell_empty(unknown, "; milter_macro_defaults can give them a fixed value", to);
    }

    /// A default for it would be the same for all clients, and the fact would believe it.
    static bool is_behind_a_fact(std::string_view macro) {
        return std::any_of(std::begin(rule::fact_macros), std::end(rule::fact_macros),
                           [&](auto const& one) { return one.name == macro; });
    }

    static void tell_empty(names const& of, std::string const& way_out, finding_list& to) {
        if (of.empty()) return;
        to.add(weight::warning, "rules ask for macros that Postfix does not have: " + joined(of),
               "to them each is an empty text" + way_out);
    }

    static void tell_fact(rule::fact_macro const& one, finding_list& to) {
        auto const& row = rule::row_of(one.told);
        auto const* const is = row.is == rule::type::integer   ? "0"
                               : row.is == rule::type::boolean ? "false"
                                                               : "empty";
        auto const name = std::string(row.name);
        to.add(weight::warning,
               "rules ask for " + name + ", which Postfix does not tell: it has no " +
                   std::string(one.name),
               name + " is always " + is);
    }

    void tell_believed(finding_list& to) const {
        names macros, of_rules;
        for (auto const& one : rule::fact_macros)
            if (facts_.settings->book->needs().has(one.told) && is_believed(one.name)) {
                add_once(macros, one.name);
                add_once(of_rules, rule::row_of(one.told).name);
            }
        if (macros.empty()) return;
        to.add(weight::warning,
               "milter_macro_defaults of Postfix gives values to mail that has none: " +
                   joined(macros),
               "rules take them for what is known of the mail: " + joined(of_rules, ", "),
               {"# take out of milter_macro_defaults in main.cf: " + joined(macros, ", "),
                postfix_command("postfix", facts_.postfix) + " reload"});
    }

    std::string_view postfix_list(std::size_t row) const {
        return macros_at(facts_.postfix, static_cast<std::size_t>(stages[row].stage));
    }

    /// Along with what milters and rules want, when there is a list.
    std::string_view administrators_list(std::size_t stage) const {
        auto const& settings = *facts_.settings;
        if (!settings.macros[stage].empty()) return settings.macros[stage];
        auto const& of_mta = settings.mta_macros[stage];
        return of_mta.empty() ? default_macros[stage] : std::string_view(of_mta);
    }

    /// Rules alone are a reason for what an MTA does not send by itself, as the manager knows MTAs.
    bool is_asked_for(std::size_t stage) const {
        auto const& of_rules = facts_.settings->rule_macros[stage];
        return !facts_.settings->macros[stage].empty() || !asked_for_[stage].empty() ||
               std::any_of(of_rules.begin(), of_rules.end(), [&](auto const& name) {
                   return !has(administrators_list(stage), name);
               });
    }

    /// What comes: the list that is asked for takes the place of the one that is set.
    std::string sent_list(std::size_t row) const {
        auto const stage = static_cast<std::size_t>(stages[row].stage);
        auto set = std::string(postfix_list(row));
        if (!facts_.postfix.milter_protocol.starts_with('6') || !is_asked_for(stage)) return set;
        auto all = std::string(administrators_list(stage));
        for (auto const* const wanted : {&facts_.settings->rule_macros[stage], &asked_for_[stage]})
            all += ' ' + joined(*wanted);
        return all;
    }

    void examine_postfix(finding_list& to) const {
        auto const list = [this](std::size_t row) { return sent_list(row); };
        names unknown;
        bool all_is_sent = true;
        for (std::size_t row = 0; row < std::size(stages); ++row) {
            take_unknown(asked_for_[static_cast<std::size_t>(stages[row].stage)], unknown);
            auto lacking = missing(needed_, row, list);
            take_unknown(lacking, unknown);
            std::erase_if(lacking, [this](auto const& name) { return !can_be_sent(name); });
            for (auto const& name : missing(facts_.settings->rule_macros, row, list))
                if (is_worth_a_line(name)) add_once(lacking, name);
            for (auto const& name : missing(asked_for_, row, list))
                if (can_be_sent(name)) add_once(lacking, name);
            if (!lacking.empty()) tell_postfix(row, lacking, to);
            all_is_sent = all_is_sent && lacking.empty();
        }
        tell_unknown(unknown, to);
        if (all_is_sent)
            to.add(weight::right, "Postfix sends the macros that rules and milters need",
                   "what it does not send by itself it is asked for when a connection begins");
    }

    /// To a rule: a fact that the command tells as well is known without it, and is not to believe a default.
    bool is_worth_a_line(std::string_view macro) const {
        auto const& named = facts_.settings->book->needs().macros;
        if (std::find(named.begin(), named.end(), macro) != named.end()) return can_be_sent(macro);
        return has(of_postfix, macro) &&
               std::none_of(std::begin(rule::fact_macros), std::end(rule::fact_macros),
                            [&](auto const& one) {
                                return one.name == macro && one.without != rule::other_source::none;
                            });
    }

    static void tell_unknown(names const& to_milters, finding_list& to) {
        constexpr auto what = "milters ask for macros that Postfix does not have: ";
        names plain, behind_facts;
        for (auto const& one : to_milters)
            add_once(is_behind_a_fact(one) ? behind_facts : plain, one);
        if (!plain.empty())
            to.add(weight::note, what + joined(plain),
                   "they do without; milter_macro_defaults can give them a fixed value");
        if (!behind_facts.empty())
            to.add(weight::note, what + joined(behind_facts), "they do without");
    }

    void take_unknown(names const& from, names& to) const {
        for (auto const& name : from)
            if (!can_be_sent(name)) add_once(to, name);
    }

    void tell_postfix(std::size_t row, names const& lacking, finding_list& to) const {
        auto const name = std::string(stages[row].postfix);
        auto const why = facts_.postfix.milter_protocol.starts_with('6')
                             ? "nobody asks for them when a connection begins: milters do not, and "
                               "rules count on what MTAs send by themselves"
                             : "with milter_protocol below 6 it cannot be asked for them";
        auto const before = std::string(postfix_list(row));
        auto lines = lines_to_set(name, before + (before.empty() ? "" : " ") + joined(lacking),
                                  facts_.postfix);
        lines.emplace_back("milter-manager reload");
        to.add(weight::warning, "Postfix does not send " + joined(lacking) + " by its " + name, why,
               std::move(lines));
    }

    // ---- Sendmail, whose settings are not read

    void examine_sendmail(finding_list& to) const {
        auto const list = [](std::size_t row) { return stages[row].by_default; };
        for (std::size_t row = 0; row < std::size(stages); ++row) {
            auto lacking = missing(needed_, row, list);
            if (lacking.empty()) continue;
            names all;
            proto::for_each_name(stages[row].by_default, [&](auto name) { add_once(all, name); });
            all.insert(all.end(), lacking.begin(), lacking.end());
            to.add(weight::note, "Sendmail does not send " + joined(lacking) + " by default",
                   "the milter does not ask for them when it negotiates; in sendmail.mc:",
                   {"define(`" + std::string(stages[row].sendmail) + "', `" + joined(all, ", ") +
                    "')dnl"});
        }
    }

    facts const& facts_;
    names_by_stage asked_for_; ///< by milters, when they negotiate
    names_by_stage needed_;    ///< by milters that do not say so
};

} // namespace

std::vector<finding> examine_macros(facts const& what) {
    finding_list found("macros");
    examination(what).examine(found);
    return found.take();
}

} // namespace milter::manager::doctor
