// SPDX-License-Identifier: BSL-1.0
// manager/import/account_list.hpp - the accounts that the older manager writes into the name of a condition
//
//   "Restrict Accounts by List: [\"boss@example.com\", /@example\\.org\\z/]"
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

struct account_list {
    std::vector<std::string>
        accounts; ///< addresses and /pattern/, as a set of mail addresses takes them
    std::vector<std::string> unread; ///< what is neither, as it stands
};

bool is_account_list(std::string_view condition) noexcept;

/// @param condition  its name; is_account_list()
account_list accounts_in(std::string_view condition);

} // namespace milter::manager
