// SPDX-License-Identifier: BSL-1.0
// manager/doctor/finding_json.cpp
#include "manager/doctor/finding_json.hpp"

#include <nlohmann/json.hpp>

namespace milter::manager::doctor {

using json = nlohmann::ordered_json;

std::string to_json(std::span<finding const> all) {
    auto findings = json::array();
    for (auto const& one : all)
        findings.push_back({{"weight", name_of(one.is)},
                            {"area", one.area},
                            {"what", one.what},
                            {"why", one.why},
                            {"lines", one.lines}});
    json const whole = {{"problems", count(all, weight::problem)},
                        {"warnings", count(all, weight::warning)},
                        {"findings", std::move(findings)}};
    return whole.dump(2, ' ', false, json::error_handler_t::replace) + '\n';
}

} // namespace milter::manager::doctor
