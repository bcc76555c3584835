// SPDX-License-Identifier: BSL-1.0
// manager/service/inherited.hpp - sockets that whoever started us listens on already, so that a restart refuses nobody
//
// Source: sd_listen_fds(3). LISTEN_PID is whom they are for, LISTEN_FDS how many there are, from descriptor 3 on,
// LISTEN_FDNAMES what they are called, separated by colons.
#pragma once

#include <milter/endpoint.hpp>

#include <optional>
#include <string>
#include <vector>

namespace milter::manager {

inline constexpr int first_inherited = 3;   // SD_LISTEN_FDS_START
inline constexpr int inherited_limit = 256; // sockets; more is a mistake of whoever started us

/// What the environment says about them.
struct inheritance {
    int count = 0;
    std::vector<std::string> names; ///< may be fewer
};

/// @param pid, fds, names  the variables; null: not set
/// @return  nothing when the sockets are not for `self`, or the numbers are none
inheritance parse_inheritance(char const* pid, char const* fds, char const* names, long self);

/// Those that nobody has taken are closed at the end.
class inherited_sockets {
public:
    inherited_sockets() = default;
    inherited_sockets(inherited_sockets&&) noexcept = default;
    inherited_sockets& operator=(inherited_sockets&&) = delete;
    inherited_sockets(inherited_sockets const&) = delete;
    inherited_sockets& operator=(inherited_sockets const&) = delete;
    ~inherited_sockets() { close_rest(); }

    /// Of this process. They will not be inherited any further, and the variables are gone. Before there are threads.
    static inherited_sockets of_environment();

    /// The descriptor that listens at `where`, which is in digits; it is the caller's. Empty: none does.
    std::optional<int> take(endpoint const& where);

    /// Closes what nobody has taken. @return what was closed and why, in words
    std::vector<std::string> close_rest();

private:
    struct held {
        int descriptor = -1;
        std::string name;
        std::optional<endpoint> where; ///< empty: does not listen
    };

    static held describe(int descriptor, std::string name);

    std::vector<held> all_;
};

} // namespace milter::manager
