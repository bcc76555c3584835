// SPDX-License-Identifier: BSL-1.0
// tests/support/exact_copy.hpp - bytes on the heap with nothing behind them
//
// A read of one byte too many is then a heap overflow, which AddressSanitizer reports. A std::string
// would hide it: its NUL is readable, and short ones live inside other objects.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string_view>

namespace support {

class exact_copy {
public:
    explicit exact_copy(std::string_view data) : size_(data.size()), bytes_(new char[data.size()]) {
        std::copy(data.begin(), data.end(), bytes_.get());
    }

    std::string_view view() const noexcept { return {bytes_.get(), size_}; }

private:
    std::size_t size_;
    std::unique_ptr<char[]> bytes_;
};

} // namespace support
