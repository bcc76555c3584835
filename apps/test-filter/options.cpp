// SPDX-License-Identifier: BSL-1.0
// test-filter/options.cpp - the command line of milter-test-filter
#include "test-filter/options.hpp"

#include "cli/command_line.hpp"
#include "cli/flag_names.hpp"
#include "cli/option_text.hpp"
#include "test-filter/foreign_option.hpp"
#include "test-filter/script_toml.hpp"
#include "test-filter/style.hpp"
#include <milter/version.hpp>

#include <CLI/CLI.hpp>

#include <charconv>
#include <map>
#include <string>
#include <vector>

namespace milter::test_filter {

namespace {

constexpr char const* examples = R"(Plays a milter that does what you say.

Examples:
  milter-test-filter -s unix:/tmp/x.sock                      shows what the MTA sends, continues
  milter-test-filter -s 'inet:8893@[127.0.0.1]' --reject-rcpt bob@example.org
  milter-test-filter -s 'inet:0@[127.0.0.1]' --add-header 'X-Seen: yes'
  milter-test-filter -s unix:/tmp/x.sock --on 'rcpt=reply 550 5.1.1 no' --when 'rcpt=<bob@example.org>'
  milter-test-filter -s unix:/tmp/x.sock --on 'eom=progress 3 1s' --then 'reply 451 4.7.1 later'
  milter-test-filter -s unix:/tmp/x.sock --on header=close --when 'header:Subject~offer'
  milter-test-filter -s unix:/tmp/x.sock --steps nr_header,skip --macros 'connect=j {daemon_name}'
  milter-test-filter -s unix:/tmp/x.sock --script script.toml --json
  milter-test-filter -s unix:/tmp/x.sock --sessions 1 --expect 'rcpt=macro:rcpt_addr' --record seen.jsonl
  milter-test-filter -s unix:/tmp/x.sock --as rspamd --faults 1%,42
)";

std::string footer() {
    return "Judges the MTA that connects: milter-test-filter conformance --help\n\n"
           "STAGE: negotiate, connect, helo, mail, rcpt, data, header, end_of_headers, body, "
           "end_of_message,\n"
           "  unknown, abort, quit (short: from, to, eoh, eom), or any\n\nACTION\n" +
           std::string(describe_actions()) + "\n\nCONDITION\n" +
           std::string(describe_conditions()) + R"(

The rules of a stage are looked at in the order given; --when and --then belong to the rule before them. Each rule
whose conditions all hold is carried out, the first with a verdict is the last. Without a verdict: continue.

Script (TOML):
  [negotiate]
  steps = "skip,nr_header"
  macros.connect = "j {daemon_name}"
  [[rule]]
  on = "rcpt"
  when = ["rcpt=bob@example.org", "message=2"]
  do = ["delay 500ms", "reply 550 5.1.1 no such user"]

Exit status: 0, 1 an MTA broke the protocol, 2 usage or script, 3 cannot listen.)";
}

/// An option that makes a rule of its value: VALUE -> STAGE=ACTION, perhaps with a condition.
struct shortcut {
    char const* name;
    char const* type;
    char const* help;
    char const* rule;      ///< the value is put behind it
    char const* condition; ///< or behind this one
};

constexpr shortcut shortcuts[] = {
    {"--reject-rcpt", "ADDRESS", "Rejects this recipient", "rcpt=reject", "rcpt="},
    {"--tempfail-rcpt", "ADDRESS", "Refuses this recipient for now", "rcpt=tempfail", "rcpt="},
    {"--reject-sender", "ADDRESS", "Rejects mail from this sender", "mail=reject", "sender="},
    {"--verdict", "VERDICT", "At end of message, e.g. accept or 'reply 550 5.7.1 no'",
     "end_of_message=", nullptr},
    {"--add-header", "NAME: VALUE", "Adds a header", "end_of_message=add_header ", nullptr},
    {"--insert-header", "POS NAME: VALUE", "Inserts a header", "end_of_message=insert_header ",
     nullptr},
    {"--change-header", "N NAME: VALUE", "Changes the Nth header of that name",
     "end_of_message=change_header ", nullptr},
    {"--delete-header", "[N] NAME", "Deletes the Nth (first) header of that name",
     "end_of_message=delete_header ", nullptr},
    {"--replace-body", "TEXT", "Replaces the body", "end_of_message=replace_body ", nullptr},
    {"--add-rcpt", "ADDRESS [ARGS]", "Adds a recipient", "end_of_message=add_rcpt ", nullptr},
    {"--delete-rcpt", "ADDRESS", "Removes a recipient", "end_of_message=delete_rcpt ", nullptr},
    {"--change-from", "ADDRESS [ARGS]", "Changes the sender", "end_of_message=change_from ",
     nullptr},
    {"--quarantine", "REASON", "Quarantines the message", "end_of_message=quarantine ", nullptr},
};

rule make_rule(shortcut const& from, std::string const& value) {
    if (!from.condition) return parse_rule(from.rule + value);
    auto one = parse_rule(from.rule);
    one.when.push_back(parse_condition(from.condition + value));
    return one;
}

