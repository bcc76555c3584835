// SPDX-License-Identifier: BSL-1.0
// manager/mta_settings.cpp
#include "manager/mta_settings.hpp"

#include <milter/proto/negotiation.hpp>

#include <string>
#include <string_view>

namespace milter::manager {

namespace {

bool has_name(std::string_view list, std::string_view wanted) {
    bool found = false;
    proto::for_each_name(list, [&](std::string_view name) { found = found || name == wanted; });
    return found;
}

/// Empty: nothing is added.
std::string with_added(std::string_view usual, std::string_view names) {
    std::string list(usual);
    proto::for_each_name(names, [&](std::string_view name) {
        if (!has_name(list, name)) list.append(" ").append(name);
    });
    return list.size() == usual.size() ? std::string() : list;
}

} // namespace

std::shared_ptr<config const> fitted(std::shared_ptr<config const> what,
                                     postfix_settings const& postfix) {
    if (!postfix.found) return what;
    auto fit = *what;
    if (postfix.smtpd_process_limit > 0) fit.process_limit = postfix.smtpd_process_limit;
    for (std::size_t stage = 0; stage < wire::macro_stage_count; ++stage)
        fit.mta_macros[stage] = with_added(default_macros[stage], macros_at(postfix, stage));
    return std::make_shared<config const>(std::move(fit));
}

} // namespace milter::manager
