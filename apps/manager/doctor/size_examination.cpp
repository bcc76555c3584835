// SPDX-License-Identifier: BSL-1.0
// manager/doctor/size_examination.cpp - whether the manager takes what Postfix takes
#include "manager/core/unit_text.hpp"
#include "manager/doctor/examination.hpp"
#include "manager/doctor/mta_spelling.hpp"

#include <string>

namespace milter::manager::doctor {

namespace {

constexpr std::uint64_t mib = 1 << 20;

std::string_view meaning_of(on_internal_error what) {
    switch (what) {
    case on_internal_error::tempfail: return "for now, again and again";
    case on_internal_error::reject: return "for good";
    case on_internal_error::shutdown:
        return "for now, again and again, and the client is hung up on";
    }
    return {};
}

std::string refused(config const& by) {
    return "what is beyond is refused " + std::string(meaning_of(by.on_internal_error)) +
           " (on_internal_error)";
}

std::vector<std::string> key(std::string_view table, std::string line) {
    return {"# [" + std::string(table) + "] in milter-manager.toml:", std::move(line)};
}

/// Up to a whole number of MiB.
std::string at_least(std::uint64_t bytes) { return size_text((bytes + mib - 1) / mib * mib); }

void examine_message(facts const& what, finding_list& to) {
    auto const limit = what.postfix.message_size_limit;
    auto const most = what.settings->spool.max_bytes;
    if (limit == 0)
        return to.add(weight::warning,
                      "Postfix takes messages of any size, [spool] max is " + size_text(most),
                      refused(*what.settings),
                      lines_to_set("message_size_limit", std::to_string(most), what.postfix));
    if (limit > most)
        return to.add(weight::warning,
                      "message_size_limit of Postfix, " + std::to_string(limit) +
                          ", is above [spool] max " + size_text(most),
                      refused(*what.settings), key("spool", "max = \"" + at_least(limit) + '"'));
    to.add(weight::right, "[spool] max " + size_text(most) +
                              " holds message_size_limit of Postfix, " + std::to_string(limit));
}

void examine_recipients(facts const& what, finding_list& to) {
    auto const limit = what.postfix.smtpd_recipient_limit;
    auto const most = what.settings->limits.recipients;
    if (limit > most)
        to.add(weight::warning,
               "smtpd_recipient_limit of Postfix, " + std::to_string(limit) +
                   ", is above [limits] recipients " + std::to_string(most),
               refused(*what.settings), key("limits", "recipients = " + std::to_string(limit)));
}

void examine_sessions(facts const& what, finding_list& to) {
    auto const processes = what.postfix.smtpd_process_limit;
    auto const most = what.settings->limits.sessions;
    if (processes > most)
        to.add(
            weight::warning,
            "Postfix may run " + std::to_string(processes) + " smtpd, [limits] sessions is " +
                std::to_string(most),
            "those beyond find the manager failed: milter_default_action says what becomes of mail",
            key("limits", "sessions = " + std::to_string(std::uint64_t{processes} * 2)));
}

} // namespace

std::vector<finding> examine_sizes(facts const& what) {
    finding_list found("sizes");
    if (!what.postfix.found) return {};
    examine_message(what, found);
    examine_recipients(what, found);
    examine_sessions(what, found);
    return found.take();
}

} // namespace milter::manager::doctor
