// SPDX-License-Identifier: BSL-1.0
// manager/config/file_state.hpp - whether a file is still the one that was read, without reading it
#pragma once

#include "manager/core/config.hpp"

#include <functional>
#include <string>

namespace milter::manager {

/// Asked before the file is read, so that what changes meanwhile is seen the next time.
file_state state_of(std::string const& path);

/// Whether there is a set that comes from a file.
bool has_sets_of_files(config const& what) noexcept;

/// Told of a file before it is touched: the file system may hang.
using file_listener = std::function<void(std::string const& path)>;

/// Whether a file of a set is another one than the one that was read. A stat() for each.
bool sets_have_changed(config const& what, file_listener const& before = {});

/// The same of one set.
bool has_changed(set_config const& what);

} // namespace milter::manager
