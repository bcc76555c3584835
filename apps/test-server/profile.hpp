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

/// What the SMTP client hears.
struct reply_habits {
    std::string reject = "550 5.7.1 Command rejected";
    std::string reject_early = reject;   ///< to MAIL: a client refused at CONNECT or HELO
    std::string reject_content = reject; ///< after the dot
    std::string tempfail = "451 4.7.1 Service unavailable - try again later";
    std::string shutdown = "421 4.7.0 Service unavailable - try again later";
    bool drops_the_malformed =
        true; ///< a milter whose text is no SMTP reply; else the text is replaced
    bool replaces_lone_percent = false; ///< the whole text; else it is left out
    bool names_the_address = false;     ///< before the text of MAIL and RCPT
};

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

    reply_habits replies;
    std::size_t longest_header = 0; ///< bytes shown of one, name included, in whole lines; 0: all
    std::size_t most_headers = 0;   ///< bytes of all in a message: with more it is refused; 0: any
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
