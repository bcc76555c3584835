// SPDX-License-Identifier: BSL-1.0
// manager/config/config_number.hpp - counts, sizes and durations in the configuration
#pragma once

#include "manager/config/config_raw.hpp"
#include "manager/core/unit_text.hpp"
#include <milter/proto/timeouts.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace milter::manager {

// On a refusal the target is unchanged.
refusal assign_count(std::size_t& to, raw_value const& value, range allowed); ///< 100
refusal assign_size(std::size_t& to, raw_value const& value, range allowed);  ///< 65536 or "64KiB"
refusal assign_duration(proto::duration& to, raw_value const& value, range allowed); ///< "3s"
/// "5%" or "0.25%", into hundredths of a percent: more than none, at most all.
refusal assign_percentage(unsigned& to, raw_value const& value);

std::string percentage_text(unsigned hundredths);

} // namespace milter::manager
