// SPDX-License-Identifier: BSL-1.0
// manager/config/set_table.hpp - sets from the tables of Postfix
#pragma once

#include "manager/config/config_problem.hpp"
#include "manager/core/config.hpp"

#include <memory>
#include <string>

namespace milter::manager {

/// "cidr:/etc/postfix/clients" as its type and path.
struct table_source {
    std::string type;
    std::string path; ///< as it is written
};

table_source table_source_of(std::string const& written);

} // namespace milter::manager
