// SPDX-License-Identifier: BSL-1.0
// tests/support/byte_source.hpp - bytes of chance, taken one after the other
#pragma once

#include <cstddef>
#include <string>
#include <utility>

namespace support {

/// Bytes one after the other; 0 when there are none left.
class byte_source {
public:
    explicit byte_source(std::string bytes) noexcept : bytes_(std::move(bytes)) {}
    bool empty() const noexcept { return at_ == bytes_.size(); }
    unsigned next() noexcept {
        if (empty()) return 0;
        return static_cast<unsigned char>(bytes_[at_++]);
    }
    unsigned pair() noexcept {
        auto const high = next();
        return high << 8 | next();
    }
    std::string take(std::size_t size) {
        auto piece = bytes_.substr(at_, size);
        at_ += piece.size();
        return piece;
    }

private:
    std::string bytes_;
    std::size_t at_ = 0;
};

} // namespace support
