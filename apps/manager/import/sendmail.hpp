// SPDX-License-Identifier: BSL-1.0
// manager/import/sendmail.hpp - the filters in sendmail.mc or sendmail.cf
#pragma once

#include "manager/import/setup.hpp"

#include <string_view>

namespace milter::manager {

/// Either of both: which one it is shows.
setup read_sendmail(std::string_view text);

} // namespace milter::manager
