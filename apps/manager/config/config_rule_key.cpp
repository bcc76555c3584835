// SPDX-License-Identifier: BSL-1.0
// manager/config/config_rule_key.cpp
#include "manager/config/config_rule_key.hpp"

namespace milter::manager {

namespace {

using target = config_target;

constexpr range anything;
constexpr range wait{1, 3'600'000};        // ms
constexpr range question{100, 10'000};     // ms
constexpr range answers{1000, 86'400'000}; // ms

constexpr auto required = presence::required;

// clang-format off
constexpr config_key rows[] = {
    {"condition.NAME", "description", "", anything, "none", "what it is about, in words",
        [](target const& t) -> field { return one_line{&t.condition->description}; }},
    {"condition.NAME", "when", "", anything, "", "the expression that it stands for",
        [](target const& t) -> field { return expression{&t.condition->when}; }, required},

    {"set.NAME", "description", "", anything, "none", "what it is about, in words",
        [](target const& t) -> field { return one_line{&t.set->description}; }},
    {"set.NAME", "cidr", "", anything, "none", "IP addresses and prefixes",
        [](target const& t) -> field { return own_texts{&t.set->cidr}; }},
    {"set.NAME", "domains", "", anything, "none", "domains, all names under a domain, patterns",
        [](target const& t) -> field { return own_texts{&t.set->domains}; }},
    {"set.NAME", "mail", "", anything, "none", "mail addresses, their domains or local parts, patterns",
        [](target const& t) -> field { return own_texts{&t.set->mail}; }},
    {"set.NAME", "strings", "", anything, "none", "whole texts, patterns",
        [](target const& t) -> field { return own_texts{&t.set->strings}; }},
    {"set.NAME", "hours", "", anything, "none", "hours of the week",
        [](target const& t) -> field { return own_texts{&t.set->hours}; }},
    {"set.NAME", "file", "", anything, "none", "a file with an entry a line",
        [](target const& t) -> field { return file_name{&t.set->file}; }},
    {"set.NAME", "table", "", anything, "none", "a table of Postfix, with its type",
        [](target const& t) -> field { return table_name{&t.set->table}; }},
    {"set.NAME", "counts", "", anything, "all but DUNNO", "results of the table that count",
        [](target const& t) -> field { return texts{&t.set->counts}; }},
    {"set.NAME", "sqlite", "", anything, "none", "file of a database of SQLite",
        [](target const& t) -> field { return file_name{&t.set->sqlite}; }},
    {"set.NAME", "query", "", anything, "none", "what gives the entries from it: one column",
        [](target const& t) -> field { return sql_query{&t.set->query}; }},
    {"set.NAME", "kind", "", anything, "that of the list; addresses of a cidr table", "what the entries of a file, table or database are",
        [](target const& t) -> field { return kind_of_set{&t.set->kind}; }},

    {"rule", "name", "", anything, "", "what logs and reports call it; no other rule has it",
        [](target const& t) -> field { return word{&t.rule->name}; }, required},
    {"rule", "description", "", anything, "none", "what it is there for, in words",
        [](target const& t) -> field { return one_line{&t.rule->description}; }},
    {"rule", "enabled", "", anything, "", "false: as if it did not stand here, but still checked",
        [](target const& t) -> field { return &t.rule->enabled; }},
    {"rule", "when", "", anything, "", "the expression for which it does what follows",
        [](target const& t) -> field { return expression{&t.rule->when}; }, required},
    {"rule", "on_unknown", "", anything, "", "what it does when that will never be known",
        [](target const& t) -> field { return either{&t.rule->holds_if_unknown, "leave", "apply"}; }},
    {"rule", "use", "", anything, "none", "milters that run then",
        [](target const& t) -> field { return some_names{&t.rule->use}; }},
    {"rule", "skip", "", anything, "none", "milters that do not run then",
        [](target const& t) -> field { return some_names{&t.rule->skip}; }},
    {"rule", "evaluate", "", anything, "none", "milters whose verdicts do not count then",
        [](target const& t) -> field { return some_names{&t.rule->evaluate}; }},
    {"rule", "accept", "", anything, "none", "the message is taken without any milter",
        [](target const& t) -> field { return accepting{t.rule}; }},
    {"rule", "reject", "", anything, "none", "the message is refused for good, with this reply",
        [](target const& t) -> field { return refusing{t.rule, rule::verdict_kind::reject}; }},
    {"rule", "tempfail", "", anything, "none", "the message is refused for now, with this reply",
        [](target const& t) -> field { return refusing{t.rule, rule::verdict_kind::tempfail}; }},
    {"rule", "tag", "", anything, "none", "a word in the decision log",
        [](target const& t) -> field { return word{&t.rule->tag}; }},
    {"rule", "milters", "", anything, "all", "that the macros and timeouts are for",
        [](target const& t) -> field { return some_names{&t.rule->milters}; }},
    {"rule", "macros", "", anything, "none", "macros that the milters get in place of the MTA's",
        [](target const& t) -> field { return macro_values{&t.rule->set_macros}; }},
    {"rule", "default_macros", "", anything, "none", "the same, where the MTA sends none",
        [](target const& t) -> field { return macro_values{&t.rule->default_macros}; }},
    {"rule.timeout", "command", "", wait, "that of the milter", "in place of the milter's own",
        [](target const& t) -> field { return own_duration{&t.rule->timeouts.command}; }},
    {"rule.timeout", "content", "", wait, "that of the milter", "in place of the milter's own",
        [](target const& t) -> field { return own_duration{&t.rule->timeouts.content}; }},
    {"rule.timeout", "end_of_message", "", wait, "that of the milter", "in place of the milter's own",
        [](target const& t) -> field { return own_duration{&t.rule->timeouts.end_of_message}; }},

    {"test", "name", "", anything, "", "what is tested, in words; no other test has it",
        [](target const& t) -> field { return one_line{&t.test->name}; }, required},
    {"test", "given", "", anything, "none", "facts of the mail; the rest is as if nothing was special about it",
        [](target const& t) -> field { return fact_values{&t.test->given}; }},
    {"test", "unavailable", "", anything, "none", "facts of the mail that will never be known, as expressions spell them",
        [](target const& t) -> field { return fact_names{&t.test->unavailable}; }},
    {"test.expect", "milters", "", anything, "any", "all that run, in their order",
        [](target const& t) -> field { return own_names{&t.test->expect.milters}; }},
    {"test.expect", "runs", "", anything, "none", "some that run; others may, too",
        [](target const& t) -> field { return some_names{&t.test->expect.runs}; }},
    {"test.expect", "not_milters", "", anything, "none", "some that do not run",
        [](target const& t) -> field { return some_names{&t.test->expect.not_milters}; }},
    {"test.expect", "decided_at", "", anything, "any", "stage at which the last milter and the verdict of rules are certain",
        [](target const& t) -> field { return stage_word{&t.test->expect.decided_at}; }},
    {"test.expect", "verdict", "", anything, "any", "what the rules say about the message themselves",
        [](target const& t) -> field { return verdict_word{&t.test->expect.verdict}; }},
    {"test.expect", "reply", "", anything, "any", "with which reply they refuse it",
        [](target const& t) -> field { return reply_text{&t.test->expect.reply}; }},
    {"test.expect", "tags", "", anything, "any", "all tags of rules that hold, in the order of the rules",
        [](target const& t) -> field { return own_texts{&t.test->expect.tags}; }},
    {"test.expect", "conditions", "", anything, "any", "which conditions hold",
        [](target const& t) -> field { return flags_by_name{&t.test->expect.conditions}; }},
    {"test.expect", "macros", "", anything, "any", "macros that rules give to milters",
        [](target const& t) -> field { return macros_of_milters{&t.test->expect.macros}; }},

    {"dnsbl.NAME", "description", "", anything, "none", "what it lists, in words",
        [](target const& t) -> field { return one_line{&t.list->description}; }},
    {"dnsbl.NAME", "answers", "", anything, "127.0.0.0/8 but 127.255.255.0/24", "answers that mean that the client is listed",
        [](target const& t) -> field { return answer_list{&t.list->zone.listed_when}; }},
    {"dnswl.NAME", "description", "", anything, "none", "what it lists, in words",
        [](target const& t) -> field { return one_line{&t.list->description}; }},
    {"dnswl.NAME", "answers", "", anything, "127.0.0.0/8 but 127.255.255.0/24", "answers that mean that the client is listed",
        [](target const& t) -> field { return answer_list{&t.list->zone.listed_when}; }},

    {"dns", "servers", "", anything, "the system's", "name servers that are asked about lists",
        [](target const& t) -> field { return server_list{&t.config->dns.servers}; }},
    {"dns", "deadline", "", question, "", "for the answer of a list; what comes later is as none",
        [](target const& t) -> field { return &t.config->dns.deadline; }},
    {"dns", "positive_ttl_max", "", answers, "", "for which an answer is kept at most, however long it holds",
        [](target const& t) -> field { return &t.config->dns.positive_ttl_max; }},
    {"dns", "negative_ttl_max", "", answers, "", "the same of answers that there is no such name",
        [](target const& t) -> field { return &t.config->dns.negative_ttl_max; }},
    {"dns", "failure_ttl", "", answers, "", "for which a question that failed is not asked again",
        [](target const& t) -> field { return &t.config->dns.failure_ttl; }},
    {"dns", "cache_entries", "answers", {0, 10'000'000}, "", "answers that are kept, of about 100 bytes each",
        [](target const& t) -> field { return &t.config->dns.cache_entries; }},
    {"dns", "max_outstanding", "questions", {1, 60'000}, "", "questions at once; those above fail",
        [](target const& t) -> field { return &t.config->dns.max_outstanding; }},
};
// clang-format on

} // namespace

std::span<config_key const> config_rule_key_rows() noexcept { return rows; }

} // namespace milter::manager
