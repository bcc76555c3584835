// SPDX-License-Identifier: BSL-1.0
// tests/rule/given_facts.hpp - a mail that a test makes up, fact by fact
#pragma once

#include "rule/evaluate.hpp"

#include <array>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace rule_test {

using namespace milter::rule;

/// Facts are pending until they are given, and recipients and header fields until they are complete.
class given_facts final : public fact_source {
public:
    void number(fact which, std::int64_t value, std::string const& with = {}) {
        at(which, with) = known_number(value);
    }
    void text(fact which, std::string value, std::string const& with = {}) {
        at(which, with) = known_text(texts_.emplace_back(std::move(value)));
    }
    void ip(fact which, std::string_view address) {
        at(which, {}) = known_ip(addresses_.emplace_back(*parse_ip(address)));
    }
    void mail(fact which, std::string as_sent) {
        at(which, {}) = known_mail(
            mails_.emplace_back(parse_mail_address(texts_.emplace_back(std::move(as_sent)))));
    }
    void unavailable(fact which, std::string const& with = {}) {
        at(which, with) = not_available();
    }

    void recipient(std::string as_sent) {
        recipients_.push_back(
            &mails_.emplace_back(parse_mail_address(texts_.emplace_back(std::move(as_sent)))));
    }
    void take_recipient_back() { recipients_.pop_back(); }
    void header(std::string name, std::string value) {
        headers_.emplace_back(std::move(name), std::move(value));
    }
    /// That a milter added, whichever.
    void added_header(std::string name, std::string value) {
        added_headers_.emplace_back(std::move(name), std::move(value));
    }
    knowledge recipients_complete = knowledge::pending;
    knowledge headers_complete = knowledge::pending;
    knowledge added_headers_complete = knowledge::pending;

    value read(fact which, argument const* with, cursor const* element) const noexcept override {
        if (element && row_of(which).of == quantity::each_recipient) {
            auto const& one = *recipients_[element->index];
            if (which == fact::recipient) return known_mail(one);
            return known_text(which == fact::recipient_domain ? one.domain : one.local);
        }
        auto const found = facts_.find({which, key_of(with)});
        return found == facts_.end() ? not_yet() : found->second;
    }

    bool next(quantity of, argument const* with, cursor& at) const noexcept override {
        if (of == quantity::each_recipient) {
            at.index = at.mark++;
            return at.index < recipients_.size();
        }
        auto const& fields = of == quantity::each_header ? headers_ : added_headers_;
        while (at.mark < fields.size()) {
            auto const& [name, value] = fields[at.mark++];
            if (name != with->text) continue;
            at.element = known_text(value);
            return true;
        }
        return false;
    }

    knowledge is_complete(quantity of, argument const*) const noexcept override {
        if (of == quantity::each_recipient) return recipients_complete;
        return of == quantity::each_header ? headers_complete : added_headers_complete;
    }

private:
    static std::string key_of(argument const* with) {
        return with ? (with->text.empty() ? std::to_string(with->index) : with->text) : "";
    }
    value& at(fact which, std::string const& with) { return facts_[{which, with}]; }

    std::map<std::pair<fact, std::string>, value> facts_;
    std::deque<std::string> texts_;
    std::deque<milter::rule::ip> addresses_;
    std::deque<mail_address> mails_;
    std::vector<mail_address const*> recipients_;
    std::vector<std::pair<std::string, std::string>> headers_;
    std::vector<std::pair<std::string, std::string>> added_headers_;
};

} // namespace rule_test
