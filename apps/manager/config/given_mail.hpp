// SPDX-License-Identifier: BSL-1.0
// manager/config/given_mail.hpp - the mail of a test of rules: its facts, stage by stage
//
// What the test does not say follows from what it says, or is as if nothing was special about the mail. What has no such
// value - who the client is, what it says, who sends, when - stays unknown, and it is noted that it was asked for.
#pragma once

#include "manager/core/config.hpp"
#include "rule/value.hpp"

#include <cstdint>
#include <deque>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace milter::manager {

class given_mail final : public rule::fact_source {
public:
    /// Both must outlive it.
    given_mail(config const& of, test_config const& test);

    /// @param recipients  how many of them have been named
    void go_to(rule::stage at, std::size_t recipients);
    std::size_t recipients() const noexcept { return recipients_.size(); }

    /// What the rules have decided about a milter; until then nothing is known of it.
    void decide(std::size_t milter, bool runs) { runs_[milter] = runs; }

    /// As the MTA sends it; empty: it does not.
    std::string macro(std::string const& name) const;

    /// Of those that were asked for at their stage or later, and are not given.
    std::set<std::string> const& missing() const noexcept { return missing_; }
    void forget_missing() { missing_.clear(); }

    rule::value read(rule::fact which, rule::argument const* with,
                     rule::cursor const* at) const noexcept override;
    bool next(rule::quantity of, rule::argument const* with,
              rule::cursor& at) const noexcept override;
    rule::knowledge is_complete(rule::quantity of,
                                rule::argument const* with) const noexcept override;

private:
    struct key {
        rule::fact which{};
        std::string milter;
        std::string with;
        friend bool operator<(key const& a, key const& b) {
            return std::tie(a.which, a.milter, a.with) < std::tie(b.which, b.milter, b.with);
        }
    };
    struct field {
        std::string name; ///< in lower case
        std::string value;
        std::string milter; ///< that added it; empty: it came with the message
    };

    void take(given_fact const& one);
    static key key_of_given(given_fact const& one);
    void derive();
    void derive_load();
    void derive_client();
    void derive_sender();
    void derive_content_type();
    void derive_presence(rule::fact present, std::initializer_list<rule::fact> of);

    rule::value value_of(given_fact const& one);
    bool has(rule::fact which) const { return facts_.contains({which, {}, {}}); }
    rule::value const* find(key const& which) const;
    void set(rule::fact which, rule::value value) { facts_[{which, {}, {}}] = value; }
    std::string_view keep(std::string text) { return texts_.emplace_back(std::move(text)); }

    bool has_no_address() const noexcept;
    rule::value default_of(rule::fact which) const noexcept;
    rule::value of_milter(rule::fact which, std::size_t milter) const noexcept;
    rule::value of_recipient(rule::fact which, std::size_t index) const noexcept;
    std::size_t own_fields() const noexcept;
    bool has_header(std::string const& name) const noexcept;
    key key_of(rule::fact which, rule::argument const* with) const;

    config const& config_;
    std::map<key, rule::value> facts_;
    struct recipient {
        rule::mail_address const* mail;
        std::string_view domain; ///< in its normal form
    };
    std::vector<recipient> recipients_;
    std::vector<field> fields_;
    std::vector<std::optional<bool>> runs_; ///< of the milters
    rule::stage at_ = rule::stage::start;
    std::size_t named_ = 0; ///< recipients
    mutable std::set<std::string> missing_;

    // What values lead into.
    std::deque<std::string> texts_;
    std::deque<rule::ip> addresses_;
    std::deque<rule::mail_address> mails_;
};

} // namespace milter::manager
