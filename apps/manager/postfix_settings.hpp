// SPDX-License-Identifier: BSL-1.0
// manager/postfix_settings.hpp - what the Postfix of this machine is set to, as far as it concerns milters and load
//
// `postconf` is asked, which knows the defaults and replaces what stands for something else, in main.cf and in master.cf.
// A service of master.cf may have settings of its own (-o): of those only lists of milters are looked at.
// Source: postconf(1), postconf(5), master(5), Postfix 3.7
#pragma once

#include "manager/program_output.hpp"
#include <milter/proto/timeouts.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

/// What Postfix sends for a macro that has no value, where the macro is listed or asked for.
struct macro_default {
    std::string name; ///< as tidy_macros() has it
    std::string value;
};

/// Milters that a service of master.cf has in place of those of main.cf.
struct milters_of_service {
    std::string service; ///< its name: "submission"
    std::string list;    ///< not empty
};

struct postfix_settings {
    bool found = false;           ///< else nothing below is known
    std::string problem;          ///< why not
    std::string config_directory; ///< that was asked for; empty: that of the system

    /// Of the smtpd that takes mail from others: of port smtp, or the one behind postscreen; of all addresses together
    /// where the port is served on several. 0: without a limit, or there is none.
    unsigned smtpd_process_limit = 0;

    /// Names as `[macros]` has them, with a blank between two: connect, helo, mail, rcpt, data, end of headers, end of
    /// message.
    std::array<std::string, 7> milter_macros;
    std::vector<macro_default> macro_defaults;
    proto::duration milter_connect_timeout{}; ///< 0: not known, as are the next two
    proto::duration milter_command_timeout{};
    proto::duration milter_content_timeout{};
    std::string milter_protocol;
    std::string milter_default_action;
    std::string smtpd_milters;
    std::string non_smtpd_milters;
    std::uint64_t message_size_limit = 0;    ///< bytes; 0: none
    std::uint64_t smtpd_recipient_limit = 0; ///< 0: not known
    std::string queue_directory;             ///< empty: not known
    std::string mail_owner;                  ///< as whom smtpd and cleanup run; empty: not known
    bool smtpd_in_chroot = false;            ///< some smtpd that takes mail from others
    std::vector<milters_of_service> service_milters; ///< smtpd_milters, of each smtpd
    std::vector<milters_of_service> cleanup_milters; ///< non_smtpd_milters, of each cleanup
};

struct postfix_query {
    std::string postconf;         ///< path of the program; empty: found by its name
    std::string config_directory; ///< empty: that of the system
    program_limits limits;        ///< of each of two runs; half of the time is for each
};

/// Asks; for a start or a reload. Blocks for `limits.time` at most, 5 s, if postconf does not answer; it takes 20 ms to 100 ms.
postfix_settings read_postfix_settings(postfix_query const& query = {});

/// Sessions at which Postfix is about to be short of processes: 75 % of smtpd_process_limit; 0: not known.
unsigned stress_threshold(postfix_settings const& settings) noexcept;

// ---- its parts

/// @param parameters  lines `name = value`, of `postconf -x`
void read_parameters(std::string_view parameters, postfix_settings& into);

/// @param services  lines of `postconf -M -x`
/// @param default_limit  for a service that does not say
/// @return as postfix_settings::smtpd_process_limit
unsigned smtpd_process_limit(std::string_view services, unsigned default_limit);

/// @param services  lines of `postconf -M -x`: chroot of smtpd, milters of smtpd and cleanup
void read_services(std::string_view services, postfix_settings& into);

/// `30s`, `2m`, `5`: a number of seconds unless a unit says s, m, h, d or w.
std::optional<proto::duration> parse_postfix_time(std::string_view text);

/// Braces around names of several letters, none around one letter, one blank between two; nothing twice.
std::string tidy_macros(std::string_view names);

/// @param list  milter_macro_defaults; what is none is left out
std::vector<macro_default> parse_macro_defaults(std::string_view list);

} // namespace milter::manager
