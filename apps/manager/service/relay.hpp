// SPDX-License-Identifier: BSL-1.0
// manager/service/relay.hpp - one manager session on real sockets: executes effects, reports what happens
//
// Runs on one worker from accept to close. Reads go through the worker's scratch buffer, so an idle session owns no
// buffer. Writes are tried at once and wait only when the socket is full; a peer that does not read loses its connection
// after a while.
#pragma once

#include "manager/core/shadowed_session.hpp"
#include "manager/service/connection.hpp"
#include "manager/service/relay_sinks.hpp"
#include "manager/service/rule_desk.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace milter::manager {

class worker;

/// A connection of the MTA, as the acceptor knows it.
struct arrival {
    std::uint64_t id = 0;
    std::string listener; ///< where it came in, for people
    std::string profile;  ///< of the listener; empty: none
    std::shared_ptr<config const> settings;
    std::string no_room;                   ///< why it is answered and refused; empty: it is served
    std::shared_ptr<void> ticket;          ///< counts the session while it lives
    std::shared_ptr<rule_desk const> desk; ///< null: there are no rules
    surroundings known;
};

class relay final : connection::owner {
public:
    relay(worker& on, arrival who);
    relay(relay const&) = delete;
    relay& operator=(relay const&) = delete;
    ~relay();

    void start(descriptor mta);
    /// The manager ends: what the session did not come to is in the records. It is buried then.
    void cut_off();

private:
    static constexpr std::size_t mta_index = static_cast<std::size_t>(-1);

    void connected(std::size_t index, error_code ec) override;
    void readable(std::size_t index) override;
    void drained(std::size_t index) override;

    void perform();
    void execute(effect& what);
    void open(effect const& what);
    void look_up(effect const& what);
    void list_answered(std::size_t list, std::string_view address, listing what);
    void tell_drained(std::size_t index);
    void closed(std::size_t index, error_code why);
    void end();
    void expired();
    proto::time_point next_deadline() const;
    connection& at(std::size_t index) { return index == mta_index ? mta_ : *milters_[index]; }

    worker& worker_;
    std::shared_ptr<config const> config_; ///< effects refer to it
    std::uint64_t id_;
    std::shared_ptr<void> ticket_;
    std::shared_ptr<rule_desk const> desk_;
    shadowed_session core_;
    connection mta_;
    std::vector<std::shared_ptr<connection>> milters_; ///< null: never needed
    poller::alarm alarm_;
    std::shared_ptr<relay*> self_; ///< while it lives: answers may come later
    bool performing_ = false;
    bool over_ = false;
};

} // namespace milter::manager
