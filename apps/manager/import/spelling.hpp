// SPDX-License-Identifier: BSL-1.0
// manager/import/spelling.hpp - sockets, times, macros and words for failures as other programs spell them, put as here
//
// Source: protocol.md section 7; postconf(5); sendmail cf/README; libmilter smfi_setconn.
#pragma once

#include "manager/import/setup.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace milter::manager {

/// Whose spelling it is, and so what a missing host or a relative path stands for.
struct socket_habits {
    std::string host;      ///< of `inet:PORT`; empty: it has to be there
    std::string directory; ///< of a relative path; empty: it has to be absolute
    bool is_postfix =
        false; ///< paths have a scheme, and absolute ones may begin in that directory, too
};

/// Where to connect to. Empty with a remark when it cannot be read; what was assumed is remarked, too.
std::optional<endpoint> socket_of(std::string_view text, socket_habits const& habits, unsigned line,
                                  remark_list& remarks);

/// Where to listen, as libmilter spells it: without a host on all addresses, with a remark.
std::optional<endpoint> listener_of(std::string_view text, unsigned line, remark_list& remarks);

/// "30s", "1h30m", "10": in seconds; days and weeks, too. Empty when it is no time.
std::optional<double> seconds_of(std::string_view text);

/// "accept", "tempfail", "temporary-failure", "reject", "quarantine", "shutdown"
std::optional<on_error> on_error_of(std::string_view word) noexcept;

/// "i, {auth_type}" as the configuration takes it. Empty: as by default, or not to be read, with a remark.
/// @param default_names  which are not written out
std::string macros_of(std::string_view names, std::string_view default_names, std::string_view what,
                      unsigned line, remark_list& remarks);

/// Without blanks, tabs and line ends on both sides.
std::string_view trimmed(std::string_view text) noexcept;

} // namespace milter::manager
