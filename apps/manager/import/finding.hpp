// SPDX-License-Identifier: BSL-1.0
// manager/import/finding.hpp - what does not fit together in a setup, and is easily overlooked
#pragma once

#include "manager/import/setup.hpp"

namespace milter::manager {

/// Adds remarks. A milter that cannot stand in a configuration, as it would be the manager itself, loses its socket.
void find_conflicts(setup& in);

} // namespace milter::manager
