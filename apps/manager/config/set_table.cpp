// SPDX-License-Identifier: BSL-1.0
// manager/config/set_table.cpp
#include "manager/config/set_table.hpp"

namespace milter::manager {

table_source table_source_of(std::string const& written) {
    auto const colon = written.find(':');
    return {written.substr(0, colon), written.substr(colon + 1)};
}

std::shared_ptr<rule::set const> read_table(set_config const&, rule::set_kind, std::string const&,
                                            source_place at, problem_list& problems) {
    problems.error(at, "table: tables of Postfix are not supported yet",
                   "write the entries into a file with an entry a line");
    return nullptr;
}

} // namespace milter::manager
