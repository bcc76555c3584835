// SPDX-License-Identifier: BSL-1.0
// manager/import/egg.hpp - one `define_milter` of the older manager, which calls it an egg
#pragma once

#include "manager/import/ruby_text.hpp"
#include "manager/import/setup.hpp"

#include <optional>
#include <string>
#include <vector>

namespace milter::manager {

/// Filled in statement by statement, then hatched.
class egg {
public:
    egg(std::string name, unsigned line) : known_as_(std::move(name)), line_(line) {}

    std::string const& known_as() const noexcept { return known_as_; }

    /// @param key  "connection_spec", without the variable of the block
    void take(std::string_view key, ruby_statement const& one);

    /// A statement that is no setting of a milter.
    void refuse(ruby_statement const& one);

    /// Defined once more, further down.
    void move_to(unsigned line);

    /// @param is_privileged  the manager was to start milters
    imported_milter hatch(name_giver& names, bool is_privileged, setup& into) const;

private:
    struct told {
        std::string text;
        unsigned line = 0;
    };
    struct wait {
        double seconds = 0;
        unsigned line = 0;
    };
    using setter = void (egg::*)(ruby_value const&, unsigned);
    struct row;
    static row const rows[];

    void set_socket(ruby_value const& value, unsigned line);
    void set_description(ruby_value const& value, unsigned line);
    void set_enabled(ruby_value const& value, unsigned line);
    void set_fallback(ruby_value const& value, unsigned line);
    void set_evaluation(ruby_value const& value, unsigned line);
    void set_conditions(ruby_value const& value, unsigned line);
    void add_conditions(ruby_value const& value, unsigned line);
    void set_connect(ruby_value const& value, unsigned line);
    void set_writing(ruby_value const& value, unsigned line);
    void set_reading(ruby_value const& value, unsigned line);
    void set_end(ruby_value const& value, unsigned line);
    void set_command(ruby_value const& value, unsigned line);

    bool truth(ruby_value const& value, bool otherwise, std::string_view key, unsigned line);
    std::optional<wait> time(ruby_value const& value, double usual, std::string_view key,
                             unsigned line);
    void place_times(imported_milter& into) const;
    void place_conditions(imported_milter& into, setup& all) const;
    static void place_accounts(told const& condition, imported_milter& into, setup& all);
    void place_command(imported_milter& into, bool is_privileged) const;

    std::string known_as_;
    unsigned line_;
    told socket_;
    std::string description_;
    manager::on_error on_error_ =
        manager::on_error::accept; // what the older manager does by itself
    bool enabled_ = true;
    bool evaluated_ = false;
    std::vector<told> conditions_;
    std::optional<wait> connect_, writing_, reading_, end_; // empty: by default
    told command_;
    remark_list remarks_;
};

} // namespace milter::manager
