// SPDX-License-Identifier: BSL-1.0
// manager/config/file_state.cpp
#include "manager/config/file_state.hpp"

#include <sys/stat.h>

#include <algorithm>

namespace milter::manager {

namespace {

std::int64_t nanoseconds(timespec const& time) {
    constexpr std::int64_t second = 1'000'000'000;
    return time.tv_sec * second + time.tv_nsec;
}

} // namespace

file_state state_of(std::string const& path) {
    file_state state{.path = path};
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0) return state;
    state.exists = true;
    state.device = found.st_dev;
    state.inode = found.st_ino;
    state.size = static_cast<std::uint64_t>(found.st_size);
    state.modified = nanoseconds(found.st_mtim);
    state.changed = nanoseconds(found.st_ctim);
    return state;
}

bool has_changed(set_config const& what) {
    return std::any_of(what.sources.begin(), what.sources.end(),
                       [](file_state const& one) { return state_of(one.path) != one; });
}

bool has_sets_of_files(config const& what) noexcept {
    return std::any_of(what.named_sets.begin(), what.named_sets.end(),
                       [](set_config const& one) { return !one.sources.empty(); });
}

bool sets_have_changed(config const& what, file_listener const& before) {
    return std::any_of(what.named_sets.begin(), what.named_sets.end(), [&](set_config const& one) {
        if (before && !one.sources.empty()) before(one.sources.front().path);
        return has_changed(one);
    });
}

} // namespace milter::manager
