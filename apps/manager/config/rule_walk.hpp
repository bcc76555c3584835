// SPDX-License-Identifier: BSL-1.0
// manager/config/rule_walk.hpp - the rules asked about a given mail, stage by stage, until everything is decided
#pragma once

#include "manager/config/given_mail.hpp"
#include "manager/config/rule_test.hpp"
#include "rule/book.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace milter::manager {

/// Places of the milters that a mail may go through: those of its profile that are enabled, in their order.
std::vector<std::size_t> milters_for(config const& what, test_config const& test);

class rule_walk {
public:
    /// Of a configuration with a book; both must outlive it.
    rule_walk(config const& what, test_config const& test);

    rule_outcome walk() &&;

private:
    void go_to(rule::stage at, std::size_t recipients);
    void ask_verdict();
    void ask_milters();
    bool ask_milter(std::size_t milter);
    bool settle(std::size_t milter);
    void note_missing();
    void note_milters();
    void note_conditions();
    void note_tags();
    void note_macros();
    std::vector<rule::macro_text> macros_for(std::size_t milter) const;
    std::optional<std::string> value_of(rule::macro_text const& one) const;
    bool holds(std::size_t rule) const;
    rule::moment moment() const;

    config const& config_;
    test_config const& test_;
    rule::book const& book_;
    given_mail mail_;
    std::vector<std::size_t> order_; ///< of the milters that are there for it
    std::vector<std::optional<bool>> runs_;
    std::vector<bool> is_settled_; ///< others know whether it ran
    mutable rule::memo memo_;
    rule::stage at_ = rule::stage::start;
    bool has_verdict_ = false; ///< or it is certain that there is none
    bool is_over_ = false;     ///< the message was refused
    rule_outcome out_;
};

} // namespace milter::manager
