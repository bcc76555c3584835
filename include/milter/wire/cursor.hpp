// SPDX-License-Identifier: BSL-1.0
// milter/wire/cursor.hpp - bounds-checked reading of the fields of one payload
#pragma once

#include <milter/error.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

namespace milter::wire {

/// Reads fields from the front of a payload. The first failure sticks; later reads give zero values.
/// Views live as long as the payload.
class cursor {
public:
    explicit cursor(std::string_view payload) noexcept : rest_(payload) {}

    std::string_view zstr() noexcept {
        auto const end = rest_.find('\0');
        if (end == rest_.npos) {
            fail(rest_.empty() ? errc::missing_field : errc::missing_nul);
            return {};
        }
        auto const text = rest_.substr(0, end);
        rest_.remove_prefix(end + 1);
        return text;
    }

    unsigned char u8() noexcept { return static_cast<unsigned char>(integer(1)); }
    std::uint16_t u16() noexcept { return static_cast<std::uint16_t>(integer(2)); }
    std::uint32_t u32() noexcept { return integer(4); }

    /// Everything not read yet.
    std::string_view rest() noexcept {
        auto const all = rest_;
        rest_ = {};
        return all;
    }

    bool empty() const noexcept { return rest_.empty(); }
    bool failed() const noexcept { return failed_; }
    errc error() const noexcept { return error_; }

    void fail(errc why) noexcept {
        if (!failed_) error_ = why;
        failed_ = true;
        rest_ = {};
    }

    /// Fails with surplus_data when something is left.
    void finish() noexcept {
        if (!failed_ && !rest_.empty()) fail(errc::surplus_data);
    }

private:
    std::uint32_t integer(std::size_t size) noexcept {
        if (rest_.size() < size) {
            fail(errc::missing_field);
            return 0;
        }
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < size; ++i)
            value = value << 8 | static_cast<unsigned char>(rest_[i]);
        rest_.remove_prefix(size);
        return value;
    }

    std::string_view rest_;
    errc error_{};
    bool failed_ = false;
};

/// A run of NUL-terminated strings, iterated in place. A trailing fragment without NUL is not an
/// element (as in libmilter's dec_argv). Lives as long as the bytes it views.
class zstr_list {
public:
    class iterator {
    public:
        using value_type = std::string_view;
        using difference_type = std::ptrdiff_t;
        using iterator_category = std::forward_iterator_tag;
        using pointer = value_type const*;
        using reference = value_type;

        iterator() = default;
        explicit iterator(std::string_view rest) noexcept : rest_(rest) { find(); }
        std::string_view operator*() const noexcept { return rest_.substr(0, length_); }
        iterator& operator++() noexcept {
            rest_.remove_prefix(length_ + 1);
            find();
            return *this;
        }
        iterator operator++(int) noexcept {
            auto const before = *this;
            ++*this;
            return before;
        }
        friend bool operator==(iterator const& a, iterator const& b) noexcept {
            return a.rest_.size() == b.rest_.size();
        }

    private:
        void find() noexcept {
            length_ = rest_.find('\0');
            if (length_ == rest_.npos) {
                rest_ = {};
                length_ = 0;
            }
        }
        std::string_view rest_;
        std::size_t length_ = 0;
    };

    zstr_list() = default;
    explicit zstr_list(std::string_view raw) noexcept : raw_(raw) {}
    iterator begin() const noexcept { return iterator(raw_); }
    iterator end() const noexcept { return {}; }
    bool empty() const noexcept { return begin() == end(); }
    std::size_t size() const noexcept {
        return static_cast<std::size_t>(std::distance(begin(), end()));
    }
    std::string_view raw() const noexcept { return raw_; }

    friend bool operator==(zstr_list a, zstr_list b) noexcept { return a.raw_ == b.raw_; }

private:
    std::string_view raw_;
};

/// The strings, each with its NUL, as zstr_list reads them.
template <class Range> std::string pack_zstr(Range const& strings) {
    std::string raw;
    for (std::string_view text : strings) {
        raw.append(text);
        raw.push_back('\0');
    }
    return raw;
}

} // namespace milter::wire
