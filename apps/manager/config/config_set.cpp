// SPDX-License-Identifier: BSL-1.0
// manager/config/config_set.cpp
#include "manager/config/config_set.hpp"

#include "manager/config/config_files.hpp"
#include "manager/config/printable.hpp"
#include "manager/config/set_table.hpp"
#include "manager/config/sqlite_set.hpp"
#include "manager/config/text_place.hpp"
#include "rule/lookup_table.hpp"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

namespace milter::manager {

namespace {

struct listed_entries {
    set_config::list set_config::*list;
    std::string_view key;
    rule::set_kind kind;
};

constexpr listed_entries lists[] = {
    {&set_config::cidr, "cidr", rule::set_kind::addresses},
    {&set_config::domains, "domains", rule::set_kind::domains},
    {&set_config::mail, "mail", rule::set_kind::mail},
    {&set_config::strings, "strings", rule::set_kind::text},
    {&set_config::hours, "hours", rule::set_kind::windows},
};

std::vector<std::string_view> views_of(std::vector<std::string> const& texts) {
    return {texts.begin(), texts.end()};
}

/// Of a place in bytes, in characters.
unsigned column_in(std::string_view text, std::size_t line, std::size_t bytes) {
    for (; line > 1; --line) text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
    unsigned column = 1;
    for (text = text.substr(0, bytes - 1); !text.empty(); ++column)
        text.remove_prefix(first_code_point(text).size);
    return column;
}

/// "sets/s.txt:2:2: "a b" is not a domain"
std::string in_one_line(config_problem problem) {
    problem.weight = problem_weight::error;
    problem.excerpt.clear();
    problem.hint.clear();
    return to_string(problem);
}

/// One set on its way from its source.
class set_reading {
public:
    using pointer = std::shared_ptr<rule::set const>;

    /// @param path  of its places: "set[3]"
    set_reading(set_config& what, std::string const& folder, std::string path,
                value_places const& places, problem_list& problems)
        : what_(what), folder_(folder), path_(std::move(path)), places_(places),
          problems_(problems) {}

    /// @return  null: there is none, which has been told
    pointer read() {
        auto const kind = kind_of(what_);
        if (!kind) return nullptr;
        for (auto const& one : lists)
            if (what_.*one.list) return read_list(*kind, one.key, *(what_.*one.list));
        if (!what_.file.empty()) return read_from_file(*kind);
        if (!what_.table.empty()) return read_from_table(*kind);
        return what_.query.empty() ? nullptr : read_from_sqlite(*kind);
    }

private:
    pointer read_list(rule::set_kind kind, std::string_view key,
                      std::vector<std::string> const& entries) {
        auto made = rule::parse_set(kind, views_of(entries));
        for (auto& one : made.problems) {
            auto const element = std::string(key) + '[' + std::to_string(one.line - 1) + ']';
            auto at = place_of(element);
            if (one.column > 1)
                at = place_in_text(problems_.text_of(at.file), at, one.column - 1,
                                   entries[one.line - 1].size() - (one.column - 1));
            problems_.error(at, std::string(key) + ": " + one.message, one.hint);
        }
        return shared(std::move(made));
    }

    pointer read_from_file(rule::set_kind kind) {
        auto const path = path_in(folder_, what_.file);
        std::string text;
        if (!read_text("file", path, text)) return nullptr;
        auto made = rule::parse_set_text(kind, text);
        if (made.problems.empty()) return shared(std::move(made));
        return tell(path, std::move(text), made.problems);
    }

    bool read_text(std::string const& key, std::string const& path, std::string& text) {
        what_.sources = {state_of(path)};
        if (auto const why = read_file(path, set_file_limit, text); !why.empty()) {
            cannot_read(key, path, why);
            return false;
        }
        if (text.size() <= set_file_limit) return true;
        cannot_read(key, path, "it is larger than 256 MiB");
        return false;
    }

    pointer tell(std::string const& path, std::string text, std::vector<rule::entry_problem>& all) {
        auto const number = problems_.add_source(path, std::move(text));
        for (auto& one : all)
            problems_.error({static_cast<unsigned>(one.line),
                             column_in(problems_.text_of(number), one.line, one.column), 1, number},
                            std::move(one.message), std::move(one.hint));
        return nullptr;
    }

