// SPDX-License-Identifier: BSL-1.0
// manager/config/sqlite_set.cpp - the only file that includes sqlite3.h
//
// A query may read tables and call functions, and nothing else: the authorizer refuses what would write, attach other
// files or set options, whatever the database was opened for.
// Source: https://sqlite.org/c3ref/intro.html
#include "manager/config/sqlite_set.hpp"

#include "manager/config/printable.hpp"

#include <sqlite3.h>

#include <memory>

namespace milter::manager {

namespace {

using steady = std::chrono::steady_clock;

struct closer {
    void operator()(sqlite3* one) const noexcept { sqlite3_close(one); }
    void operator()(sqlite3_stmt* one) const noexcept { sqlite3_finalize(one); }
};
using database = std::unique_ptr<sqlite3, closer>;
using statement = std::unique_ptr<sqlite3_stmt, closer>;

constexpr int longest_value = 1 << 20; // bytes, of anything that it computes

int only_reading(void*, int action, char const*, char const*, char const*, char const*) {
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_FUNCTION:
    case SQLITE_RECURSIVE: return SQLITE_OK;
    default: return SQLITE_DENY;
    }
}

int is_too_late(void* deadline) {
    return steady::now() >= *static_cast<steady::time_point const*>(deadline) ? 1 : 0;
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n;") == text.npos; }

class reader {
public:
    explicit reader(sqlite_limits const& limits)
        : limits_(limits), deadline_(steady::now() + limits.time) {}

    sqlite_rows read(std::string const& path, std::string const& query) && {
        if (open(path) && prepare(query)) step();
        return std::move(out_);
    }

private:
    bool open(std::string const& path) {
        sqlite3* made = nullptr;
        // A name of another kind than a path is none of ours.
        auto const plain = path.starts_with("file:") || path.starts_with(':') ? "./" + path : path;
        int const status = sqlite3_open_v2(
            plain.c_str(), &made, SQLITE_OPEN_READONLY | SQLITE_OPEN_PRIVATECACHE, nullptr);
        db_.reset(made);
        if (status != SQLITE_OK) return fail_of_file(sqlite3_errstr(status));
        sqlite3_busy_timeout(db_.get(), static_cast<int>(limits_.busy.count()));
        sqlite3_db_config(db_.get(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
        sqlite3_limit(db_.get(), SQLITE_LIMIT_LENGTH, longest_value);
        sqlite3_set_authorizer(db_.get(), only_reading, nullptr);
        constexpr int steps = 1000; // of SQLite's machine, between looks at the clock
        sqlite3_progress_handler(db_.get(), steps, is_too_late, &deadline_);
        return true;
    }

    bool prepare(std::string const& query) {
        sqlite3_stmt* made = nullptr;
        char const* rest = nullptr;
        int const status = sqlite3_prepare_v2(db_.get(), query.data(),
                                              static_cast<int>(query.size()), &made, &rest);
        statement_.reset(made);
        if (status != SQLITE_OK) return fail_of_status(status);
        if (!made) return fail("the query is empty");
        if (sqlite3_stmt_readonly(made) == 0) return fail_of_status(SQLITE_AUTH);
        if (!is_blank({rest, static_cast<std::size_t>(query.data() + query.size() - rest)}))
            return fail("one query is asked, not several");
        int const columns = sqlite3_column_count(made);
        if (columns != 1)
            return fail("the query gives " + std::to_string(columns) +
                        " columns, and a set takes one");
        return true;
    }

    bool step() {
        std::size_t bytes = 0;
        for (;;) {
            int const status = sqlite3_step(statement_.get());
            if (status == SQLITE_DONE) return true;
            if (status != SQLITE_ROW) return fail_of_status(status);
            auto const* text = sqlite3_column_text(statement_.get(), 0);
            if (!text) continue;
            auto const size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), 0));
            bytes += size;
            if (out_.entries.size() == limits_.rows)
                return fail("more than " + std::to_string(limits_.rows) + " rows");
            if (bytes > limits_.bytes)
                return fail("rows of more than " + std::to_string(limits_.bytes) + " bytes");
            out_.entries.emplace_back(reinterpret_cast<char const*>(text), size);
        }
    }

    bool fail_of_status(int status) {
        if (status == SQLITE_INTERRUPT)
            return fail("no answer within " + std::to_string(limits_.time.count()) + " ms");
        if (status == SQLITE_AUTH) return fail("a query only reads: SELECT ...");
        auto const text = std::string(sqlite3_errmsg(db_.get()));
        bool const is_of_file = status == SQLITE_NOTADB || status == SQLITE_CANTOPEN ||
                                status == SQLITE_CORRUPT || status == SQLITE_IOERR;
        return is_of_file ? fail_of_file(text) : fail(printable(text));
    }

    bool fail(std::string why) {
        out_.entries.clear();
        out_.problem = std::move(why);
        return false;
    }

    bool fail_of_file(std::string const& why) {
        out_.is_of_query = false;
        return fail(printable(why));
    }

    sqlite_limits const& limits_;
    steady::time_point deadline_;
    database db_;
    statement statement_;
    sqlite_rows out_;
};

} // namespace

sqlite_rows read_sqlite(std::string const& path, std::string const& query,
                        sqlite_limits const& limits) {
    return reader(limits).read(path, query);
}

} // namespace milter::manager
