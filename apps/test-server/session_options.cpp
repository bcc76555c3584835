// SPDX-License-Identifier: BSL-1.0
// test-server/session_options.cpp - the options that say who the client is, which macros there are, and how long to wait
#include "test-server/session_options.hpp"

#include "cli/duration.hpp"
#include "cli/option_text.hpp"
#include "test-server/client.hpp"
#include "test-server/macro.hpp"

#include <CLI/CLI.hpp>

#include <stdexcept>

namespace milter::test_server {

namespace {

struct macro_option {
    char const* name;
    wire::command_code stage;
};

constexpr macro_option macro_options[] = {
    {"--connect-macro", wire::command_code::connect},
    {"--helo-macro", wire::command_code::helo},
    {"--envelope-from-macro", wire::command_code::mail},
    {"--envelope-recipient-macro", wire::command_code::rcpt},
    {"--data-macro", wire::command_code::data},
    {"--end-of-header-macro", wire::command_code::end_of_headers},
    {"--end-of-message-macro", wire::command_code::end_of_message},
};

static_assert(std::size(macro_options) == macro_texts::stages);

} // namespace

CLI::Option* add_list(CLI::App& app, std::string const& names, std::vector<std::string>& into,
                      std::string const& type, std::string const& help) {
    return cli::show_as(app.add_option(names, into, help + " (repeat)"), type)
        ->allow_extra_args(false);
}

void add_client(CLI::App& app, session_plan& plan, client_texts& given) {
    app.add_option("--connect-host", plan.client.host, "Host name of the client")
        ->type_name("HOST");
    app.add_option(
           "--connect-address", given.address,
           "Address of the client: inet:PORT@ADDRESS, inet6:PORT@ADDRESS, unix:PATH, unknown")
        ->type_name("SPEC");
    app.add_option("--helo-fqdn,--helo", plan.helo, "Name that the client gives")
        ->type_name("FQDN");
}

void add_macros(CLI::App& app, macro_texts& given) {
    auto into = given.of_stage;
    for (auto const& one : macro_options)
        add_list(app, one.name, *into++, "NAME:VALUE",
                 "Macro of " + std::string(wire::name_of(one.stage)))
            ->group("Macros");
    app.add_option("--authenticated-name", given.authenticated_name, "{auth_authen}")
        ->type_name("NAME")
        ->group("Macros");
    app.add_option("--authenticated-type", given.authenticated_type, "{auth_type}")
        ->type_name("TYPE")
        ->group("Macros");
    app.add_option("--authenticated-author", given.authenticated_author, "{auth_author}")
        ->type_name("AUTHOR")
        ->group("Macros");
}

void add_timeouts(CLI::App& app, timeout_texts& given) {
    auto const add = [&](char const* name, std::string& into, char const* help) {
        app.add_option(name, into, help)->type_name("TIME")->group("Timeouts");
    };
    add("--connection-timeout", given.connection, "To connect (300)");
    add("--reading-timeout", given.reading,
        "For any reply but that to the end of the message (10)");
    add("--negotiate-timeout", given.negotiate, "For the answer to the offer (--reading-timeout)");
    add("--command-timeout", given.command, "For the reply to a command (--reading-timeout)");
    add("--content-timeout", given.content,
        "For the reply to a header, their end, a chunk (--reading-timeout)");
    add("--end-of-message-timeout", given.end, "For each reply to the end of the message (300)");
    add("--writing-timeout", given.writing, "To send (10)");
    add("--all-timeouts", given.all, "All of them");
}

void settle_client(session_plan& plan, client_texts const& given) {
    try {
        plan.client = parse_client(plan.client.host, given.address);
    } catch (std::invalid_argument const& why) {
        throw std::invalid_argument(std::string("--connect-address: ") + why.what());
    }
}

proto::duration time_of(char const* name, std::string const& text) {
    auto const time = cli::parse_duration(text);
    if (!time)
        throw std::invalid_argument(std::string(name) + ": \"" + text +
                                    "\" is no time; examples: 10, 500ms, 2s");
    return *time;
}

void settle_timeouts(session_plan& plan, timeout_texts const& given, CLI::App const& app) {
    auto const pick = [&](char const* name, std::string const& own) {
        bool const said = app.get_option(name)->count() > 0;
        if (!said && !given.all.empty()) return time_of("--all-timeouts", given.all);
        return time_of(name, own);
    };
    auto& times = plan.protocol.timeouts;
    plan.connect_timeout = pick("--connection-timeout", given.connection);
    times.write = pick("--writing-timeout", given.writing);
    times.end_of_message = pick("--end-of-message-timeout", given.end);
    auto const reading = pick("--reading-timeout", given.reading);
    auto const either = [&](char const* name, std::string const& own) {
        return own.empty() ? reading : time_of(name, own);
    };
    times.negotiate = either("--negotiate-timeout", given.negotiate);
    times.command = either("--command-timeout", given.command);
    times.content = either("--content-timeout", given.content);
}

void settle_macros(session_plan& plan, macro_texts const& given) {
    auto const* list = given.of_stage;
    for (auto const& one : macro_options) {
        for (auto const& text : *list) plan.macros[one.stage].push_back(parse_macro(text));
        ++list;
    }
    auto& at_mail = plan.macros[wire::command_code::mail];
    if (!given.authenticated_name.empty())
        at_mail.emplace_back("{auth_authen}", given.authenticated_name);
    if (!given.authenticated_type.empty())
        at_mail.emplace_back("{auth_type}", given.authenticated_type);
    if (!given.authenticated_author.empty())
        at_mail.emplace_back("{auth_author}", given.authenticated_author);
}

} // namespace milter::test_server
