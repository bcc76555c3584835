// SPDX-License-Identifier: BSL-1.0
// milter/version.hpp - the version of this library
//
// The same numbers stand in CMakeLists.txt; tests/base/version.cpp fails when they differ.
#pragma once

#include <string_view>

namespace milter {

inline constexpr int version_major = 0;
inline constexpr int version_minor = 1;
inline constexpr int version_patch = 0;

/// The three numbers above, as "major.minor.patch".
inline constexpr std::string_view version_string = "0.1.0";

} // namespace milter
