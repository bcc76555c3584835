// SPDX-License-Identifier: BSL-1.0
// manager/config/set_status.cpp
#include "manager/config/set_status.hpp"

#include "manager/config/config_rule_value.hpp"

namespace milter::manager {

namespace {

std::string_view source_of(set_config const& one) noexcept {
    if (!one.file.empty()) return "file";
    if (!one.table.empty()) return "table";
    return one.sqlite.empty() ? "list" : "sqlite";
}

std::string const& file_of(set_config const& one) noexcept {
    if (!one.file.empty()) return one.file;
    return one.table.empty() ? one.sqlite : one.table;
}

bool is_read_from(set_config const& one, std::string_view path) noexcept {
    return !path.empty() && !one.sources.empty() && one.sources.front().path == path;
}

} // namespace

std::vector<set_status> sets_of(config const& settings, std::string_view overdue) {
    std::vector<set_status> all;
    for (std::size_t i = 0; i < settings.named_sets.size(); ++i) {
        auto const& one = settings.named_sets[i];
        auto const& made = settings.sets[i];
        all.push_back({one.name, name_of(made->kind()), source_of(one), file_of(one), made->size(),
                       one.read_at,
                       is_read_from(one, overdue) ? "the reading of its file does not come back"
                                                  : one.problem});
    }
    return all;
}

} // namespace milter::manager