/// Rules in the order of the command line, which CLI11 keeps apart from the values.
class rule_options {
public:
    void add_to(CLI::App& app) {
        add(app, "--on", "STAGE=ACTION", "Does something at a stage (repeat)");
        add(app, "--when", "CONDITION", "The rule before holds only when this is so (repeat)");
        add(app, "--then", "ACTION", "The rule before does this, too (repeat)");
        for (auto const& one : shortcuts) add(app, one.name, one.type, one.help);
    }

    /// @throws script_error
    std::vector<rule> rules(CLI::App const& app) const {
        std::vector<rule> all;
        std::map<std::string, std::size_t> used;
        for (auto const* option : app.parse_order()) {
            auto const name = option->get_name();
            if (!names_.contains(name)) continue;
            auto const& value = option->results()[used[name]++];
            try {
                apply(all, name, value);
            } catch (script_error const& why) {
                auto where = name;
                where.append(" '").append(value).append("': ").append(why.what());
                throw script_error(where);
            }
        }
        return all;
    }

private:
    void add(CLI::App& app, std::string const& name, std::string const& type,
             std::string const& help) {
        names_[name];
        app.add_option(name, names_[name], help)
            ->type_name(type)
            ->option_text(type) // CLI11 would put dots behind it
            ->allow_extra_args(false)
            ->group("Rules");
    }

    static void apply(std::vector<rule>& all, std::string const& name, std::string const& value) {
        if (name == "--on") return all.push_back(parse_rule(value));
        for (auto const& one : shortcuts)
            if (name == one.name) return all.push_back(make_rule(one, value));
        if (all.empty()) throw script_error("it belongs to a rule before it, and there is none");
        if (name == "--when")
            all.back().when.push_back(parse_condition(value));
        else
            add_action(all.back(), value);
    }

    std::map<std::string, std::vector<std::string>> names_;
};

std::string known_styles() {
    std::string all;
    for (auto const& one : filter_styles()) all.append(all.empty() ? "" : ", ").append(one.name);
    return all;
}

/// Texts as given; what they mean is found out when all are there.
struct texts {
    std::string socket, mode, actions, steps, script_file;
    std::vector<std::string> macros, expected, never, faults;
    std::string as, fault_rate;
    std::uint32_t version = 0;
    bool quiet = false, verbose = false;
};

