// SPDX-License-Identifier: BSL-1.0
// rule/prefix_set.hpp - which of up to a million prefixes an address lies in
//
// Prefixes nest or are apart, so the addresses fall into intervals of equal answers. A lookup is one in an index by the
// address's first bits and a binary search among the few intervals that begin there.
#pragma once

#include "rule/ip.hpp"

#include <compare>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace milter::rule {

/// Which counts of several prefixes that hold the address.
enum class prefix_choice {
    longest, ///< as in routing; of equal ones the one that was added first
    first,   ///< the one with the least value, as in Postfix' cidr tables
};

namespace detail {

/// An address as a number. Of IPv4 the address is in `high`, from the top bit.
struct address_number {
    std::uint64_t high = 0, low = 0;

    friend auto operator<=>(address_number const&, address_number const&) = default;
};

/// The intervals of one family.
class interval_table {
public:
    static constexpr std::uint32_t nothing = std::numeric_limits<std::uint32_t>::max();

    /// In ascending order; the first begins at 0.
    void append(address_number begin, std::uint32_t value);
    /// After the last append().
    void build_index();
    std::uint32_t value_at(address_number address) const noexcept;

private:
    std::size_t bucket_of(std::uint64_t high) const noexcept;
    std::size_t last_not_above(address_number address, std::size_t first,
                               std::size_t last) const noexcept;

    std::vector<std::uint64_t> high_; // of the begins
    std::vector<std::uint64_t> low_;  // empty while all are 0: IPv4, and IPv6 down to /64
    std::vector<std::uint32_t> values_;
    std::vector<std::uint32_t> index_; // bucket -> the interval in which it begins
    std::uint64_t lowest_ = 0;         // begin of the first bucket
    unsigned shift_ = 0;               // width of a bucket, as a power of two
};

} // namespace detail

///     prefix_set set;
///     set.add(network, 7);
///     set.build();
///     if (auto const value = set.find(client)) ...
class prefix_set {
public:
    /// @param value  anything but the greatest number
    void add(prefix const& network, std::uint32_t value);
    /// After the last add(); until then nothing is found.
    void build(prefix_choice choice = prefix_choice::longest);

    std::size_t size() const noexcept { return size_; }
    std::optional<std::uint32_t> find(ip const& address) const noexcept;

private:
    struct entry {
        detail::address_number begin;
        std::uint32_t value = 0;
        std::uint8_t bits = 0; // that are fixed, of address_number
    };

    static detail::interval_table table_of(std::vector<entry>& entries, prefix_choice choice);

    std::vector<entry> v4_entries_, v6_entries_; // empty once they are built
    detail::interval_table v4_, v6_;
    std::size_t size_ = 0;
};

} // namespace milter::rule
