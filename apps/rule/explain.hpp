// SPDX-License-Identifier: BSL-1.0
// rule/explain.hpp - why an expression says what it says: its parts with their answers, for people
//
//   false: client.address in @local and suspicious
//     false: client.address in @local (client.address = 203.0.113.9)
//     true: suspicious
//       true: s25r(client.name) (client.name = "ppp-9.dialup.example.com")
//
// The same facts give the same words. Conditions are followed one level.
#pragma once

#include "rule/evaluate.hpp"
#include "rule/truth.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace milter::rule {

struct explanation {
    std::string text; ///< the part as it was written, bytes and all
    truth answer = truth::pending;
    std::string
        values; ///< what it looked at: "client.address = 203.0.113.9"; escaped and cut; may be empty
    std::vector<explanation> parts;
};

/// @param at  memo::forget() was called for it
explanation explain(program const& what, moment const& at);

/// Lines as above; texts are escaped, cut and put on one line each.
std::string describe(explanation const& of);

} // namespace milter::rule
