// SPDX-License-Identifier: BSL-1.0
// milter/message/body_store.hpp - the body of one message: in memory up to a limit, then in an unlinked file
#pragma once

#include <milter/error.hpp>
#include <milter/message/body_pieces.hpp>
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

/// Append-only bytes, of which those at the front can be dropped. The file is opened at the first spill and closed by
/// clear().
class body_store {
public:
    body_store() = default;
    explicit body_store(spool_options const* options) noexcept : options_(options) {}
    body_store(body_store&& other) noexcept { *this = std::move(other); }
    body_store& operator=(body_store&& other) noexcept {
        std::swap(options_, other.options_);
        std::swap(memory_, other.memory_);
        std::swap(file_, other.file_);
        std::swap(dropped_, other.dropped_);
        std::swap(size_, other.size_);
        return *this;
    }
    body_store(body_store const&) = delete;
    body_store& operator=(body_store const&) = delete;
    ~body_store() { clear(); }

    std::size_t size() const noexcept { return size_; } ///< what was dropped included
    std::size_t kept() const noexcept { return size_ - dropped_; }
    bool spilled() const noexcept { return file_ >= 0; }

    /// @errors  limit_exceeded (max_bytes), resource (no file, disk full); the store is unchanged then
    void append(std::string_view bytes, error_code& ec) {
        auto const& options = options_ ? *options_ : defaults();
        if (bytes.size() > options.max_bytes - std::min(size_, options.max_bytes)) {
            ec = errc::limit_exceeded;
            return;
        }
        if (file_ < 0 && !reserve(options, bytes.size())) spill(options, ec);
        if (ec) return;
        if (file_ < 0)
            memory_.append(bytes);
        else
            write_at(size_ - dropped_, bytes, ec);
        if (!ec) size_ += bytes.size();
    }

    /// At most `limit` bytes from `offset`; `scratch` holds them when they come from the file or do not lie in one piece.
    /// @return  view that lives until the next append(), drop_before(), clear() or use of `scratch`; empty at the end
    /// @errors  resource, misuse (they may have been dropped)
    std::string_view read(std::size_t offset, std::size_t limit, std::string& scratch,
                          error_code& ec) const {
        if (offset < dropped_) {
            ec = errc::misuse;
            return {};
        }
        auto const begin = std::min(offset, size_);
        auto const size = std::min(limit, size_ - begin);
        if (file_ < 0) return memory_.read(begin - dropped_, size, scratch);
        return read_file(begin - dropped_, size, scratch, ec);
    }

    /// Bytes before `offset` are not read any more: their memory may go, and what a file still has comes back into memory
    /// when that is half of what may be there, or less.
    void drop_before(std::size_t offset) {
        offset = std::clamp(offset, dropped_, size_);
        if (file_ < 0)
            dropped_ += memory_.drop(offset - dropped_);
        else if (size_ - offset <= (options_ ? *options_ : defaults()).memory_bytes / 2)
            take_back(offset);
    }

    void clear() noexcept {
        if (file_ >= 0) ::close(file_);
        file_ = -1;
        dropped_ = size_ = 0;
        memory_.clear();
    }

private:
    static spool_options const& defaults() {
        static spool_options const options;
        return options;
    }

    /// @return  whether so many bytes more may be kept in memory
    bool reserve(spool_options const& options, std::size_t more) {
        if (memory_.size() + more > options.memory_bytes) return false;
        auto* const budget = options.budget.get();
        return memory_.reserve(more, budget, budget ? budget->limit() / 4 : 0);
    }

    void spill(spool_options const& options, error_code& ec) {
        file_ = open_unlinked(options.directory);
        if (file_ < 0) {
            ec = errc::resource;
            return;
        }
        std::string scratch;
        for (std::size_t done = 0; done < memory_.size() && !ec;) {
            auto const left = memory_.size() - done;
            auto const bytes = memory_.read(done, std::min(left, body_pieces::piece_size), scratch);
            write_at(done, bytes, ec);
            done += bytes.size();
        }
        if (!ec) return memory_.clear();
        ::close(file_);
        file_ = -1;
    }

    /// The file stays where it cannot be.
    void take_back(std::size_t offset) {
        auto const left = size_ - offset;
        if (!reserve(options_ ? *options_ : defaults(), left)) return;
        std::string scratch;
        error_code ec;
        for (std::size_t done = 0; done < left && !ec;) {
            auto const size = std::min(left - done, body_pieces::piece_size);
            memory_.append(read_file(offset - dropped_ + done, size, scratch, ec));
            done += size;
        }
        if (ec) return memory_.clear();
        ::close(std::exchange(file_, -1));
        dropped_ = offset;
    }

    static int open_unlinked(std::string const& directory) noexcept {
        int const fd = ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT)) return fd;
        auto name = directory + "/milter-XXXXXX"; // a file system without O_TMPFILE
        int const named = ::mkostemp(name.data(), O_CLOEXEC);
        if (named >= 0) ::unlink(name.c_str());
        return named;
    }

    std::string_view read_file(std::size_t offset, std::size_t size, std::string& scratch,
                               error_code& ec) const {
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
    body_pieces memory_; ///< all that was not dropped, or nothing
    int file_ = -1;      ///< the same
    std::size_t dropped_ = 0;
    std::size_t size_ = 0;
};

} // namespace milter::message
