// SPDX-License-Identifier: BSL-1.0
// test-server/conformance/raw_connection.hpp - a connection to a milter for one case: any bytes out, frames in, each wait
// with a deadline
//
// Blocking, one at a time, without the library's session: what is sent is what no session would send.
#pragma once

#include "test-server/conformance/transcript.hpp"
#include <milter/endpoint.hpp>
#include <milter/wire/frame.hpp>

#include <sys/socket.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace milter::test_server {

using milliseconds = std::chrono::milliseconds;

/// Where a milter listens, looked up once.
struct socket_address {
    sockaddr_storage bytes{};
    socklen_t size = 0;
};

/// Empty when no such host or path can be used: then `ec` says why. Blocks.
std::optional<socket_address> look_up(endpoint const& where, error_code& ec);

/// What came of a wait.
enum class came : unsigned char {
    frame,
    closed,  ///< by the milter, behind a whole packet
    cut,     ///< by the milter, within a packet
    rubbish, ///< a length that no packet has
    silence,
    flood,       ///< more packets than anything could be the answer to
    interrupted, ///< by a signal
};

/// Set by a signal; null: never.
using interruption = std::sig_atomic_t volatile const*;

/// Of a milter that was to close.
constexpr bool is_open_after(came what) noexcept {
    return what == came::silence || what == came::flood;
}

class raw_connection {
public:
    /// Nothing is told of a failure but connected().
    /// @param stop  looked at within each wait; must outlive it
    raw_connection(socket_address const& where, milliseconds patience, transcript_lines& log,
                   interruption stop);
    raw_connection(raw_connection const&) = delete;
    raw_connection& operator=(raw_connection const&) = delete;
    ~raw_connection();

    bool connected() const noexcept { return fd_ >= 0; }
    /// Why it is not.
    std::error_code const& refusal() const noexcept { return refusal_; }

    /// All of `bytes`. @return false when the milter does not take them
    bool send(std::string_view bytes, milliseconds patience);
    /// The same, one byte in a write. @return as send()
    bool send_in_pieces(std::string_view bytes, std::size_t piece, milliseconds patience);
    void half_close();
    void close();

    /// The next frame; its views live until the next call.
    came read(wire::frame_view& frame, milliseconds patience) {
        return read_until(frame, std::chrono::steady_clock::now() + patience);
    }
    /// The same. What has come already is looked at however late it is.
    came read_until(wire::frame_view& frame, std::chrono::steady_clock::time_point until);
    /// Whatever comes until the milter closes, or until then. @param frames  how many there were
    came drain(milliseconds patience, std::size_t& frames);

    /// Bytes that could not be cut into a packet.
    std::string_view rest() const noexcept { return input_; }

private:
    bool stopped() const noexcept { return stop_ != nullptr && *stop_ != 0; }
    bool wait(short events, std::chrono::steady_clock::time_point until) const;
    bool write_all(std::string_view bytes, milliseconds patience);

    int fd_ = -1;
    std::string input_;
    std::size_t consumed_ = 0;
    std::error_code refusal_;
    transcript_lines& log_;
    interruption stop_;
};

} // namespace milter::test_server
