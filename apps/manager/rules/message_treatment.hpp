// SPDX-License-Identifier: BSL-1.0
// manager/rules/message_treatment.hpp - what one configuration makes of one recorded message
#pragma once

#include "manager/rules/replayed_mail.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

/// What becomes of a message at a milter.
enum class milter_fate {
    left_out,
    enforced,  ///< it runs, and its verdict counts
    evaluated, ///< it runs, and its verdict does not count
    undecided
};

/// What decided something: a rule, which the other configuration may have, too, or something else.
struct decision_cause {
    std::string rule;  ///< empty: none
    std::string other; ///< in words: "its when"
};

struct treated_milter {
    std::string name;
    milter_fate fate = milter_fate::left_out;
    decision_cause why;
    std::string verdict; ///< recorded; empty: not known

    bool runs() const noexcept {
        return fate == milter_fate::enforced || fate == milter_fate::evaluated;
    }
};

/// A tag of the message, or what a milter is given: a macro, a time to answer in.
struct treatment_setting {
    enum class kind { tag, macro, timeout };

    kind is = kind::tag;
    std::string name;
    std::string milter; ///< empty: a tag
    std::string value;  ///< of a tag: none
    std::string rule;   ///< that says so; empty: none does
    bool is_certain = true;

    bool same_place(treatment_setting const& other) const noexcept {
        return is == other.is && name == other.name && milter == other.milter;
    }
};

struct message_treatment {
    std::vector<treated_milter> milters; ///< all of the configuration, in the order of the profile
    bool has_verdict = true;             ///< of rules, be it that there is none; false: not known
    rule::verdict_kind verdict = rule::verdict_kind::none;
    std::string reply;
    std::string rule;               ///< whose it is; empty: none
    std::vector<std::string> rules; ///< that hold
    std::vector<treatment_setting> settings;

    /// Null: there is none of this name.
    treated_milter const* find(std::string_view name) const noexcept;
};

message_treatment treatment_of(replayed_mail const& mail, config const& settings);

} // namespace milter::manager
