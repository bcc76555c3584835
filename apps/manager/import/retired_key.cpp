// SPDX-License-Identifier: BSL-1.0
// manager/import/retired_key.cpp - the tables of what is not there any more
#include "manager/import/retired_key.hpp"

namespace milter::manager {

namespace {

constexpr auto lost = remark_weight::lost;
constexpr auto note = remark_weight::note;

constexpr std::string_view unit = "User= and Group= of the systemd unit take its place";
constexpr std::string_view foreground =
    "the manager runs in the foreground, and systemd or another supervisor minds it";
constexpr std::string_view messages =
    "messages go to standard error, and what became of mail to [manager] decision_log";
constexpr std::string_view nothing = "nothing has to be set for that here";
constexpr std::string_view stale =
    "the file of a socket that nobody listens on is removed, no other";
constexpr std::string_view checker = "there is no check of whether the client is still connected";

// clang-format off
constexpr retired_key keys[] = {
    {"package.", "", note, "milters are not looked for: those that were found are listed"},
    {"security.privilege_mode", "false|nil", note, "the manager needs no privileges, and starts no milters as yet"},
    {"security.", "nil", note, unit},
    {"log.level", "nil|default", note, messages},
    {"log.path", "nil", note, messages},
    {"log.use_syslog", "true|nil", note, messages},
    {"log.syslog_facility", "mail|nil", note, messages},
    {"manager.remove_unix_socket_on_create", "true", note, stale},
    {"manager.remove_unix_socket_on_close", "true", note, stale},
    {"manager.daemon", "false", note, foreground},
    {"manager.pid_file", "nil", note, foreground},
    {"manager.maintenance_interval", "10|nil", note, nothing},
    {"manager.suspend_time_on_unacceptable", "5", note, "sessions beyond the limit are answered at once"},
    {"manager.max_file_descriptors", "0", note, "as many as LimitNOFILE= of the systemd unit allows"},
    {"manager.custom_configuration_directory", "nil", note, "there is one file; what was set by the controller is in it if --show-config had it"},
    {"manager.fallback_status_at_disconnect", "temporary-failure", lost, checker},
    {"manager.event_loop_backend", "glib|libev", note, nothing},
    {"manager.packet_buffer_size", "0", note, nothing},
    {"manager.connection_check_interval", "0", lost, checker},
    {"manager.chunk_size", "65535", note, nothing},
    {"manager.max_pending_finished_sessions", "0", note, nothing},
    {"controller.remove_unix_socket_on_create", "true", note, stale},
    {"controller.remove_unix_socket_on_close", "true", note, stale},
    {"database.", "nil", lost, "rules ask sets: [set.NAME] with sqlite and query reads a database of SQLite; write what another one was asked for to a file"},
};

constexpr retired_key calls[] = { // of a call; only name and what to do
    {"s25r.", "", lost, "put it into the copy of rules/s25r.toml"},
    {"remote_network.", "", lost, "put it into the copy of rules/remote-network.toml"},
    {"dnsbl.", "", lost, "put it into the copy of rules/dnsbl.toml"},
    {"trust.", "", lost, "put it into the copy of rules/trust.toml"},
    {"stress.", "", lost, "put it into the copy of rules/stress.toml"},
    {"restrict_accounts", "", lost, "put the accounts into the copy of rules/restrict-accounts.toml, and `when = \"accounts_some_listed\"` to its milters"},
    {"load", "", lost, "other files are not read: import the output of milter-manager --show-config"},
    {"database.", "", lost, "rules ask sets: [set.NAME] with sqlite and query, or a file"},
    {"manager.use_netstat_connection_checker", "", lost, checker},
    {"manager.define_connection_checker", "", lost, checker},
    {"manager.report_memory_statistics", "", note, "`milter-manager status` shows the memory"},
};
// clang-format on

bool is_named(std::string_view row, std::string_view name) noexcept {
    return row.ends_with('.') ? name.starts_with(row) : name == row;
}

} // namespace

retired_key const* find_retired_key(std::string_view name) noexcept {
    for (auto const& one : keys)
        if (is_named(one.name, name)) return &one;
    return nullptr;
}

std::string_view advice_for_call(std::string_view name) noexcept {
    for (auto const& one : calls)
        if (name.starts_with(one.name)) return one.instead;
    return "see what it did, and write it yourself";
}

std::string spelled(ruby_value const& value) {
    switch (value.what) {
    case ruby_value::kind::nothing: return "nil";
    case ruby_value::kind::truth: return value.truth ? "true" : "false";
    case ruby_value::kind::list: return "a list";
    default: return value.text;
    }
}

bool is_usual(retired_key const& key, ruby_value const& value) {
    auto usual = key.usual;
    auto const text = spelled(value);
    while (!usual.empty()) {
        auto const end = std::min(usual.find('|'), usual.size());
        if (usual.substr(0, end) == text) return true;
        usual.remove_prefix(std::min(end + 1, usual.size()));
    }
    return false;
}

} // namespace milter::manager