void add_options(CLI::App& app, options& into, texts& given) {
    app.add_option("-s,--socket,--connection-spec", given.socket,
                   "Where to listen (required): unix:PATH, inet:PORT@HOST, inet:HOST:PORT, "
                   "inet6:...; port 0: any")
        ->type_name("SPEC")
        ->option_text("SPEC")
        ->required();
    app.add_option("--unix-socket-mode", given.mode, "Mode of the unix socket, e.g. 0660")
        ->type_name("MODE");
    app.add_option("--unix-socket-group", into.listening.group, "Group of the unix socket")
        ->type_name("GROUP");
    cli::show_as(app.add_option("--sessions", into.sessions, "Exits after N sessions"), "N")
        ->check(CLI::Range(1, 1'000'000'000));
    app.add_option("--script", given.script_file, "Reads negotiation and rules from FILE")
        ->type_name("FILE");
    cli::show_as(
        app.add_option("--negotiate-version", given.version,
                       "Answers with this protocol version, 2 to 6, or the MTA's if lower"),
        "N")
        ->check(CLI::Range(wire::oldest_version, wire::newest_version))
        ->group("Negotiation");
    app.add_option("--actions", given.actions, "Actions to ask for (default: what the rules need)")
        ->type_name("LIST")
        ->group("Negotiation");
    app.add_option("--steps", given.steps,
                   "Protocol steps to ask for: no_*, nr_*, skip, leading_space, rejected_rcpt")
        ->type_name("LIST")
        ->group("Negotiation");
    app.add_option("--macros", given.macros, "Macros to ask for at a stage (repeat)")
        ->type_name("STAGE=NAMES")
        ->option_text("STAGE=NAMES")
        ->allow_extra_args(false)
        ->group("Negotiation");
    app.add_option("--as", given.as, "Negotiates, and behaves, as this milter: " + known_styles())
        ->type_name("MILTER")
        ->group("Negotiation");
    auto const expect = [&](char const* name, std::vector<std::string>& to, char const* help) {
        app.add_option(name, to, help)
            ->type_name("STAGE[=CONDITION]")
            ->option_text("STAGE[=CONDITION]")
            ->allow_extra_args(false)
            ->group("Expectations (exit status 1 when not met)");
    };
    expect("--expect", given.expected,
           "Each such command meets this, and one comes at least (repeat)");
    expect("--expect-never", given.never, "No such command meets this (repeat)");
    app.add_option("--faults", given.fault_rate,
                   "Instead of answering does something wrong, at this rate: 0.01, 2%,42")
        ->type_name("RATE[,SEED]")
        ->group("Faults");
    app.add_option("--fault", given.faults,
                   "What is done then, one of these (repeat; close, reset, half, garbage, "
                   "unknown_reply, extra, oversize)")
        ->type_name("ACTION")
        ->option_text("ACTION")
        ->allow_extra_args(false)
        ->group("Faults");
    app.add_option("--record", into.record, "Writes the sessions to this corpus")
        ->type_name("FILE");
    app.add_flag("--json", into.json, "Prints JSON, one object an event");
    app.add_flag("-q,--quiet,--no-report-request", given.quiet, "Prints no events");
    app.add_flag("-v,--verbose", given.verbose, "Prints each CONTINUE, too");
}

[[noreturn]] void refuse(char const* option, std::string const& text, char const* why) {
    throw script_error(std::string(option) + " '" + text + "': " + why);
}

/// Calls read(text), and puts the option before what it throws. @throws script_error
template <class Read> auto with_option(char const* option, std::string const& text, Read read) {
    try {
        return read(text);
    } catch (script_error const& why) {
        refuse(option, text, why.what());
    } catch (std::invalid_argument const& why) {
        refuse(option, text, why.what());
    }
}

void settle_faults(fault_schedule& to, texts const& given) {
    try {
        if (!given.fault_rate.empty()) read_fault_rate(given.fault_rate, to);
    } catch (script_error const& why) {
        throw script_error(std::string("--faults: ") + why.what());
    }
    for (auto const& text : given.faults)
        to.kinds.push_back(with_option("--fault", text, parse_action));
    if (!given.faults.empty() && given.fault_rate.empty() && to.rate <= 0)
        throw script_error("--fault: how often is not said: --faults RATE");
    if (to.kinds.empty()) to.kinds = usual_faults();
}

unsigned parse_mode(std::string const& text) {
    unsigned mode = 0;
    auto const* const last = text.data() + text.size();
    auto const [end, ec] = std::from_chars(text.data(), last, mode, 8);
    if (ec != std::errc{} || end != last || mode > 0777)
        throw script_error(
            "--unix-socket-mode: expected an octal number such as 0660 instead of \"" + text +
            "\"");
    return mode;
}

void settle_listening(options& into, texts const& given) {
    auto const where = parse_endpoint(given.socket);
    if (!where)
        throw script_error(
            "--socket: \"" + given.socket +
            "\" is no socket; examples: unix:/tmp/x.sock, inet:8893@[127.0.0.1], inet6:8893@[::1]");
    into.where = *where;
    if (!given.mode.empty()) into.listening.mode = parse_mode(given.mode);
}

void settle_script(options& into, texts const& given, std::vector<rule> rules) {
    if (!given.script_file.empty()) into.plan = load_script(given.script_file);
    auto& all = into.plan.rules;
    all.insert(all.begin(), rules.begin(), rules.end());
    auto& wanted = into.plan.negotiation;
    if (given.version != 0) wanted.version = given.version;
    if (!given.actions.empty())
        wanted.actions = with_option("--actions", given.actions, cli::parse_actions);
    if (!given.steps.empty()) wanted.steps = with_option("--steps", given.steps, cli::parse_steps);
    for (auto const& list : given.macros)
        with_option("--macros", list, [&](auto const& text) { add_macro_list(wanted, text); });
    if (!given.as.empty()) apply_style(into.plan, given.as);
    auto const expect = [&](char const* name, std::vector<std::string> const& those, bool never) {
        for (auto const& text : those)
            into.plan.expected.push_back(with_option(
                name, text, [&](auto const& one) { return parse_expectation(one, never); }));
    };
    expect("--expect", given.expected, false);
    expect("--expect-never", given.never, true);
    settle_faults(into.plan.faults, given);
}

/// With what does it instead of an option of the older milter-test-client.
std::string complaint(CLI::App const* app, CLI::Error const& why) {
    std::string text;
    for (auto const& word : app->remaining())
        if (auto const instead = instead_of(word); !instead.empty())
            text.append("milter-test-filter: ").append(word).append(": ").append(instead) += '\n';
    if (!text.empty()) return text;
    return "milter-test-filter: " + std::string(why.what()) +
           "\nRun with --help for more information.\n";
}

} // namespace

parsed_options parse_options(int argc, char const* const* argv) {
    options value;
    texts given;
    rule_options rules;
    CLI::App app(examples, "milter-test-filter");
    app.footer(footer());
    app.get_formatter()->column_width(36);
    app.set_help_flag("-h,--help", "Prints this");
    app.set_version_flag("--version", "milter-test-filter " + std::string(version_string),
                         "Prints the version");
    add_options(app, value, given);
    rules.add_to(app);
    app.failure_message(complaint);
    auto const over = cli::parse_command_line(app, "milter-test-filter", argc, argv, [&] {
        settle_listening(value, given);
        settle_script(value, given, rules.rules(app));
    });
    if (over) return {{}, over};
    if (given.verbose) value.level = detail_level::verbose;
    if (given.quiet) value.level = detail_level::quiet;
    return {std::move(value), std::nullopt};
}

} // namespace milter::test_filter
