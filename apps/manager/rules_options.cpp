// SPDX-License-Identifier: BSL-1.0
// manager/rules_options.cpp
#include "manager/rules_options.hpp"

#include "manager/config/printable.hpp"

#include <iterator>
#include <string_view>

namespace milter::manager {

namespace {

constexpr std::string_view verb_names[] = {"facts",   "check",    "test",    "fmt",
                                           "explain", "coverage", "simulate"}; // by rules_verb

constexpr char const* group_footer = R"(
Examples:
  milter-manager rules facts client
  milter-manager rules check
  milter-manager rules test --filter newsletter
  milter-manager rules fmt --check /etc/milter-manager/milter-manager.toml
  milter-manager rules explain --given client=203.0.113.9 --given sender=alice@example.com
  milter-manager rules simulate --with new.toml --corpus yesterday.jsonl

milter-manager rules VERB --help says more.)";

constexpr char const* facts_footer = R"(
Examples:
  milter-manager rules facts
  milter-manager rules facts client
  milter-manager rules facts header
  milter-manager rules facts --json
)";

constexpr char const* check_footer = R"(
Examples:
  milter-manager rules check
  milter-manager rules check -c new.toml --json

Exit status: 0, 1 a test fails, 64 usage, 78 the configuration has errors.)";

constexpr char const* test_footer = R"(
Examples:
  milter-manager rules test
  milter-manager rules test --filter newsletter -v

Exit status: 0, 1 a test fails, 64 usage, 66 no test has such a name, 78 the configuration has
  errors.)";

