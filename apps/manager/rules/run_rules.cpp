// SPDX-License-Identifier: BSL-1.0
// manager/rules/run_rules.cpp
#include "manager/rules/run_rules.hpp"

#include "manager/rules/check_verb.hpp"
#include "manager/rules/coverage_verb.hpp"
#include "manager/rules/explain_verb.hpp"
#include "manager/rules/facts_verb.hpp"
#include "manager/rules/fmt_verb.hpp"
#include "manager/rules/simulate_verb.hpp"
#include "manager/rules/test_verb.hpp"

#include <sysexits.h>

#include <iostream>

namespace milter::manager {

namespace {

rules_answer answer_to(rules_request const& request, machine const& here) {
    switch (request.verb) {
    case rules_verb::facts: return show_facts(request);
    case rules_verb::check: return check_rules(request, here);
    case rules_verb::test: return test_rules(request);
    case rules_verb::fmt: return format_expressions(request);
    case rules_verb::explain: return explain_mail(request);
    case rules_verb::coverage: return show_coverage(request);
    case rules_verb::simulate: return simulate_rules(request);
    }
    return {EX_SOFTWARE, {}, {}};
}

} // namespace

int run_rules(rules_request const& request, machine const& here) {
    auto const answer = answer_to(request, here);
    std::cerr << answer.err << std::flush;
    std::cout << answer.out << std::flush;
    return std::cout ? answer.status : EX_IOERR;
}

} // namespace milter::manager
