// SPDX-License-Identifier: BSL-1.0
// tests/fuzz/rule_evaluate.cpp - an expression, asked about a mail that becomes known bit by bit
//
// Input: choices, a byte each and 0 behind the end: the expression by expression_source.hpp, the mail by mail_source.hpp,
// and the order in which it becomes known.

#include "invariant.hpp"
#include "rule/contradiction.hpp"
#include "rule/explain.hpp"
#include "rule/mail_source.hpp"
#include "rule/outlook.hpp"
#include "rule/parser.hpp"

#include <memory>
#include <string>
#include <utility>

using namespace rule_test;
using fuzz::require;

namespace {

choice by_bytes(std::string_view bytes) {
    return [left = std::make_shared<std::string_view>(bytes)](std::size_t below) -> std::size_t {
        if (left->empty()) return 0;
        auto const byte = static_cast<unsigned char>(left->front());
        left->remove_prefix(1);
        return byte % below;
    };
}

class asked_mail {
public:
    explicit asked_mail(choice const& choose)
        : text_(expression_source(choose).condition(3)), what_(compiled(text_)) {}

    truth say() {
        known_.forget({});
        auto const answer = evaluate(what_, now());
        known_.forget({});
        require(evaluate(what_, now()) == answer, "the same facts give the same answer");
        return answer;
    }
    void check_explanation(truth answer) {
        known_.forget({});
        auto const why = explain(what_, now());
        require(why.answer == answer, "what is explained is the answer");
        auto const lines = describe(why);
        require(
            std::none_of(lines.begin(), lines.end(),
                         [](char c) { return static_cast<unsigned char>(c) < ' ' && c != '\n'; }),
            "an explanation is printable");
    }
    outlook ahead() const { return outlook_of(what_, {}); }
    constancy claimed() const { return constancy_of(*parse(text_).tree, {}, "fuzz"); }

    given_facts facts;

private:
    static program compiled(std::string const& text) {
        auto made = compile(text, names_of_expressions(), "fuzz");
        require(made.value.has_value(), "what is made up is an expression");
        return std::move(*made.value);
    }
    moment now() {
        static auto const sets = sets_of_expressions();
        return {{}, sets, facts, known_};
    }

    std::string text_;
    program what_;
    memo known_;
};

void check_claim(constancy claimed, truth answer) {
    require(claimed != constancy::never || answer != truth::yes, "what is never true is not true");
    require(claimed != constancy::always || answer != truth::no,
            "what is always true is not false");
}

/// In any order.
void check_reveal(asked_mail& mail, std::vector<revelation> const& all) {
    auto answer = mail.say();
    for (auto const& one : all) {
        one.tell(mail.facts);
        auto const next = mail.say();
        require(!is_final(answer) || next == answer, "what is final does not change");
        answer = next;
    }
    require(is_final(answer), "of a whole mail the answer is known");
    check_claim(mail.claimed(), answer);
    mail.check_explanation(answer);
}

/// As the stages of a mail have it.
void check_stages(asked_mail& mail, std::vector<revelation> all, choice const& choose) {
    auto const ahead = mail.ahead();
    for (std::size_t i = 0; i < stage_count; ++i) {
        auto const at = static_cast<stage>(i);
        for (auto& one : all) {
            if (!one.tell || one.from > at || (one.by > at && choose(2) == 0)) continue;
            std::exchange(one.tell, nullptr)(mail.facts);
        }
        auto const answer = mail.say();
        require(ahead.can_be(at, answer), "no answer comes that the outlook excludes");
        mail.check_explanation(answer);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    auto const choose = by_bytes(fuzz::view(data, size));
    asked_mail mail(choose);
    auto all = mail_source(choose).mail();
    bool const by_stages = choose(2) == 0;
    shuffle(all, choose);
    by_stages ? check_stages(mail, std::move(all), choose) : check_reveal(mail, all);
    return 0;
}
