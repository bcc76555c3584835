// SPDX-License-Identifier: BSL-1.0
// manager/doctor/examination.cpp
#include "manager/doctor/examination.hpp"

#include <iterator>

namespace milter::manager::doctor {

proto::agreement const* agreed_of(facts const& of, std::size_t milter) noexcept {
    if (milter >= of.milters.size()) return nullptr;
    for (auto const& one : of.milters[milter])
        if (one.heard && one.heard->agreed) return &*one.heard->agreed;
    return nullptr;
}

std::vector<finding> examine(facts const& what) {
    std::vector<finding> all;
    for (auto* const part : {examine_sockets, examine_listeners, examine_order, examine_macros,
                             examine_timeouts, examine_sizes, examine_mta, examine_dns}) {
        auto found = part(what);
        all.insert(all.end(), std::make_move_iterator(found.begin()),
                   std::make_move_iterator(found.end()));
    }
    return all;
}

} // namespace milter::manager::doctor
