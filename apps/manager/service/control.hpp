// SPDX-License-Identifier: BSL-1.0
// manager/service/control.hpp - the control socket: lines in, lines out, each peer by its user
//
// All of it runs on the manager's main thread. What a line means: config/control_json.hpp.
#pragma once

#include "manager/config/control_json.hpp"
#include "manager/service/door.hpp"
#include <milter/net/stream.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <memory>
#include <set>

namespace milter::manager {

inline constexpr std::size_t control_connection_limit = 16;
/// Of those who may only ask, so that whoever may order finds a place.
inline constexpr std::size_t control_guest_limit = 8;

class control : public std::enable_shared_from_this<control> {
public:
    /// @param inherited  a socket to listen on instead of opening one; outlives us
    control(boost::asio::io_context& on, inherited_sockets* inherited, control_actions actions)
        : context_(on), doors_(on.get_executor(), on.get_executor(), inherited),
          actions_(std::move(actions)) {}

    /// What reload() needs: the socket of other settings, which may have none.
    door_plan plan(config const& settings) const;
    /// Listens there from now on, and no longer where it did before. Whoever is connected stays.
    void reload(door_plan&& planned);

    /// Tells those who wait for the end of a drain, and hangs up. @param cut_off  sessions that did not end
    void stop(std::size_t cut_off);

private:
    struct connection {
        explicit connection(net::socket accepted) : stream(std::move(accepted)) {}
        net::stream stream;
        control_peer peer;
        std::optional<proto::duration> waits; ///< for the end of a drain
    };
    using connection_ptr = std::shared_ptr<connection>;

    void accept(door_ptr const& at);
    void admit(net::socket accepted);
    bool is_full_for(control_peer const& peer) const;
    boost::asio::awaitable<void> serve(connection_ptr one);
    boost::asio::awaitable<bool> answer(connection_ptr one, std::string line);

    boost::asio::io_context& context_;
    doors doors_;
    control_actions actions_;
    std::set<connection_ptr> connections_;
};

} // namespace milter::manager
