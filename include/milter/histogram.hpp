// SPDX-License-Identifier: BSL-1.0
// milter/histogram.hpp - counts of many values in little memory, from which any quantile can be told within one percent
//
//   histogram times;                       // of nanoseconds, bytes, anything that is counted from 0
//   times.record(value);
//   auto const p99 = times.quantile(0.99);
//
// Buckets as wide as 1/128 of what they hold: small values have one each, and each doubling is cut into 128. So that
// histograms of any range can be added up, all have the same buckets; memory goes as far as the largest value, 59 KiB at
// most. Not for several threads: each records into its own, merge() adds them up. Layer: base.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace milter {

class histogram {
public:
    /// By how much quantile() may differ from the true one, as a share of it.
    static constexpr double relative_error = 1.0 / 256;

    /// Allocates only for a value beyond twice the largest so far.
    void record(std::uint64_t value) { record(value, 1); }
    /// The same value so many times.
    void record(std::uint64_t value, std::uint64_t times) {
        if (times == 0) return;
        auto const at = bucket_of(value);
        if (at >= counts_.size()) counts_.resize(end_of_doubling(at));
        counts_[at] += times;
        count_ += times;
        least_ = std::min(least_, value);
        most_ = std::max(most_, value);
        sum_ += static_cast<double>(value) * static_cast<double>(times);
    }

    /// Adds what another one counted.
    void merge(histogram const& other) {
        if (counts_.size() < other.counts_.size()) counts_.resize(other.counts_.size());
        for (std::size_t i = 0; i < other.counts_.size(); ++i) counts_[i] += other.counts_[i];
        count_ += other.count_;
        least_ = std::min(least_, other.least_);
        most_ = std::max(most_, other.most_);
        sum_ += other.sum_;
    }

    std::uint64_t count() const noexcept { return count_; }
    bool empty() const noexcept { return count_ == 0; }

    // ---- all of these are 0 as long as nothing was recorded

    std::uint64_t min() const noexcept { return empty() ? 0 : least_; } ///< exact
    std::uint64_t max() const noexcept { return most_; }                ///< exact
    double sum() const noexcept { return sum_; }
    double mean() const noexcept { return empty() ? 0 : sum_ / static_cast<double>(count_); }

    /// The least recorded value that at least the share `q` of all does not exceed (nearest rank), within
    /// `relative_error`. @param q  0 to 1; what is beyond counts as the end
    std::uint64_t quantile(double q) const noexcept {
        if (empty()) return 0;
        auto const rank = rank_of(q);
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            seen += counts_[i];
            if (seen >= rank) return std::clamp(middle_of(i), least_, most_);
        }
        return most_;
    }

    /// Calls `each(first, last, count)` for buckets that are not empty, in order: values first..last, both included.
    template <class Function> void for_each_bucket(Function each) const {
        for (std::size_t i = 0; i < counts_.size(); ++i)
            if (counts_[i] != 0) each(first_of(i), first_of(i) + width_of(i) - 1, counts_[i]);
    }

private:
    static constexpr unsigned bits = 7;
    static constexpr std::size_t half = std::size_t{1} << bits; ///< buckets of one doubling
    static constexpr std::size_t exact = 2 * half; ///< values below have a bucket of their own

    static constexpr std::size_t bucket_of(std::uint64_t value) noexcept {
        if (value < exact) return static_cast<std::size_t>(value);
        auto const shift = static_cast<unsigned>(std::bit_width(value)) - (bits + 1);
        return shift * half + static_cast<std::size_t>(value >> shift);
    }
    /// How often the values of a bucket are to be halved to be exact.
    static constexpr unsigned shift_of(std::size_t bucket) noexcept {
        return bucket < exact ? 0 : static_cast<unsigned>(bucket / half) - 1;
    }
    static constexpr std::uint64_t first_of(std::size_t bucket) noexcept {
        auto const shift = shift_of(bucket);
        return std::uint64_t{bucket - shift * half} << shift;
    }
    static constexpr std::uint64_t width_of(std::size_t bucket) noexcept {
        return std::uint64_t{1} << shift_of(bucket);
    }
    static constexpr std::uint64_t middle_of(std::size_t bucket) noexcept {
        return first_of(bucket) + width_of(bucket) / 2;
    }
    static constexpr std::size_t end_of_doubling(std::size_t bucket) noexcept {
        return (bucket / half + 1) * half;
    }

    /// From 1.
    std::uint64_t rank_of(double q) const noexcept {
        auto const wanted = std::ceil(q * static_cast<double>(count_));
        if (!(wanted > 1)) return 1;
        return wanted >= static_cast<double>(count_) ? count_ : static_cast<std::uint64_t>(wanted);
    }

    std::vector<std::uint64_t> counts_;
    std::uint64_t count_ = 0;
    std::uint64_t least_ = UINT64_MAX;
    std::uint64_t most_ = 0;
    double sum_ = 0;
};

} // namespace milter
