// SPDX-License-Identifier: BSL-1.0
// manager/config/sqlite_set.hpp - the entries of a set from a database of SQLite
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace milter::manager {

struct sqlite_limits {
    std::size_t rows = 5'000'000;
    std::size_t bytes = std::size_t{256} << 20; ///< of all entries together
    std::chrono::milliseconds time = std::chrono::seconds(10);
    std::chrono::milliseconds busy =
        std::chrono::seconds(1); ///< for others to let go of the database
};

struct sqlite_rows {
    std::vector<std::string> entries; ///< of the one column; NULL is left out
    std::string problem;              ///< why there are none; empty: there are
    bool is_of_query = true;          ///< the problem; else it is the file's
};

/// Opens the file for reading alone. Blocks, no longer than the limits say.
sqlite_rows read_sqlite(std::string const& path, std::string const& query,
                        sqlite_limits const& limits = {});

} // namespace milter::manager
