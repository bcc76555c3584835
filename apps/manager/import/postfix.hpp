// SPDX-License-Identifier: BSL-1.0
// manager/import/postfix.hpp - the milters of Postfix
//
// Source: postconf(5) and MILTER_README of 3.7 to 3.10.
#pragma once

#include "manager/import/setup.hpp"

#include <string_view>

namespace milter::manager {

/// @param text  main.cf, or what `postconf` or `postconf -n` prints
setup read_postfix(std::string_view text);

} // namespace milter::manager
