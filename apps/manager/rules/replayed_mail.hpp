// SPDX-License-Identifier: BSL-1.0
// manager/rules/replayed_mail.hpp - the messages of a recorded session, as the rules of a configuration see them
//
//   replay(session, settings, lists, [](replayed_mail const& one) { ... });
//
// No milter is asked. Of one that would run it is known what it says when a conversation with a milter of its name was
// recorded in this session; else what rules ask about it is not known, and neither what depends on that.
#pragma once

#include "manager/core/config.hpp"
#include "manager/rules/mail_course.hpp"
#include "manager/rules/recorded_session.hpp"
#include "rule/ip.hpp"
#include <milter/proto/macros.hpp>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

/// Who is in lists in DNS, by zone; of zones that are not here nothing is known.
using listed_clients = std::map<std::string, std::vector<rule::ip>, std::less<>>;

/// Views die with the call.
struct replayed_mail {
    recorded_session const& session;
    std::size_t number = 0; ///< within the session, from 1
    std::string_view client_name;
    std::string_view client_address;
    std::string_view sender;
    bool is_whole = false; ///< its end was recorded
    mail_course const& course;
    std::vector<std::string_view> const&
        verdicts;                     ///< by milters of the configuration; empty: not recorded
    proto::macro_store const& macros; ///< as the MTA last sent them
};

/// @param settings  ready, see ready_rules.hpp; the mail comes in at its first listener
void replay(recorded_session const& session, config const& settings, listed_clients const& lists,
            std::function<void(replayed_mail const&)> const& each);

} // namespace milter::manager