    pointer read_from_table(rule::set_kind kind) {
        auto const source = table_source_of(what_.table);
        auto const path = path_in(folder_, source.path);
        auto const type = rule::parse_table_kind(source.type);
        std::string text;
        if (!type || !read_text("table", path, text)) return nullptr;
        auto made = rule::lookup_table::parse(*type, text, {what_.counts, rule::parent_keys::both});
        if (!made.value) return tell(path, std::move(text), made.problems);
        return std::make_shared<rule::set const>(kind, std::move(*made.value));
    }

    /// What was written last may stand in the log beside the database alone.
    pointer read_from_sqlite(rule::set_kind kind) {
        auto const path = path_in(folder_, what_.sqlite);
        what_.sources = {state_of(path), state_of(path + "-wal")};
        auto const rows = read_sqlite(path, what_.query);
        if (!rows.problem.empty() && !rows.is_of_query)
            return cannot_read("sqlite", path, rows.problem);
        if (!rows.problem.empty()) {
            problems_.error(place_of("query"), "query: " + rows.problem);
            return nullptr;
        }
        auto made = rule::parse_set(kind, views_of(rows.entries));
        for (auto const& one : made.problems)
            problems_.error(place_of("query"),
                            "query: row " + std::to_string(one.line) + ": " + one.message,
                            one.hint);
        return shared(std::move(made));
    }

    static pointer shared(rule::set_result made) {
        return made.value ? std::make_shared<rule::set const>(std::move(*made.value)) : nullptr;
    }

    pointer cannot_read(std::string const& key, std::string const& path, std::string const& why) {
        what_.is_unreadable = true;
        problems_.error(place_of(key), key + ": cannot read " + printable(path) + ": " + why);
        return nullptr;
    }

    /// A set that is read anew has no places any more.
    source_place place_of(std::string const& key) const {
        auto const found = places_.find(path_ + '.' + key);
        return found == places_.end() ? source_place{} : found->second;
    }

    set_config& what_;
    std::string const& folder_;
    std::string path_;
    value_places const& places_;
    problem_list& problems_;
};

} // namespace

std::optional<rule::set_kind> kind_of(set_config const& of) {
    for (auto const& one : lists)
        if (of.*one.list) return one.kind;
    if (of.kind || of.table.empty()) return of.kind;
    return table_source_of(of.table).type == "cidr" ? std::optional(rule::set_kind::addresses)
                                                    : std::nullopt;
}

void read_sets(config& what, value_places const& places, problem_list& problems) {
    for (std::size_t i = 0; i < what.named_sets.size(); ++i) {
        auto& one = what.named_sets[i];
        what.sets.push_back(
            set_reading(one, what.folder, "set[" + std::to_string(i) + ']', places, problems)
                .read());
        one.read_at = std::chrono::system_clock::now();
    }
}

changed_sets with_changed_sets(config const& what, unreadable_sets unreadable,
                               file_listener const& before) {
    changed_sets out{what, {}, {}};
    bool const tries_again = unreadable == unreadable_sets::too;
    value_places const nowhere;
    for (std::size_t i = 0; i < what.named_sets.size(); ++i) {
        auto& one = out.value.named_sets[i];
        if (before && !one.sources.empty()) before(one.sources.front().path);
        if (!has_changed(one) && !(tries_again && one.is_unreadable)) continue;
        one.is_unreadable = false;
        auto const name = "set " + one.name;
        problem_list problems({}, name);
        auto read = set_reading(one, what.folder, {}, nowhere, problems).read();
        auto const known = std::exchange(one.problem, {});
        for (auto& problem : problems.take()) {
            if (one.problem.empty()) one.problem = in_one_line(problem);
            if (one.is_unreadable && one.problem == known) continue; // has been told
            problem.weight = problem_weight::warning;
            problem.hint += (problem.hint.empty() ? "" : "; ") + ("the old set " + one.name) +
                            " stays in force";
            out.problems.push_back(std::move(problem));
        }
        if (!read) continue;
        one.read_at = std::chrono::system_clock::now();
        out.value.sets[i] = std::move(read);
        out.names.push_back(one.name);
    }
    return out;
}

} // namespace milter::manager
