// SPDX-License-Identifier: BSL-1.0
// manager/config/config_table.hpp - the tables of the configuration: of which there are several, and in which files they stand
#pragma once

#include "manager/config/config_value.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace milter::manager {

/// What a row's field is taken from; all but config may be null for keys of other tables.
struct config_target {
    manager::config* config = nullptr;
    listen_config* listen = nullptr;
    milter_config* milter = nullptr;
    profile_config* profile = nullptr;
    rule::condition_text* condition = nullptr;
    rule::rule_text* rule = nullptr;
    set_config* set = nullptr;
    list_config* list = nullptr; ///< in DNS
    test_config* test = nullptr;
};

/// Which part of the configuration a file is, by its folder.
enum class file_part : unsigned char { main, milters, rules, local };

struct config_table {
    enum class shape : unsigned char {
        only,  ///< [manager]
        list,  ///< [[listen]]: several
        named, ///< [profile.NAME]: several, each with a name. Rows call it NAME.
    };
    enum class place : unsigned char { main_file, with_milters, with_rules };

    std::string_view name;
    shape is = shape::only;
    place stands = place::main_file;
    config_target (*add)(config&) = nullptr;          ///< one more of several
    field (*name_of)(config_target const&) = nullptr; ///< of those with a name
};

std::span<config_table const> config_tables() noexcept;

/// Null: there is none of this name.
config_table const* find_table(std::string_view name) noexcept;

/// Of rows below it, too: "profile.NAME", "milter.timeout".
config_table const& table_of_row(std::string_view row_table) noexcept;

bool may_stand_in(config_table const& table, file_part part) noexcept;

/// "milters.d", "rules.d", "local.d"
std::string_view folder_of(file_part part) noexcept;

/// Tables of which there may be several: [[listen]], [[milter]].
bool is_list_table(std::string_view table) noexcept;

/// Tables of which there may be several, each with a name: [profile.NAME].
bool is_named_table(std::string_view table) noexcept;

/// "[[listen]]", "[milter.timeout]"
std::string heading_of(std::string_view table);

/// All entries of a table that there are, in their order.
std::vector<config_target> entries_of(config& of, std::string_view table);

} // namespace milter::manager
