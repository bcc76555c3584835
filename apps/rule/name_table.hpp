// SPDX-License-Identifier: BSL-1.0
// rule/name_table.hpp - a number for each of many names, found without regard to case in ASCII and without allocating
//
// A name may be asked for in parts, as those of a mail address are, without one being made of them. The names come from
// files of the administrator, not from peers: a fixed hash will do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milter::rule {

/// All names together are at most 4 GiB long: std::length_error otherwise.
class name_table {
public:
    /// The number of `name`, 0 when it is new. Good until the next call.
    std::uint32_t& operator[](std::string_view name);

    std::size_t size() const noexcept { return entries_.size(); }
    std::size_t longest() const noexcept { return longest_; } ///< bytes

    using parts = std::initializer_list<std::string_view>;

    std::optional<std::uint32_t> find(std::string_view name) const noexcept { return find({name}); }
    /// The name that is made of these parts.
    std::optional<std::uint32_t> find(parts of_name) const noexcept;

private:
    struct entry {
        std::uint32_t begin, size; // in bytes_
        std::uint32_t value;
    };
    struct slot {
        std::uint32_t hash = 0;
        std::uint32_t entry = 0; // index + 1; 0: free
    };

    std::string_view name_of(entry const& of) const noexcept {
        return std::string_view(bytes_).substr(of.begin, of.size);
    }
    slot const& slot_of(std::uint32_t hash, parts of_name) const noexcept;
    void append(std::string_view name, std::uint32_t hash);
    void grow();

    std::string bytes_; // the names in lower case, one behind the other
    std::vector<entry> entries_;
    std::vector<slot> slots_; // a power of two, at most half of them taken
    std::size_t longest_ = 0;
};

} // namespace milter::rule
