// SPDX-License-Identifier: BSL-1.0
// milter/message/body_store.hpp - the body of one message: in memory up to a limit, then in an unlinked file
#pragma once

#include <milter/error.hpp>
#include <milter/message/memory_budget.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace milter::message {

struct spool_options {
    std::size_t memory_bytes = 1 << 20;  ///< beyond this the body goes to a file
    std::size_t max_bytes = 256UL << 20; ///< beyond this append() fails
    std::string directory =
        "/var/tmp"; ///< of the file; it has no name and vanishes with the process
    /// Of all bodies together, and of others, to whom they leave a quarter: a body that gets none goes to a file at
    /// once. Null: each has memory_bytes.
    std::shared_ptr<memory_budget> budget = {};
};

/// Append-only bytes. The file is opened at the first spill and closed by clear().
class body_store {
public:
    body_store() = default;
    explicit body_store(spool_options const* options) noexcept : options_(options) {}
    body_store(body_store&& other) noexcept { *this = std::move(other); }
    body_store& operator=(body_store&& other) noexcept {
        std::swap(options_, other.options_);
        std::swap(memory_, other.memory_);
        std::swap(share_, other.share_);
        std::swap(file_, other.file_);
        std::swap(size_, other.size_);
        return *this;
    }
    body_store(body_store const&) = delete;
    body_store& operator=(body_store const&) = delete;
    ~body_store() { clear(); }

    std::size_t size() const noexcept { return size_; }
    bool spilled() const noexcept { return file_ >= 0; }

    /// @errors  limit_exceeded (max_bytes), resource (no file, disk full); the store is unchanged then
    void append(std::string_view bytes, error_code& ec) {
        auto const& options = options_ ? *options_ : defaults();
        if (bytes.size() > options.max_bytes - std::min(size_, options.max_bytes)) {
            ec = errc::limit_exceeded;
            return;
        }
        if (file_ < 0 && !reserve(options, size_ + bytes.size())) spill(options, ec);
        if (ec) return;
        if (file_ < 0)
            memory_.append(bytes);
        else
            write_at(size_, bytes, ec);
        if (!ec) size_ += bytes.size();
    }

    /// At most `limit` bytes from `offset`; `scratch` holds them when they come from the file.
    /// @return  view that lives until the next append(), clear() or use of `scratch`; empty at the end
    /// @errors  resource
    std::string_view read(std::size_t offset, std::size_t limit, std::string& scratch,
                          error_code& ec) const {
        auto const size = std::min(limit, size_ - std::min(offset, size_));
        if (file_ < 0) return std::string_view(memory_).substr(std::min(offset, size_), size);
        scratch.resize(size);
        std::size_t done = 0;
        while (done < size) {
            auto const n = ::pread(file_, scratch.data() + done, size - done,
                                   static_cast<off_t>(offset + done));
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) {
                ec = errc::resource;
                return {};
            }
            done += static_cast<std::size_t>(n);
        }
        return scratch;
    }

    void clear() noexcept {
        if (file_ >= 0) ::close(file_);
        file_ = -1;
        size_ = 0;
        forget_memory();
    }

private:
    static spool_options const& defaults() {
        static spool_options const options;
        return options;
    }

    /// Grows by doubling, so that what is held and what is counted are the same.
    /// @return  whether that much may be kept in memory
    bool reserve(spool_options const& options, std::size_t bytes) {
        if (bytes > options.memory_bytes) return false;
        auto const held = share_.size();
        if (bytes <= held) return true;
        auto const more = std::max(bytes, 2 * held) - held;
        auto* const budget = options.budget.get();
        if (!share_.grow(budget, more, budget ? budget->limit() / 4 : 0)) return false;
        memory_.reserve(share_.size());
        return true;
    }

    void spill(spool_options const& options, error_code& ec) {
        file_ = open_unlinked(options.directory);
        if (file_ < 0) {
            ec = errc::resource;
            return;
        }
        write_at(0, memory_, ec);
        if (ec) {
            ::close(file_);
            file_ = -1;
            return;
        }
        forget_memory();
    }

    /// Assigning an empty string would keep the memory.
    void forget_memory() noexcept {
        std::string().swap(memory_);
        share_.clear();
    }

    static int open_unlinked(std::string const& directory) noexcept {
        int const fd = ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT)) return fd;
        auto name = directory + "/milter-XXXXXX"; // a file system without O_TMPFILE
        int const named = ::mkostemp(name.data(), O_CLOEXEC);
        if (named >= 0) ::unlink(name.c_str());
        return named;
    }

    void write_at(std::size_t offset, std::string_view bytes, error_code& ec) const noexcept {
        while (!bytes.empty()) {
            auto const n = ::pwrite(file_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) {
                ec = errc::resource;
                return;
            }
            bytes.remove_prefix(static_cast<std::size_t>(n));
            offset += static_cast<std::size_t>(n);
        }
    }

    spool_options const* options_ = nullptr;
    std::string memory_;
    memory_share share_; ///< for memory_
    int file_ = -1;
    std::size_t size_ = 0;
};

} // namespace milter::message