constexpr char const* fmt_footer = R"(
Examples:
  milter-manager rules fmt 'client.address  in @local and not (auth.present)'
  milter-manager rules fmt --json 'sender.null'
  echo '{"not": {"name": "sender.null"}}' | milter-manager rules fmt --from-json
  milter-manager rules fmt --check /etc/milter-manager/milter-manager.toml
  milter-manager rules fmt --write /etc/milter-manager/rules.d/*.toml

Of files, what "when" says is spelled anew, and nothing else touched; an expression on several
  lines stays so, unless it has 100 characters or fewer.
Exit status: 0, 1 --check: a file would change, 64 usage, 65 not understood, 66 cannot be read,
  73 cannot be written.)";

constexpr char const* explain_footer = R"(
Examples:
  milter-manager rules explain --given client=203.0.113.9 --given name=mail.example.com
  milter-manager rules explain --given sender=a@example.com --given recipients=b@x.org,c@y.org
  milter-manager rules explain --given header.Subject=hello --given dnsbl.zen.spamhaus.org=true
  milter-manager rules explain --test 'newsletters are not scanned' --milter rspamd
  milter-manager rules explain --log /var/log/milter-manager/decisions.log --queue-id 4XyZ1

Exit status: 0, 64 usage, 65 a fact or the log is not understood, 66 no such test or message, or
  the log cannot be read, 78 the configuration has errors.)";

constexpr char const* coverage_footer = R"(
Examples:
  milter-manager rules coverage
  milter-manager rules coverage --corpus monday.jsonl tuesday.jsonl

Exit status: 0, 64 usage, 65 a corpus is not understood, 66 it cannot be read, or there is neither a
  test nor a message, 78 the configuration has errors.)";

constexpr char const* simulate_footer = R"(
Examples:
  milter-manager rules simulate --with new.toml --corpus yesterday.jsonl
  milter-manager rules simulate --with new.toml --corpus *.jsonl --json
  milter-manager rules simulate --with new.toml --corpus a.jsonl --listed zen.spamhaus.org=192.0.2.1

Shows how many messages change in which way, then the messages. What is open in either configuration
  is not known, and no change. Shares of mail (share) are not looked at; macros and times are those
  at the end of the message.
Exit status: 0 no message changes, as far as that is known, 1 some do, 64 usage, 65 a corpus is not
  understood, 66 it cannot be read, or has no message, 78 a configuration has errors.)";

/// The commands, each with what it takes.
class rules_command {
public:
    rules_command(CLI::App& app, rules_request& into, std::string& config_file, char const* help)
        : group_(*app.add_subcommand("rules", "Shows, tests and tries out rules")), into_(into),
          config_file_(config_file), config_help_(help) {
        group_.require_subcommand(1);
        group_.footer(group_footer);
    }

    void add_facts() {
        auto& verb = add("facts", "Shows what expressions can ask about", facts_footer);
        verb.add_option("NAME", into_.name, "A fact, a function, or the first part of facts")
            ->type_name("");
        add_json(verb);
    }

    void add_check() {
        auto& verb = add(
            "check", "Shows problems, who is asked when and at what cost, and what the tests say",
            check_footer);
        add_config(verb);
        add_json(verb);
    }

    void add_test() {
        auto& verb = add("test", "Runs the tests of the configuration", test_footer);
        add_config(verb);
        verb.add_option("--filter", into_.filter, "Those alone that have this in their names")
            ->type_name("TEXT");
        verb.add_flag("-v,--verbose", into_.verbose, "Show also those that pass");
        add_json(verb);
    }

    void add_fmt() {
        auto& verb =
            add("fmt", "Shows an expression in its one spelling, or spells those of files so",
                fmt_footer);
        verb.add_option("EXPRESSION", into_.texts,
                        "Expression, by default standard input; with --check, --write: files")
            ->type_name("");
        auto const way = [&](char const* name, fmt_way which, char const* help) {
            return verb.add_flag_callback(
                name, [&into = into_, which] { into.way = which; }, help);
        };
        auto* const json = way("--json", fmt_way::json, "As JSON");
        auto* const from_json =
            verb.add_flag("--from-json", into_.from_json, "The expression is JSON");
        auto* const check = way("--check", fmt_way::check_files, "Say which files would change");
        auto* const write = way("--write", fmt_way::write_files, "Write to the files");
        for (auto* const one : {check, write}) one->excludes(json)->excludes(from_json);
        check->excludes(write);
    }

    void add_explain() {
        auto& verb = add("explain", "Shows what rules say about a mail, stage by stage, and why",
                         explain_footer);
        add_config(verb);
        auto* const test =
            verb.add_option("--test", into_.test, "The mail of this test")->type_name("NAME");
        auto* const given =
            verb.add_option("--given", into_.given, "A fact of the mail, as tests give it")
                ->type_name("KEY=VALUE")
                ->allow_extra_args(false);
        auto* const log = verb.add_option("--log", into_.log, "A mail of this decision log ...")
                              ->type_name("FILE");
        auto* const id = verb.add_option("--queue-id", into_.queue_id, "... that the MTA named so")
                             ->type_name("ID");
        log->needs(id)->excludes(test)->excludes(given);
        id->needs(log);
        test->excludes(given);
        verb.add_option("--milter", into_.milter, "This milter alone")->type_name("NAME");
        add_json(verb);
    }

    void add_coverage() {
        auto& verb = add("coverage", "Counts how often conditions and rules are true and false",
                         coverage_footer);
        add_config(verb);
        add_corpora(verb);
        add_json(verb);
    }

    void add_simulate() {
        auto& verb =
            add("simulate", "Shows which recorded messages another configuration treats otherwise",
                simulate_footer);
        add_config(verb);
        verb.add_option("--with", into_.new_file, "The other configuration")
            ->type_name("FILE")
            ->required();
        add_corpora(verb)->required();
        verb.add_option("--listed", into_.listed, "Clients that a list in DNS has")
            ->type_name("ZONE=IP,IP")
            ->allow_extra_args(false);
        verb.add_flag("--all", into_.all, "Show each message that changes, not only some");
        add_json(verb);
    }

private:
    CLI::App& add(char const* name, char const* what, char const* footer) {
        auto& verb = *group_.add_subcommand(name, what);
        verb.footer(footer);
        return verb;
    }
    void add_config(CLI::App& to) {
        to.add_option("-c,--config", config_file_, config_help_)
            ->type_name("FILE")
            ->capture_default_str();
    }
    void add_json(CLI::App& to) { to.add_flag("--json", into_.json, "As JSON"); }
    CLI::Option* add_corpora(CLI::App& to) {
        return to.add_option("--corpus", into_.corpora, "Recorded conversations, of milter-replay")
            ->type_name("FILE...");
    }

    CLI::App& group_;
    rules_request& into_;
    std::string& config_file_;
    char const* config_help_;
};

rules_verb verb_of(CLI::App const& group) {
    for (std::size_t i = 0; i < std::size(verb_names); ++i)
        if (group.got_subcommand(std::string(verb_names[i]))) return static_cast<rules_verb>(i);
    return rules_verb::facts;
}

std::string wrong_fmt(rules_request const& request) {
    bool const is_of_files =
        request.way == fmt_way::check_files || request.way == fmt_way::write_files;
    if (is_of_files && request.texts.empty()) return "rules fmt --check and --write need files";
    if (!is_of_files && request.texts.size() > 1)
        return "rules fmt takes one expression, in quotes; files go with --check or --write";
    return {};
}

std::string wrong_explain(rules_request const& request) {
    if (request.test.empty() && request.given.empty() && request.log.empty())
        return "rules explain needs a mail: --test, --given, or --log and --queue-id";
    return {};
}

} // namespace

void add_rules_command(CLI::App& app, rules_request& into, std::string& config_file,
                       char const* config_help) {
    rules_command rules(app, into, config_file, config_help);
    rules.add_facts();
    rules.add_check();
    rules.add_test();
    rules.add_fmt();
    rules.add_explain();
    rules.add_coverage();
    rules.add_simulate();
}

std::string complete_rules_request(CLI::App const& app, rules_request& request) {
    auto const* const group = app.get_subcommand("rules");
    if (group->get_subcommands().empty())
        return "rules needs a verb: facts, check, test, fmt, explain, coverage or simulate";
    request.verb = verb_of(*group);
    switch (request.verb) {
    case rules_verb::fmt: return wrong_fmt(request);
    case rules_verb::explain: return wrong_explain(request);
    default: return {};
    }
}

} // namespace milter::manager
