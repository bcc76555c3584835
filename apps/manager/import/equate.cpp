// SPDX-License-Identifier: BSL-1.0
// manager/import/equate.cpp - S=, F= and T= of a filter of Sendmail
#include "manager/config/printable.hpp"
#include "manager/import/filter_table.hpp"
#include "manager/import/spelling.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace milter::manager {

namespace {

// What Sendmail has by itself: milter.c, MI_TIMEOUT...
constexpr double usual_connect = 300; // C, seconds
constexpr double usual_short = 10;    // S and R, seconds
constexpr double usual_end = 300;     // E, seconds

struct filter_times {
    std::optional<double> connect, sending, reading, end; // seconds
};

void read_flags(std::string_view flags, unsigned line, imported_milter& into) {
    into.on_error = on_error::accept;
    for (char const flag : flags) {
        switch (flag) {
        case 'R': into.on_error = on_error::reject; break;
        case 'T': into.on_error = on_error::tempfail; break;
        case '4': into.on_error = on_error::shutdown; break;
        default:
            into.remarks.lost(line, "F=" + std::string(in_quotes(flags)) + " is not known",
                              "see whether on_error is what you want");
            return;
        }
    }
}

void read_time(std::string_view one, unsigned line, filter_times& times, imported_milter& into) {
    if (one.empty()) return;
    auto const value =
        one.size() > 2 && one[1] == ':' ? seconds_of(trimmed(one.substr(2))) : std::nullopt;
    auto* const to = one[0] == 'C'   ? &times.connect
                     : one[0] == 'S' ? &times.sending
                     : one[0] == 'R' ? &times.reading
                     : one[0] == 'E' ? &times.end
                                     : nullptr;
    if (!value || !to)
        return into.remarks.lost(line, "T=: no time: " + in_quotes(one),
                                 "the default of the manager holds");
    *to = value;
}

void place_times(filter_times const& times, unsigned line, imported_milter& into) {
    auto const differs = [](std::optional<double> const& value, double usual) {
        return value && *value != usual;
    };
    auto& to = into.timeouts;
    if (differs(times.connect, usual_connect))
        to.connect = taken_timeout(*times.connect, "T=C:", line, into.remarks);
    if (differs(times.end, usual_end)) {
        to.end_of_message = taken_timeout(*times.end, "T=E:", line, into.remarks);
        if (to.end_of_message)
            to.end_of_message = taken_end(*to.end_of_message, "T=E:", line, into.remarks);
    }
    if (!differs(times.sending, usual_short) && !differs(times.reading, usual_short)) return;
    // one that is not set is as usual, and may be the longer one
    auto const longer =
        std::max(times.sending.value_or(usual_short), times.reading.value_or(usual_short));
    to.content = taken_timeout(longer, "T=R:", line, into.remarks);
    to.command = to.content;
    if (to.command) to.command = std::min(*to.command, import_command_budget);
    into.remarks.note(line, "T=S: and T=R: became timeout.command and timeout.content",
                      to.command == to.content
                          ? "each is for the answer, and both got the longer one"
                          : "each is for the answer; a command has at most command_budget");
}

void read_times(std::string_view text, unsigned line, imported_milter& into) {
    filter_times times;
    while (!text.empty()) {
        auto const end = std::min(text.find(';'), text.size());
        read_time(trimmed(text.substr(0, end)), line, times, into);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    place_times(times, line, into);
}

void read_equate(std::string_view one, unsigned line, imported_milter& into) {
    auto const equals = one.find('=');
    auto const name = trimmed(one.substr(0, std::min(equals, one.size())));
    auto const value = equals == one.npos ? std::string_view{} : trimmed(one.substr(equals + 1));
    if (name == "S" && !value.empty())
        into.socket = socket_of(value, {{}, "/var/spool/mqueue", false}, line, into.remarks);
    else if (name == "F")
        read_flags(value, line, into);
    else if (name == "T")
        read_times(value, line, into);
    else if (!one.empty())
        into.remarks.lost(line, "no setting of a filter: " + in_quotes(one), "see what it is");
}

} // namespace

void read_equates(std::string_view equates, unsigned line, imported_milter& into) {
    into.on_error = on_error::accept; // without F= mail goes on
    bool has_socket = false;
    while (!equates.empty()) {
        auto const end = std::min(equates.find(','), equates.size());
        auto const one = trimmed(equates.substr(0, end));
        has_socket = has_socket || one.starts_with("S");
        read_equate(one, line, into);
        equates.remove_prefix(std::min(end + 1, equates.size()));
    }
    if (!has_socket)
        into.remarks.lost(line, "filter " + in_quotes(into.known_as) + " has no socket (S=)",
                          "write it, or take the milter out");
}

} // namespace milter::manager
