// SPDX-License-Identifier: BSL-1.0
// tests/support/pch.hpp - precompiled for every test program: Boost.Test costs about a second a file
//
// Boost.Test and std only: a header of ours in here would hide its missing includes from the tests.
#pragma once

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>
