// SPDX-License-Identifier: BSL-1.0
// manager/import/setup.hpp - what an administrator has now, whatever program he has it with
//
// Readers (show_config.hpp, postfix.hpp, sendmail.hpp) fill it in, finding.hpp looks for what does not fit together, and
// document.hpp writes it as a configuration. Nothing that was read is left out without a remark.
#pragma once

#include "manager/core/config.hpp"
#include <milter/endpoint.hpp>
#include <milter/proto/timeouts.hpp>

#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

inline constexpr std::size_t import_size_limit = 1 << 20; // bytes, as of a configuration
inline constexpr std::size_t import_milter_limit = 1000;
inline constexpr std::size_t import_remark_limit = 1000; // at one place; the rest is counted

/// A note is to be read, and loses nothing.
enum class remark_weight { lost, note };

struct remark {
    unsigned line = 0;  ///< from 1; 0: of the text as a whole
    std::string what;   ///< escaped, one line
    std::string advice; ///< the same
    remark_weight weight = remark_weight::lost;
};

/// Those about one place of the configuration.
class remark_list {
public:
    void lost(unsigned line, std::string what, std::string advice);
    void note(unsigned line, std::string what, std::string advice);

    std::vector<remark> const& entries() const noexcept { return entries_; }
    std::size_t left_out() const noexcept { return left_out_; } ///< beyond the limit
    bool loses_something() const noexcept;

private:
    void add(remark&& one);

    std::vector<remark> entries_;
    std::size_t left_out_ = 0;
};

/// Empty: as the manager has it by default.
struct imported_timeouts {
    std::optional<proto::duration> connect;
    std::optional<proto::duration> command;
    std::optional<proto::duration> content;
    std::optional<proto::duration> end_of_message;
};

struct imported_milter {
    std::string name;               ///< one that the configuration takes
    std::string known_as;           ///< there; the same, or another spelling
    unsigned line = 0;              ///< where it stands there
    std::string about_name;         ///< where the name is from, when it is not the one it had
    std::optional<endpoint> socket; ///< empty: it is written as a comment
    std::string description;
    manager::on_error on_error = manager::on_error::tempfail;
    imported_timeouts timeouts;
    bool enabled = true;
    bool evaluated = false;
    std::vector<std::string> when; ///< terms, all of which must hold
    remark_list remarks;
};

struct imported_listen {
    endpoint socket;
    std::optional<unsigned> mode;
    std::string group;
    std::string profile;
    std::vector<std::string> about; ///< what to tell the MTA; lines without "#"
    remark_list remarks;
};

/// A set of mail addresses, and a condition of the same name that asks it.
struct imported_accounts {
    std::string name;
    std::vector<std::string> accounts;
};

struct imported_profile {
    std::string name;
    std::vector<std::string> milters;
};

struct setup {
    bool understood = false; ///< something of the text was what it should be
    std::vector<imported_listen> listens;
    std::vector<imported_milter> milters; ///< in the order in which they are asked
    std::vector<imported_accounts> account_lists;
    std::vector<imported_profile> profiles;
    std::optional<imported_listen> control;
    std::optional<manager::on_internal_error> on_internal_error;
    std::optional<proto::duration> command_budget;
    std::optional<std::size_t> sessions;
    std::optional<unsigned> workers;
    std::array<std::string, wire::macro_stage_count> macros; ///< empty: by default
    std::map<std::string, std::set<std::string>>
        rules;                                  ///< files to copy, and the milters they are for
    std::map<std::string, remark_list> remarks; ///< by table; "": of the whole
};

/// Gives names that the configuration takes, each once.
class name_giver {
public:
    /// The name itself where it will do.
    std::string give(std::string_view wanted);

private:
    std::set<std::string, std::less<>> taken_;
};

/// A time that the configuration takes; what is not between 1 ms and 1 h is put there, with a remark.
std::optional<proto::duration> taken_timeout(double seconds, std::string_view what, unsigned line,
                                             remark_list& remarks);

/// The time for the end of a message, at most the manager's budget for it, with a note.
proto::duration taken_end(proto::duration value, std::string_view what, unsigned line,
                          remark_list& remarks);

/// Whether one of the remarks is more than a note.
bool loses_something(setup const& all);

} // namespace milter::manager
