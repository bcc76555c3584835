// SPDX-License-Identifier: BSL-1.0
// manager/rules/given_text.hpp - facts of a mail as KEY=VALUE, with the keys that tests in the configuration have
//
//   client=203.0.113.9  recipients=a@x.org,b@y.org  header.Subject=hello  dnsbl.zen.spamhaus.org=true
#pragma once

#include "manager/core/config.hpp"

#include <string>
#include <vector>

namespace milter::manager {

struct given_mail_text {
    test_config mail;
    std::string problem; ///< lines about what is wrong; empty: nothing
};

/// @param settings  whose milters, lists and profiles may be named
given_mail_text mail_of(std::vector<std::string> const& given, config const& settings);

} // namespace milter::manager
