// SPDX-License-Identifier: BSL-1.0
// manager/service/connection.hpp - one connection of a session: to the MTA, or to a milter
//
// Reads are its owner's, into a buffer that all sessions of the thread share; so it owns none. Writes are tried at once;
// what the system does not take waits here, and then the poller is asked when it does. A connection that could not be
// written to is told of by the read side, with all that the peer said before. It can be used again after close().
#pragma once

#include "manager/config/descriptor.hpp"
#include "manager/service/poller.hpp"
#include <milter/net/address.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace milter::manager {

class connection final : public poller::watcher {
public:
    class owner {
    public:
        /// The end of connect(): `ec` says whether there is a connection. May come while connect() runs.
        virtual void connected(std::size_t index, error_code ec) = 0;
        /// There is something to read(), or the end.
        virtual void readable(std::size_t index) = 0;
        /// All that waited is written.
        virtual void drained(std::size_t index) = 0;

    protected:
        ~owner() = default;
    };

    /// @param index  what the owner calls it
    connection(poller& on, owner& of, std::size_t index) : poller_(on), owner_(of), index_(index) {}
    connection(connection const&) = delete;
    connection& operator=(connection const&) = delete;
    ~connection() { close(); }

    /// Takes over what was accepted, which does not block.
    void accept(descriptor accepted, error_code& ec);

    /// Connects to the first of these that answers. @param ec  why there are none, if so
    void connect(std::vector<net::address> where, error_code ec);

    /// @return  how many bytes; 0 without ec: nothing there
    /// @errors  connection_closed, what the system says
    std::size_t read(std::span<char> room, error_code& ec) noexcept;

    /// Whether readable() is to come. It does in any case at the end.
    void listen(bool is_wanted) noexcept;

    /// @return true when all is written, that which waited before included
    bool write(std::string bytes);

    /// Nothing more is read, nor is what waits written, as nobody would tell when there is room. No deadline is left.
    void deafen() noexcept;

    /// Last words go out if the system takes them now.
    void close(std::string_view last_words = {}) noexcept;

    bool is_open() const noexcept { return socket_.is_open(); }
    /// Another number for each connection that it is used for; the name service may answer when that has passed.
    std::uint32_t serial() const noexcept { return serial_; }

    /// When expire() is due. @param patience  with a peer that does not read
    proto::time_point deadline(proto::duration patience) const noexcept;
    /// At deadline(). @return false when the peer has read nothing for that long
    bool expire(proto::time_point now, proto::duration patience);

    void ready(std::uint32_t events) override;

private:
    enum class stage { connecting, open };

    void connect_next(error_code ec);
    error_code dial(net::address const& where);
    void dialled(std::uint32_t events);
    bool break_off() noexcept;
    void settle(error_code ec);
    bool flush();
    std::size_t send(std::string_view bytes, error_code& ec) noexcept;
    void await(std::uint32_t events) noexcept;
    void drop_waiting() noexcept;

    poller& poller_;
    owner& owner_;
    std::size_t index_;
    descriptor socket_;
    stage stage_ = stage::open;
    std::uint32_t serial_ = 0;
    std::uint32_t awaited_ = 0;                    ///< events of the poller
    std::string waiting_;                          ///< to be written
    std::size_t written_ = 0;                      ///< of `waiting_`
    proto::time_point stuck_since_ = proto::never; ///< the peer has read nothing
    proto::time_point again_at_ = proto::never;    ///< when its queue may have room
    std::vector<net::address> left_;               ///< to try, the next one last
};

} // namespace milter::manager
