// SPDX-License-Identifier: BSL-1.0
// test-server/conformance/trial.cpp - one case of the suite under way
#include "test-server/conformance/trial.hpp"

#include <algorithm>
#include <utility>

namespace milter::test_server {

using cli::case_verdict;

dialogue& trial::talk() {
    if (!talks_.empty()) log_.note("another connection:");
    return talks_.emplace_back(subject, log_);
}

dialogue* trial::opened(wire::negotiate const& offer) {
    auto& one = talk();
    if (!one.connected()) {
        fail("the milter takes no connection any more");
        return nullptr;
    }
    if (one.open(offer)) return &one;
    leave_open("the offer was not answered: " + std::string(words_for(one.opening())));
    return nullptr;
}

dialogue* trial::greeted(wire::negotiate const& offer) {
    auto* const one = opened(offer);
    if (!one) return nullptr;
    if (one->greet()) return one;
    if (one->lost())
        fail("the client was not greeted: " + one->trace());
    else
        skip("the milter lets the client go: " + one->trace());
    return nullptr;
}

bool trial::is_clean(dialogue& one, std::initializer_list<unsigned> statements) {
    auto const& all = one.judge().findings();
    auto const found = std::find_if(all.begin(), all.end(), [&](finding const& each) {
        return std::find(statements.begin(), statements.end(), each.statement) != statements.end();
    });
    if (found != all.end()) fail(found->what);
    return found == all.end();
}

void trial::pass_if(bool holds, std::string otherwise) {
    if (holds)
        pass();
    else
        fail(std::move(otherwise));
}

bool trial::is_alive() {
    auto& one = talk();
    if (one.connected() && one.open({})) {
        one.leave();
        return true;
    }
    fail("afterwards a new connection is not served: " + std::string(words_for(one.opening())));
    return false;
}

void trial::decide(case_verdict verdict, std::string found) {
    if (decided_) return;
    decided_ = true;
    result_.verdict = verdict;
    result_.found = std::move(found);
}

cli::case_result trial::take() {
    if (!decided_) fail("the case came to no end");
    if (shown_.empty()) shown_ = log_.all();
    result_.packets = std::move(shown_);
    return std::move(result_);
}

} // namespace milter::test_server
