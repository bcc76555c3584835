// SPDX-License-Identifier: BSL-1.0
// manager/doctor/mta_spelling.hpp - sockets as Postfix has them in its settings
//
// smtpd and cleanup take the path of a unix socket from the queue directory: a relative one always, an absolute one when
// they run in a chroot there.
// Source: postconf(5) smtpd_milters; MILTER_README
#pragma once

#include "manager/postfix_settings.hpp"
#include <milter/endpoint.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milter::manager::doctor {

/// Elements of smtpd_milters or non_smtpd_milters as they stand, with their settings.
std::vector<std::string_view> items_in(std::string_view list);

/// Of an element; empty: it is no socket.
std::optional<endpoint> socket_in(std::string_view item);

/// That Postfix takes it: it has `inet` for IPv6, too, and no `inet6`. Source: milter8.c of Postfix, milter8_connect()
bool is_known_to_postfix(std::string_view item);

/// The sockets of smtpd_milters or non_smtpd_milters, without the settings of each; what is no socket is left out.
std::vector<endpoint> sockets_in(std::string_view list);

/// With the path as this machine has it.
endpoint outside_of_chroot(endpoint of_mta, postfix_settings const& postfix);

/// Whether who connects to `to` comes to who listens on `at`.
bool leads_to(endpoint const& to, endpoint const& at);

/// What smtpd_milters is to say; empty: from within the chroot there is no way to it.
std::optional<std::string> spelling_for(endpoint const& listener, postfix_settings const& postfix);

/// "postconf" or "postfix", with the folder of the configuration where that is not the system's.
std::string postfix_command(std::string_view program, postfix_settings const& postfix);

/// Commands that give a parameter of main.cf this value.
std::vector<std::string> lines_to_set(std::string const& parameter, std::string const& value,
                                      postfix_settings const& postfix);

/// "/var/spool/postfix/"
std::string queue_folder(postfix_settings const& postfix);

} // namespace milter::manager::doctor
