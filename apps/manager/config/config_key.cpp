// SPDX-License-Identifier: BSL-1.0
// manager/config/config_key.cpp - the table of keys, and what can be written from it alone
#include "manager/config/config_key.hpp"

#include "manager/config/config_number.hpp"
#include "manager/config/config_rule_key.hpp"

#include <iterator>

namespace milter::manager {

namespace {

using target = config_target;

constexpr std::uint64_t second = 1000; // ms
constexpr std::uint64_t hour = 3600 * second;
constexpr std::uint64_t kib = 1024;
constexpr std::uint64_t gib = kib * kib * kib;

constexpr range anything;
constexpr range wait{1, hour};
constexpr range pause{0, hour};
constexpr range budget{second, hour};
constexpr range idle{second, 24 * hour};
constexpr range count{1, 10'000'000};
constexpr range bytes{kib, gib};
constexpr range large{kib, 64 * gib};
constexpr range memory{0, 64 * gib};
constexpr range all_memory{kib * kib, 64 * gib};
constexpr range sessions{0, 1'000'000};

constexpr auto required = presence::required;

constexpr std::string_view default_macros_of(wire::macro_stage stage) {
    return default_macros[static_cast<std::size_t>(stage)];
}

template <wire::macro_stage Stage> field macros_of(target const& t) {
    return macro_names{&t.config->macros[static_cast<std::size_t>(Stage)]};
}

using wire::macro_stage;

// clang-format off
constexpr config_key own_rows[] = {
    {"listen", "socket", "", anything, "", "where the MTA connects to",
        [](target const& t) -> field { return spelled_socket{&t.listen->socket, &t.listen->spelled}; }, required},
    {"listen", "mode", "", anything, "as the umask gives it", "permissions of a unix socket",
        [](target const& t) -> field { return octal_mode{&t.listen->mode}; }},
    {"listen", "group", "", anything, "group of the process", "group of a unix socket",
        [](target const& t) -> field { return group_name{&t.listen->group}; }},
    {"listen", "profile", "", anything, "all milters, in the order of the file", "whose milters its mail goes through",
        [](target const& t) -> field { return profile_name{&t.listen->profile}; }},

    {"milter", "name", "", anything, "", "what logs and statistics call it; no other milter has it",
        [](target const& t) -> field { return milter_name{&t.milter->name}; }, required},
    {"milter", "description", "", anything, "none", "what it is there for, in words; for people alone",
        [](target const& t) -> field { return one_line{&t.milter->description}; }},
    {"milter", "socket", "", anything, "", "where it listens; each of a list will do",
        [](target const& t) -> field { return socket_list{&t.milter->sockets}; }, required},
    {"milter", "balance", "", anything, "", "which of several sockets a session tries first",
        [](target const& t) -> field { return &t.milter->balance; }},
    {"milter", "on_error", "", anything, "", "what becomes of a message when the milter fails",
        [](target const& t) -> field { return &t.milter->on_error; }},
    {"milter", "enabled", "", anything, "", "false: it is not asked, as if it did not stand here",
        [](target const& t) -> field { return &t.milter->enabled; }},
    {"milter", "mode", "", anything, "", "whether its verdicts count, or are compared only",
        [](target const& t) -> field { return &t.milter->mode; }},
    {"milter", "when", "", anything, "always", "the expression for which it runs",
        [](target const& t) -> field { return own_expression{&t.milter->when}; }},
    {"milter", "on_unknown", "", anything, "", "what it does when that will never be known",
        [](target const& t) -> field { return either{&t.milter->runs_if_unknown, "skip", "run"}; }},
    {"milter", "share", "", anything, "", "of the mail that it applies to; the rest it never sees",
        [](target const& t) -> field { return percentage{&t.milter->sample.share}; }},
    {"milter", "by", "", anything, "", "what is in the share as a whole or not at all",
        [](target const& t) -> field { return &t.milter->sample.by; }},
    {"milter", "read_only", "", anything, "", "it only judges: an edit of headers or body is a failure of it",
        [](target const& t) -> field { return &t.milter->read_only; }},
    {"milter", "concurrent", "", anything, "", "asked together with the milter before it at connect, helo, mail, data",
        [](target const& t) -> field { return &t.milter->concurrent; }},
    {"milter", "parallel_rcpt", "", anything, "", "asked together with the milter before it about each recipient",
        [](target const& t) -> field { return &t.milter->parallel_rcpt; }},
    {"milter", "late_rcpt_reject", "", anything, "", "what its refusal of a recipient means that the MTA has accepted before it joined",
        [](target const& t) -> field { return &t.milter->late_rcpt_reject; }},
    {"milter", "lenient", "", anything, "", "an edit that was not negotiated is left out instead of being a failure of it",
        [](target const& t) -> field { return &t.milter->lenient; }},
    {"milter", "max_sessions", "sessions", sessions, "", "connected to it at once; 0: any number",
        [](target const& t) -> field { return &t.milter->max_sessions; }},
    {"milter.timeout", "connect", "", wait, "", "until the connection stands",
        [](target const& t) -> field { return &t.milter->timeouts.connect; }},
    {"milter.timeout", "negotiate", "", wait, "", "for the answer to the negotiation",
        [](target const& t) -> field { return &t.milter->timeouts.negotiate; }},
    {"milter.timeout", "command", "", wait, "", "for the answer to connect, helo, mail, rcpt, data, unknown",
        [](target const& t) -> field { return &t.milter->timeouts.command; }},
    {"milter.timeout", "content", "", wait, "", "for the answer to a header, the end of headers, a piece of the body",
        [](target const& t) -> field { return &t.milter->timeouts.content; }},
    {"milter.timeout", "end_of_message", "", wait, "", "for each reply at the end of the message, progress included",
        [](target const& t) -> field { return &t.milter->timeouts.end_of_message; }},

    {"milter.breaker", "failures", "failures", {0, 1000}, "", "in a row, within the window: nobody waits for the socket; 0: never",
        [](target const& t) -> field { return &t.milter->breaker.failures; }},
    {"milter.breaker", "window", "", wait, "", "within which they happen",
        [](target const& t) -> field { return &t.milter->breaker.window; }},
    {"milter.breaker", "first_pause", "", wait, "", "until one session tries the socket again",
        [](target const& t) -> field { return &t.milter->breaker.first_pause; }},
    {"milter.breaker", "longest_pause", "", wait, "", "to which the pause doubles with each trial that fails",
        [](target const& t) -> field { return &t.milter->breaker.longest_pause; }},
    {"milter.breaker", "trial", "", wait, "", "after which another session may try, when nothing is heard of the one that does",
        [](target const& t) -> field { return &t.milter->breaker.trial; }},

    {"profile.NAME", "milters", "", anything, "", "names of the milters, in the order in which they are asked",
        [](target const& t) -> field { return name_list{&t.profile->milters}; }, required},
    {"profile.NAME", "serial", "", anything, "as [manager] has it", "one milter at a time is shown the message",
        [](target const& t) -> field { return &t.profile->serial; }},

    {"manager", "on_internal_error", "", anything, "", "what becomes of a message when the manager itself fails",
        [](target const& t) -> field { return &t.config->on_internal_error; }},
    {"manager", "command_budget", "", budget, "", "for all milters together to answer one command before the message",
        [](target const& t) -> field { return &t.config->command_budget; }},
    {"manager", "end_of_message_budget", "", budget, "", "for all milters together to judge the message at its end",
        [](target const& t) -> field { return &t.config->end_of_message_budget; }},
    {"manager", "negotiation_wait", "", wait, "", "for the milters to negotiate before the MTA gets its answer",
        [](target const& t) -> field { return &t.config->negotiation_wait; }},
    {"manager", "idle_timeout", "", idle, "", "until a silent MTA is hung up on",
        [](target const& t) -> field { return &t.config->idle_timeout; }},
    {"manager", "drain", "", pause, "", "for sessions to end by themselves after SIGTERM or drain",
        [](target const& t) -> field { return &t.config->drain; }},
    {"manager", "workers", "threads", {1, 256}, "", "threads that share the sessions",
        [](target const& t) -> field { return &t.config->workers; }},
    {"manager", "header_rules", "", anything, "", "whose habits govern header edits; auto: those of the MTA at hand",
        [](target const& t) -> field { return &t.config->header_rules; }},
    {"manager", "serial", "", anything, "", "one milter at a time is shown the message, also those that only judge",
        [](target const& t) -> field { return &t.config->serial; }},
    {"manager", "decision_log", "", anything, "", "file for one JSON line a message; \"-\": standard output",
        [](target const& t) -> field { return log_file{&t.config->decision_log}; }},

    {"control", "socket", "", anything, "no control socket", "where status, reload and drain are asked for; a unix socket",
        [](target const& t) -> field { return &t.config->control.socket; }},
    {"control", "mode", "", anything, "", "permissions of the control socket",
        [](target const& t) -> field { return octal_mode{&t.config->control.mode}; }},
    {"control", "group", "", anything, "group of the process", "group of the control socket",
        [](target const& t) -> field { return group_name{&t.config->control.group}; }},

    {"limits", "headers", "headers", count, "", "headers of one message",
        [](target const& t) -> field { return &t.config->limits.headers; }},
    {"limits", "header_bytes", "", bytes, "", "names and values of all headers of one message",
        [](target const& t) -> field { return byte_size{&t.config->limits.header_bytes}; }},
    {"limits", "recipients", "recipients", count, "", "recipients of one message",
        [](target const& t) -> field { return &t.config->limits.recipients; }},
    {"limits", "sessions", "sessions", {1, 1'000'000}, "", "MTA connections at once, of all listeners together",
        [](target const& t) -> field { return &t.config->limits.sessions; }},
    {"limits", "sessions_per_address", "sessions", sessions, "", "the same of one address, over TCP; 0: any number",
        [](target const& t) -> field { return &t.config->limits.sessions_per_address; }},
    {"limits", "memory", "", all_memory, "", "for bodies and headers of all messages together",
        [](target const& t) -> field { return byte_size{&t.config->limits.memory}; }},
    {"limits", "evaluation_memory", "", all_memory, "", "the same of all copies for milters in mode evaluate",
        [](target const& t) -> field { return byte_size{&t.config->limits.evaluation_memory}; }},
    {"limits", "edits", "edits", count, "", "changes that one milter may ask for in one message",
        [](target const& t) -> field { return &t.config->limits.edits.count; }},
    {"limits", "edit_bytes", "", bytes, "", "text of these changes, without a new body",
        [](target const& t) -> field { return byte_size{&t.config->limits.edits.bytes}; }},
    {"limits", "replacement_body", "", large, "", "body that one milter may put in place of the old one",
        [](target const& t) -> field { return byte_size{&t.config->limits.edits.body_bytes}; }},

    {"spool", "memory", "", memory, "", "part of a body kept in memory; a larger body goes to a file",
        [](target const& t) -> field { return byte_size{&t.config->spool.memory_bytes}; }},
    {"spool", "max", "", large, "", "largest body taken; beyond it on_internal_error holds",
        [](target const& t) -> field { return byte_size{&t.config->spool.max_bytes}; }},
    {"spool", "directory", "", anything, "", "where such a file is made; it has no name there",
        [](target const& t) -> field { return absolute_path{&t.config->spool.directory}; }},

    {"macros", "connect", "", anything, default_macros_of(macro_stage::connect),
        "macros the MTA is to send with the connection", macros_of<macro_stage::connect>},
    {"macros", "helo", "", anything, default_macros_of(macro_stage::helo),
        "macros for HELO and EHLO", macros_of<macro_stage::helo>},
    {"macros", "mail", "", anything, default_macros_of(macro_stage::mail),
        "macros for the sender", macros_of<macro_stage::mail>},
    {"macros", "rcpt", "", anything, default_macros_of(macro_stage::rcpt),
        "macros for each recipient", macros_of<macro_stage::rcpt>},
    {"macros", "data", "", anything, default_macros_of(macro_stage::data),
        "macros for DATA", macros_of<macro_stage::data>},
    {"macros", "end_of_headers", "", anything, default_macros_of(macro_stage::end_of_headers),
        "macros for the end of headers", macros_of<macro_stage::end_of_headers>},
    {"macros", "end_of_message", "", anything, default_macros_of(macro_stage::end_of_message),
        "macros for the end of the message", macros_of<macro_stage::end_of_message>},
};
// clang-format on

bool is_duration(field const& what) {
    return std::holds_alternative<proto::duration*>(what) ||
           std::holds_alternative<std::optional<proto::duration>*>(what) ||
           std::holds_alternative<own_duration>(what);
}

/// The unit of a field that carries it in its spelling.
std::string_view spelled_unit(field const& what) {
    if (is_duration(what)) return "ms, s, m, h";
    return std::holds_alternative<byte_size>(what) ? "bytes, KiB, MiB, GiB" : "";
}

/// "1 to 256", "1KiB to 1GiB"; empty when any value will do.
std::string range_text(field const& what, range allowed) {
    if (allowed.least == anything.least && allowed.most == anything.most) return {};
    auto const text = [&](std::uint64_t bound) {
        if (is_duration(what)) return duration_text(bound);
        return std::holds_alternative<byte_size>(what) ? size_text(bound) : std::to_string(bound);
    };
    return text(allowed.least) + " to " + text(allowed.most);
}

/// All rows, those of rules behind the others.
std::vector<config_key> joined_rows() {
    std::vector<config_key> rows(std::begin(own_rows), std::end(own_rows));
    for (auto const& row : config_rule_key_rows()) rows.push_back(row);
    return rows;
}

/// "[profile.inbound]", "[test.expect]"
std::string heading_in_file(config_key const& row, config_target const& from) {
    auto const& table = table_of_row(row.table);
    if (!table.name_of) return heading_of(row.table);
    return '[' + std::string(table.name) + '.' + to_toml(table.name_of(from)) + ']';
}

/// The keys of a table and of the tables below it.
void append_entry(std::string& out, config_table const& table, config_target const& from) {
    std::string_view last;
    bool const is_several = table.is != config_table::shape::only;
    for (auto const& row : config_key_rows()) {
        if (&table_of_row(row.table) != &table) continue;
        auto const value = to_toml(row.of(from));
        bool const is_first = last.empty() && is_several;
        if (value.empty() && !is_first) continue;
        if (row.table != last) (out += heading_in_file(row, from)) += '\n';
        last = row.table;
        if (!value.empty()) ((out += row.name) += " = ") += value + '\n';
    }
    if (!last.empty()) out += '\n';
}

} // namespace

std::span<config_key const> config_key_rows() {
    static auto const rows = joined_rows();
    return rows;
}

std::vector<config_key_text> config_keys() {
    std::vector<config_key_text> keys;
    config defaults;
    for (auto const& row : config_key_rows()) {
        auto const& table = table_of_row(row.table);
        auto const at = row.of(table.add ? table.add(defaults) : config_target{&defaults});
        auto value = to_toml(at);
        if (value.empty()) value = row.unset;
        if (row.needed == presence::required) value = "required";
        auto const unit = row.unit.empty() ? spelled_unit(at) : row.unit;
        keys.push_back({std::string(row.table) + '.' + std::string(row.name), type_of(at), value,
                        std::string(unit), range_text(at, row.allowed), std::string(row.help)});
    }
    return keys;
}

std::string to_toml(config what) {
    std::string out;
    for (auto const& table : config_tables())
        for (auto const& entry : entries_of(what, table.name)) append_entry(out, table, entry);
    return out;
}

} // namespace milter::manager
