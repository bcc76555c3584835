// SPDX-License-Identifier: BSL-1.0
// manager/rules/text_file.cpp
#include "manager/rules/text_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

namespace milter::manager {

namespace {

struct closer {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using file_handle = std::unique_ptr<std::FILE, closer>;

std::string why() { return std::generic_category().message(errno); }

read_text read_all(std::FILE* from, std::size_t limit) {
    read_text read;
    constexpr std::size_t piece = 1 << 16; // bytes
    while (read.text.size() <= limit) {    // so that the excess is seen
        auto const had = read.text.size();
        read.text.resize(had + piece);
        read.text.resize(had + std::fread(read.text.data() + had, 1, piece, from));
        if (read.text.size() < had + piece) break;
    }
    if (std::ferror(from) != 0)
        read.problem = "cannot read the file: " + why();
    else if (read.text.size() > limit)
        read.problem = "it has more than " + std::to_string(limit) + " bytes";
    return read;
}

struct memory_release {
    void operator()(char* text) const noexcept { std::free(text); } // NOLINT: of realpath(3)
};

/// Beside the file that it is to replace, and removed unless it does. Its name begins with a dot and ends in no ".toml":
/// it belongs to no configuration. On failures errno says why.
class new_file {
public:
    explicit new_file(std::string target)
        : target_(std::move(target)), name_(beside(target_)),
          descriptor_(::mkostemp(name_.data(), O_CLOEXEC)) {}
    new_file(new_file const&) = delete;
    new_file& operator=(new_file const&) = delete;
    ~new_file() {
        if (descriptor_ < 0) return;
        ::close(descriptor_);
        if (!is_placed_) ::unlink(name_.c_str());
    }

    bool write(std::string_view text) const {
        if (descriptor_ < 0) return false;
        while (!text.empty()) {
            auto const wrote = ::write(descriptor_, text.data(), text.size());
            if (wrote < 0 && errno != EINTR) return false;
            if (wrote > 0) text.remove_prefix(static_cast<std::size_t>(wrote));
        }
        return ::fsync(descriptor_) == 0;
    }

    /// The owner first, as a change of that takes bits of the mode away.
    bool belong_as(struct stat const& old) const {
        struct stat now {};
        if (::fstat(descriptor_, &now) != 0) return false;
        bool const is_alike = now.st_uid == old.st_uid && now.st_gid == old.st_gid;
        if (!is_alike && ::fchown(descriptor_, old.st_uid, old.st_gid) != 0) return false;
        constexpr mode_t permissions = 07777;
        return ::fchmod(descriptor_, old.st_mode & permissions) == 0;
    }

    bool replace() {
        is_placed_ = ::rename(name_.c_str(), target_.c_str()) == 0;
        return is_placed_;
    }

private:
    /// For mkostemp().
    static std::string beside(std::string const& target) {
        auto const slash = target.rfind('/') + 1;
        return target.substr(0, slash) + '.' + target.substr(slash) + ".XXXXXX";
    }

    std::string target_, name_;
    int descriptor_ = -1;
    bool is_placed_ = false;
};

} // namespace

read_text read_text_file(std::string const& path, std::size_t limit) {
    if (path == "-") return read_all(stdin, limit);
    file_handle const from(std::fopen(path.c_str(), "re"));
    return from ? read_all(from.get(), limit) : read_text{{}, "cannot read the file: " + why()};
}

std::string write_text_file(std::string const& path, std::string const& text) {
    // a link stays, and leads to the new file; what may not be written is not replaced either
    std::unique_ptr<char, memory_release> const target(::realpath(path.c_str(), nullptr));
    if (!target) return why();
    file_handle const old(std::fopen(target.get(), "r+e"));
    struct stat state {};
    if (!old || ::fstat(::fileno(old.get()), &state) != 0) return why();
    if (!S_ISREG(state.st_mode)) return "it is no regular file";
    new_file made(target.get());
    if (!made.write(text) || !made.belong_as(state) || !made.replace()) return why();
    return {};
}

} // namespace milter::manager
