// SPDX-License-Identifier: BSL-1.0
// test-server/profile.hpp - how one MTA talks to milters: what it offers, its macros, its habits
//
// Data only, so that a file can say it too (profile_toml.hpp). Source: protocol.md 2 to 5; tests/apps/server_profile.cpp
// compares what a session says with captures of the real ones in corpora/.
#pragma once

#include <milter/message/headers.hpp>
#include <milter/proto/mta_session.hpp>

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace milter::test_server {

struct mta_profile {
    std::string name;  ///< "postfix-3.7"
    std::string about; ///< a line for --help
    wire::negotiate offer;
    proto::strictness how = proto::strictness::lenient;
    message::header_rules rules = message::header_rules::postfix;

    /// Names of those it sends at a stage by itself, separated by blanks.
    std::map<wire::command_code, std::string> macros;
    /// Values that do not depend on the mail, by name; {mail_mailer} and {rcpt_mailer} are among them.
    std::vector<std::pair<std::string, std::string>> values;

    bool macros_for_each_command =
        false; ///< also for headers, body and unknown commands, and if there are none
    bool id_with_sender = false; ///< macro i; else behind the first recipient that was accepted
    bool tags_ipv6 = false;      ///< "IPv6:2001:db8::1" in CONNECT
    bool aborts_each_message = false;   ///< also one that has ended
    bool aborts_before_quit = false;    ///< once more, if there was a HELO
    bool quits_with_the_refused = true; ///< also with a milter that accepted or refused the client
    bool skip_ends_headers = false;     ///< SKIP in answer to one
};

/// Those that are known by name, the default first.
std::vector<mta_profile> const& mta_profiles();

/// One of these. @throws std::invalid_argument
mta_profile const& find_profile(std::string_view name);

/// With the macros that administrators usually add, {client_*}, and those of an encrypted session.
mta_profile with_usual_macros(mta_profile base);

} // namespace milter::test_server
