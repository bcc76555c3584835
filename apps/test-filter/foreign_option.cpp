// SPDX-License-Identifier: BSL-1.0
// test-filter/foreign_option.cpp - options of the older milter-test-client that have no place here, and what does it
#include "test-filter/foreign_option.hpp"

namespace milter::test_filter {

namespace {

struct row {
    std::string_view name;
    std::string_view instead;
};

constexpr std::string_view background =
    "it stays in the foreground; in the background: milter-test-filter ... &, or systemd-run";
constexpr std::string_view other_user =
    "it runs as whoever starts it: setpriv --reuid=USER --regid=GROUP --init-groups "
    "milter-test-filter ...";
constexpr std::string_view output =
    "events go to standard output: --quiet, --verbose or --json, and redirect it; to syslog: | "
    "logger -t milter-test-filter";
constexpr std::string_view no_need = "nothing of that kind is to be set: leave it out";

constexpr row rows[] = {
    {"--daemon", background},
    {"--no-daemon", no_need},
    {"--pid-file", "the shell knows its id: milter-test-filter ... & echo $! > FILE"},
    {"--user", other_user},
    {"--user-id", other_user},
    {"--user-name", other_user},
    {"-u", other_user},
    {"--group", other_user},
    {"--group-id", other_user},
    {"--group-name", other_user},
    {"-g", other_user},
    {"--socket-group-name", "it is called --unix-socket-group"},
    {"--spec", "it is called --socket"},
    {"--log-level", output},
    {"--log-path", output},
    {"--syslog", output},
    {"--syslog-facility", output},
    {"--n-workers", no_need},
    {"--event-loop-backend", no_need},
    {"--packet-buffer-size", no_need},
    {"--max-pending-finished-sessions", no_need},
    {"--report-memory-profile", "ask the system: ps -o rss= -p PID"},
    {"--help-all", "it is called --help"},
    {"--help-milter", "it is called --help"},
};

} // namespace

std::string_view instead_of(std::string_view option) noexcept {
    auto const name = option.substr(0, option.find('='));
    for (auto const& one : rows)
        if (one.name == name) return one.instead;
    return {};
}

} // namespace milter::test_filter
