// SPDX-License-Identifier: BSL-1.0
// manager/config/config_reader.hpp - from the trees of the files to a config, by the table of keys
//
// Nothing stops at the first error.
#pragma once

#include "manager/config/config_check.hpp"
#include "manager/config/config_table.hpp"

#include <map>
#include <string>

namespace milter::manager {

class config_reader {
public:
    config_reader(config& to, problem_list& problems) : config_(to), problems_(problems) {}

    /// What stands in it comes behind what was read before.
    void read(raw_node const& root, file_part part);

    value_places const& places() const noexcept { return places_; }
    /// The same of all keys that stand there, be their values refused.
    value_places const& keys() const noexcept { return keys_; }

private:
    void read_table_of_root(raw_node const& node, file_part part);
    void read_list(config_table const& table, raw_node const& node);
    void read_named(config_table const& table, raw_node const& node);
    void read_only(config_table const& table, raw_node const& node);
    void read_named_entry(config_table const& table, raw_node const& node);
    void read_element(config_table const& table, raw_node const& node);
    void note_test(config_target const& to, source_place at);
    void check_required(raw_node const& table, std::string_view rows, std::string const& heading);
    void read_keys(raw_node const& table, std::string const& rows, std::string const& path,
                   config_target const& to);
    void refuse_value_of_table(raw_node const& node, std::string const& rows,
                               std::string const& path);
    void read_inner_table(raw_node const& table, std::string const& rows, std::string const& path,
                          config_target const& to);
    void read_field(field const& to, range allowed, raw_node const& node, std::string const& path);
    void tell(complaint const& what, raw_node const& node);
    void note_places(raw_node const& node, std::string const& path);
    void unknown_key(raw_node const& node, std::string const& table);

    config& config_;
    problem_list& problems_;
    value_places places_;
    value_places keys_;
    std::map<std::string_view, std::size_t>
        counts_; ///< entries of tables of which there are several
};

} // namespace milter::manager
