// SPDX-License-Identifier: BSL-1.0
// tests/rule/mail_source.hpp - mails made up for expressions, which become known bit by bit
#pragma once

#include "expression_source.hpp"
#include "given_facts.hpp"
#include "rule/macro_stage.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace rule_test {

/// Something that becomes known of a mail.
struct revelation {
    stage from = stage::start; ///< may be known
    stage by = stage::start;   ///< is known
    int turn = 0;              ///< not before those of lower turns: recipients are complete last
    std::function<void(given_facts&)> tell;
};

class mail_source {
public:
    explicit mail_source(choice choose) : choose_(std::move(choose)) {}

    /// All of one mail, in the order of the table.
    std::vector<revelation> mail() {
        std::vector<revelation> all;
        for (auto const& row : fact_rows())
            if (row.of == quantity::one) add(all, row);
        add_recipients(all);
        add_headers(all);
        return all;
    }

private:
    void add(std::vector<revelation>& to, fact_row const& row) {
        if (row.takes == argument_kind::macro) {
            for (auto const name : some_macros) {
                auto const key = braced(name);
                to.push_back({stage::connect, settled_by(key), 0, value_for(row, key)});
            }
            return;
        }
        bool const is_late = row.id == fact::dnsbl || row.id == fact::dnswl;
        to.push_back(
            {row.from, is_late ? stage::message : row.from, 0, value_for(row, key_of(row))});
    }

    static std::string key_of(fact_row const& row) {
        switch (row.takes) {
        case argument_kind::none: return "";
        case argument_kind::parameter: return "SIZE";
        case argument_kind::header: return "X-A";
        default: return "0";
        }
    }

    std::function<void(given_facts&)> value_for(fact_row const& row, std::string const& key) {
        auto const id = row.id;
        bool const may_be_missing = id == fact::client_address || id == fact::declared_size ||
                                    id == fact::load_process_limit || id == fact::load_of_limit ||
                                    id == fact::load_cpu || id == fact::dnsbl || id == fact::dnswl;
        if (may_be_missing && choose_(4) == 0)
            return [=](given_facts& facts) { facts.unavailable(id, key); };
        switch (row.is) {
        case type::text:
        case type::domain: {
            auto const text = row.is == type::domain ? some_domain() : some_text();
            return [=](given_facts& facts) { facts.text(id, text, key); };
        }
        case type::mail: {
            auto const text = some_mail();
            return [=](given_facts& facts) { facts.mail(id, text); };
        }
        case type::ip: {
            std::string const text(choose_(3) == 0 ? "11.0.0.0" : any_of(some_addresses));
            return [=](given_facts& facts) { facts.ip(id, text); };
        }
        default: {
            auto const number = some_number(row.is);
            return [=](given_facts& facts) { facts.number(id, number, key); };
        }
        }
    }

    std::int64_t some_number(type is) {
        if (is == type::time) return static_cast<std::int64_t>(choose_(std::size_t{7} * 24)) * 60;
        if (is == type::boolean) return static_cast<std::int64_t>(choose_(2));
        auto const number = static_cast<std::int64_t>(choose_(8));
        return is == type::percent ? number * 100 : number;
    }
    std::string_view any_of(std::span<std::string_view const> from) {
        return from[choose_(from.size())];
    }
    std::string some_text() { return choose_(4) == 0 ? "zz" : std::string(any_of(some_texts)); }
    std::string some_domain() {
        std::string const below = choose_(3) == 0 ? "zz." : "";
        return choose_(8) == 0 ? "" : below + std::string(any_of(some_domains));
    }
    std::string some_mail() {
        return choose_(2) == 0 ? std::string(any_of(some_mails))
                               : some_text() + "@" + some_domain();
    }

    void add_recipients(std::vector<revelation>& to) {
        for (auto left = choose_(4); left > 0; --left) {
            auto const text = some_text() + "@" + some_domain();
            to.push_back(
                {stage::rcpt, stage::data, 0, [=](given_facts& facts) { facts.recipient(text); }});
        }
        to.push_back({stage::data, stage::data, 1,
                      [](given_facts& facts) { facts.recipients_complete = knowledge::known; }});
    }

    /// At once: a field that is known is one of all.
    void add_headers(std::vector<revelation>& to) {
        auto const of_client = some_texts_in_a_list(), of_milter = some_texts_in_a_list();
        to.push_back({stage::headers, stage::headers, 0, [=](given_facts& facts) {
                          for (auto const& one : of_client) facts.header("X-A", one);
                          facts.headers_complete = knowledge::known;
                      }});
        to.push_back({stage::message, stage::message, 0, [=](given_facts& facts) {
                          for (auto const& one : of_milter) facts.added_header("X-A", one);
                          facts.added_headers_complete = knowledge::known;
                      }});
    }
    std::vector<std::string> some_texts_in_a_list() {
        std::vector<std::string> values;
        for (auto left = choose_(4); left > 0; --left) values.push_back(some_text());
        return values;
    }

    choice choose_;
};

/// In another order, but each turn behind the one before.
inline void shuffle(std::vector<revelation>& all, choice const& choose) {
    for (std::size_t i = all.size(); i > 1; --i) std::swap(all[i - 1], all[choose(i)]);
    std::stable_sort(all.begin(), all.end(),
                     [](auto const& a, auto const& b) { return a.turn < b.turn; });
}

} // namespace rule_test
