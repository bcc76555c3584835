// SPDX-License-Identifier: BSL-1.0
// rule/prefix_set.cpp
#include "rule/prefix_set.hpp"

#include <algorithm>
#include <bit>
#include <tuple>

namespace milter::rule {

namespace detail {

namespace {

constexpr unsigned most_index_bits = 18; // 1 MiB: what is looked up stays in a cache of today

unsigned index_bits(std::size_t intervals) noexcept {
    return std::min(static_cast<unsigned>(std::bit_width(intervals)), most_index_bits);
}

} // namespace

void interval_table::append(address_number begin, std::uint32_t value) {
    if (!values_.empty() && begin == address_number{high_.back(), low_.empty() ? 0 : low_.back()}) {
        high_.pop_back(), values_.pop_back();
        if (!low_.empty()) low_.pop_back();
    }
    if (!values_.empty() && values_.back() == value) return;
    if (begin.low != 0 && low_.empty()) low_.resize(high_.size());
    high_.push_back(begin.high);
    values_.push_back(value);
    if (begin.low != 0 || !low_.empty()) low_.push_back(begin.low);
}

/// Buckets span from the first to the last begin that matters, as addresses of IPv6 in use share their first bits.
void interval_table::build_index() {
    high_.shrink_to_fit(), low_.shrink_to_fit(), values_.shrink_to_fit();
    if (high_.size() < 2) return;
    lowest_ = high_[1];
    auto const span_bits = static_cast<unsigned>(std::bit_width(high_.back() - lowest_));
    auto const bits = index_bits(high_.size());
    shift_ = span_bits > bits ? span_bits - bits : 0;
    auto const buckets = static_cast<std::size_t>((high_.back() - lowest_) >> shift_) + 1;
    index_.resize(buckets + 1);
    std::size_t interval = 0;
    for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
        auto const begin = lowest_ + (static_cast<std::uint64_t>(bucket) << shift_);
        while (interval + 1 < high_.size() && high_[interval + 1] < begin) ++interval;
        index_[bucket] = static_cast<std::uint32_t>(interval);
    }
    index_[buckets] = static_cast<std::uint32_t>(high_.size() - 1);
}

std::size_t interval_table::bucket_of(std::uint64_t high) const noexcept {
    return std::min(static_cast<std::size_t>((high - lowest_) >> shift_), index_.size() - 2);
}

/// The last interval of first..last that begins at the address or before; the first one does.
std::size_t interval_table::last_not_above(address_number address, std::size_t first,
                                           std::size_t last) const noexcept {
    auto const begins_above = [&](std::size_t i) {
        if (high_[i] != address.high || low_.empty()) return high_[i] > address.high;
        return low_[i] > address.low;
    };
    auto size = last - first;
    while (size > 0) {
        auto const half = size - size / 2;
        first = begins_above(first + half) ? first : first + half;
        size -= half;
    }
    return first;
}

std::uint32_t interval_table::value_at(address_number address) const noexcept {
    if (values_.empty()) return nothing;
    if (index_.empty() || address.high < lowest_) return values_.front();
    auto const bucket = bucket_of(address.high);
    return values_[last_not_above(address, index_[bucket], index_[bucket + 1])];
}

} // namespace detail

namespace {

using detail::address_number;

std::uint64_t word_at(ip const& address, std::size_t first) noexcept {
    std::uint64_t word = 0;
    for (std::size_t i = first; i < first + 8; ++i) word = word << 8 | address.bytes[i];
    return word;
}

address_number number_of(ip const& address) noexcept {
    if (!address.is_v6) return {word_at(address, 8) << 32, 0};
    return {word_at(address, 0), word_at(address, 8)};
}

/// The number after the last of a prefix; 0 when there is none.
address_number end_of(address_number begin, unsigned bits) noexcept {
    if (bits == 0) return {};
    if (bits <= 64) return {begin.high + (1ULL << (64 - bits)), 0};
    auto const low = begin.low + (1ULL << (128 - bits));
    return {begin.high + (low == 0 ? 1 : 0), low};
}

/// The prefixes that hold the place to which a sweep over all of them has come: nested, so a stack.
class open_prefixes {
public:
    explicit open_prefixes(detail::interval_table& out) : out_(out) {
        out_.append({}, detail::interval_table::nothing);
    }

    /// Those that end at `place` or before.
    void close_until(address_number place) {
        while (!open_.empty() && open_.back().end != address_number() &&
               open_.back().end <= place) {
            auto const end = open_.back().end;
            open_.pop_back();
            out_.append(end, value());
        }
    }
    void open(address_number begin, unsigned bits, std::uint32_t value) {
        open_.push_back({end_of(begin, bits), bits, value});
        out_.append(begin, value);
    }

    std::uint32_t value() const noexcept {
        return open_.empty() ? detail::interval_table::nothing : open_.back().value;
    }
    /// Of one that begins where the last one did or behind.
    bool is_open(address_number begin, unsigned bits) const noexcept {
        return !open_.empty() && open_.back().bits == bits &&
               open_.back().end == end_of(begin, bits);
    }

private:
    struct open_prefix {
        address_number end; // 0: that of the last address
        unsigned bits;
        std::uint32_t value;
    };

    detail::interval_table& out_;
    std::vector<open_prefix> open_;
};

} // namespace

void prefix_set::add(prefix const& network, std::uint32_t value) {
    auto& entries = network.base.is_v6 ? v6_entries_ : v4_entries_;
    entries.push_back({number_of(network.base), value, static_cast<std::uint8_t>(network.length)});
    ++size_;
}

void prefix_set::build(prefix_choice choice) {
    v4_ = table_of(v4_entries_, choice);
    v6_ = table_of(v6_entries_, choice);
}

std::optional<std::uint32_t> prefix_set::find(ip const& address) const noexcept {
    auto const value = (address.is_v6 ? v6_ : v4_).value_at(number_of(address));
    return value == detail::interval_table::nothing ? std::nullopt : std::optional(value);
}

/// A sweep by begin, the wider prefix first.
detail::interval_table prefix_set::table_of(std::vector<entry>& entries, prefix_choice choice) {
    std::stable_sort(entries.begin(), entries.end(), [](entry const& a, entry const& b) {
        return std::tie(a.begin, a.bits) < std::tie(b.begin, b.bits);
    });
    detail::interval_table table;
    open_prefixes open(table);
    for (auto const& one : entries) {
        open.close_until(one.begin);
        bool const again = open.is_open(one.begin, one.bits);
        if (choice == prefix_choice::first) {
            open.open(one.begin, one.bits, std::min(one.value, open.value()));
        } else if (!again) {
            open.open(one.begin, one.bits, one.value);
        }
    }
    constexpr auto last = std::numeric_limits<std::uint64_t>::max();
    open.close_until({last, last});
    table.build_index();
    std::vector<entry>().swap(entries);
    return table;
}

} // namespace milter::rule
