// SPDX-License-Identifier: BSL-1.0
// manager/config_show_options.hpp - what `milter-manager config show` is asked for
#pragma once

namespace milter::manager {

struct config_show_options {
    bool effective = false; ///< also what no file has
    bool origin = false;    ///< where each value stands
    bool json = false;
};

} // namespace milter::manager
