// SPDX-License-Identifier: BSL-1.0
// rule/backward_hash.hpp - of names and addresses, quickly: for tables and samples, not against those who choose names
#pragma once

#include <milter/ascii.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace milter::rule {

/// Of lower-case bytes from last to first, eight to a multiplication; the same whether they come one by one or in pieces.
class backward_hash {
public:
    explicit backward_hash(std::uint64_t seed = 0) noexcept : state_(seed) {}

    void add(char c) noexcept {
        word_ = word_ << 8 | static_cast<unsigned char>(to_lower(c));
        if (++count_ % sizeof word_ == 0) state_ = mixed();
    }
    void add(std::string_view text) noexcept {
        auto left = text.size();
        if (count_ % sizeof word_ == 0)
            for (; left >= sizeof word_; left -= sizeof word_)
                add_word(lower_bytes(word_at(text.data() + left - sizeof word_)));
        for (; left > 0; --left) add(text[left - 1]);
    }
    /// Bytes as they are.
    void add(std::span<unsigned char const, 16> bytes) noexcept {
        for (std::size_t i = bytes.size(); i > 0; i -= sizeof word_)
            add_word(word_at(bytes.data() + i - sizeof word_));
    }
    std::uint32_t value() const noexcept {
        auto const bits = mixed() ^ count_;
        return static_cast<std::uint32_t>((bits ^ (bits >> 29)) * 0x9e3779b97f4a7c15 >> 32);
    }

private:
    void add_word(std::uint64_t word) noexcept {
        word_ = word;
        count_ += sizeof word_;
        state_ = mixed();
    }
    static std::uint64_t word_at(void const* first) noexcept {
        std::uint64_t word = 0;
        std::memcpy(&word, first, sizeof word);
        return std::endian::native == std::endian::little ? word : __builtin_bswap64(word);
    }
    /// to_lower() of eight bytes at once: the carry into a byte's top bit tells those from 'A' on, and those behind 'Z'.
    static std::uint64_t lower_bytes(std::uint64_t word) noexcept {
        constexpr std::uint64_t each = 0x0101010101010101, top = 0x80 * each;
        auto const low_bits = word & ~top;
        auto const from_a = low_bits + (0x80 - 'A') * each;
        auto const behind_z = low_bits + (0x7f - 'Z') * each;
        return word | ((from_a ^ behind_z) & ~word & top) >> 2;
    }
    std::uint64_t mixed() const noexcept {
        auto const bits = (state_ ^ word_) * 0xff51afd7ed558ccd;
        return bits ^ (bits >> 32);
    }

    std::uint64_t state_;
    std::uint64_t word_ = 0; // the last eight bytes: mixed in again by value(), which does no harm
    std::uint32_t count_ = 0;
};

} // namespace milter::rule
