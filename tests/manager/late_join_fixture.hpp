// SPDX-License-Identifier: BSL-1.0
// tests/manager/late_join_fixture.hpp - a manager whose second milter joins in the course of a message
#pragma once

#include <boost/test/unit_test.hpp>

#include <support/manager_rig.hpp>
#include <support/staged_selection.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace late_join_test {

using namespace support;
using manager::on_error;
using code = wire::command_code;
using list = std::vector<std::string>;
inline constexpr auto per_element = boost::test_tools::per_element();
inline constexpr auto yes = applicability::yes;
inline constexpr auto no = applicability::no;
inline constexpr auto undecided = applicability::undecided;

/// Stages at which a milter can join a message that it has missed a part of.
inline constexpr code late_stages[] = {code::rcpt, code::data, code::end_of_headers,
                                       code::end_of_message};

/// What is answered by a function, which counts.
struct rule : manager::selection {
    using function = std::function<applicability(std::size_t, manager::facts const&)>;
    explicit rule(function what) : what_(std::move(what)) {}
    applicability of(std::size_t milter, manager::facts const& known) const noexcept override {
        return what_(milter, known);
    }

private:
    function what_;
};

/// The second milter joins at a stage, the others are there from the beginning.
struct joining : manager_rig {
    explicit joining(code stage, applicability answer = yes, std::size_t filters = 3)
        : manager_rig(filters) {
        std::vector<staged_choice> choices(filters);
        choices[1] = {stage, answer};
        choose(std::make_shared<staged_selection>(std::move(choices)));
        mta.like_postfix();
    }
    void choose(std::shared_ptr<manager::selection const> what) {
        config.selection = std::move(what);
    }
    void choose(rule::function what) { choose(std::make_shared<rule>(std::move(what))); }
    manager::milter_config& settings_of_second() { return config.milters[1]; }
    scripted_filter& second() { return filter(1); }

    std::string mail(std::string_view sender = "<a@client.test>") {
        return send(wire::mail{sender, {}});
    }
    std::string rcpt(std::string_view recipient) {
        auto& macros_of_rcpt = mta.macros[code::rcpt];
        macros_of_rcpt = {{"{rcpt_addr}", std::string(recipient)}, {"{rcpt_mailer}", "local"}};
        return send(wire::rcpt{recipient, {}});
    }
    /// MAIL, two recipients, DATA, the end of the message. @return their answers
    list whole_message(std::string_view sender = "<a@client.test>") {
        list heard{mail(sender), rcpt("<one@mx.test>"), rcpt("<two@mx.test>"), send(wire::data{})};
        content();
        heard.push_back(end());
        return heard;
    }
};

/// Answers of whole_message(): from the one at `stage` on, `verdict`.
inline list refused_from(code stage, std::string const& verdict) {
    list heard(5, "continue");
    std::size_t const first = stage == code::rcpt ? 1 : stage == code::data ? 3 : 4;
    for (auto i = first; i < heard.size(); ++i) heard[i] = verdict;
    return heard;
}

inline std::string verdict_of(on_error policy) {
    switch (policy) {
    case on_error::reject: return "reply \"550 5.5.0 Service unavailable\"";
    case on_error::shutdown: return "reply \"421 4.7.1 Service unavailable - try again later\"";
    case on_error::accept: return "continue";
    default: return "reply \"451 4.7.1 Service unavailable - try again later\"";
    }
}

} // namespace late_join_test
