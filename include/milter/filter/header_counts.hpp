// SPDX-License-Identifier: BSL-1.0
// milter/filter/header_counts.hpp - how many headers of each name a message has
//
// Names are kept as 64 bits. Two that share them are counted together, which does no harm: edits count from the highest
// index down, and an MTA does nothing for an index that is not there (protocol.md 4.5).
#pragma once

#include <milter/ascii.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace milter::filter {

class header_counts {
public:
    static constexpr std::size_t most_names = 4'096; // 64 KiB a message; mail has some thirty

    void add(std::string_view name) {
        auto const key = key_of(name);
        auto const at = place(key);
        if (at != entries_.end() && at->key == key) {
            ++at->count;
        } else if (entries_.size() < most_names) {
            entries_.insert(at, {key, 1});
        } else {
            full_ = true;
        }
    }

    /// @return  empty when it is not known: there were too many names
    std::optional<std::uint32_t> find(std::string_view name) const noexcept {
        auto const key = key_of(name);
        auto const at = std::lower_bound(entries_.begin(), entries_.end(), key, less);
        if (at != entries_.end() && at->key == key) return at->count;
        if (full_) return std::nullopt;
        return 0;
    }

    void clear() noexcept {
        entries_ = {};
        full_ = false;
    }

private:
    struct entry {
        std::uint64_t key;
        std::uint32_t count;
    };

    static bool less(entry const& one, std::uint64_t key) noexcept { return one.key < key; }

    std::vector<entry>::iterator place(std::uint64_t key) noexcept {
        return std::lower_bound(entries_.begin(), entries_.end(), key, less);
    }

    /// FNV-1a of the name in lower case.
    static std::uint64_t key_of(std::string_view name) noexcept {
        std::uint64_t hash = 14'695'981'039'346'656'037U;
        for (char const c : name)
            hash = (hash ^ static_cast<unsigned char>(to_lower(c))) * 1'099'511'628'211U;
        return hash;
    }

    std::vector<entry> entries_; ///< by key
    bool full_ = false;
};

} // namespace milter::filter
