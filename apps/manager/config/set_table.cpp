// SPDX-License-Identifier: BSL-1.0
// manager/config/set_table.cpp
#include "manager/config/set_table.hpp"

namespace milter::manager {

table_source table_source_of(std::string const& written) {
    auto const colon = written.find(':');
    return {written.substr(0, colon), written.substr(colon + 1)};
}

} // namespace milter::manager
