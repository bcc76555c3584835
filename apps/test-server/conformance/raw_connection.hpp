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
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace milter::test_server {

using milliseconds = std::chrono::milliseconds;

/// Where a milter listens, looked up once.
struct socket_address {
    sockaddr_storage bytes{};
    socklen_t size = 0;
};

/// Empty when no such host or path can be used. Blocks.
std::optional<socket_address> look_up(endpoint const& where);

/// What came of a wait.
enum class came : unsigned char {
    frame,
    closed,  ///< by the milter, behind a whole packet
    cut,     ///< by the milter, within a packet
    rubbish, ///< a length that no packet has
    silence,
};

class raw_connection {
public:
    /// Nothing is told of a failure but connected().
    raw_connection(socket_address const& where, milliseconds patience, transcript_lines& log);
    raw_connection(raw_connection const&) = delete;
    raw_connection& operator=(raw_connection const&) = delete;
    ~raw_connection();

    bool connected() const noexcept { return fd_ >= 0; }

    /// All of `bytes`. @return false when the milter does not take them
    bool send(std::string_view bytes, milliseconds patience);
    /// The same, one byte in a write. @return as send()
    bool send_in_pieces(std::string_view bytes, std::size_t piece, milliseconds patience);
    void half_close();
    void close();

    /// The next frame; its views live until the next call.
    came read(wire::frame_view& frame, milliseconds patience);

    /// Bytes that could not be cut into a packet.
    std::string_view rest() const noexcept { return input_; }

private:
    bool wait(short events, std::chrono::steady_clock::time_point until) const;
    bool write_all(std::string_view bytes, milliseconds patience);

    int fd_ = -1;
    std::string input_;
    std::size_t consumed_ = 0;
    transcript_lines& log_;
};

} // namespace milter::test_server
