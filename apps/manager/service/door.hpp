// SPDX-License-Identifier: BSL-1.0
// manager/service/door.hpp - the listening sockets, and how one set of them becomes another
//
// A plan opens what is new and sets modes and groups; it is taken back when it is not committed. So a reload with one
// socket that cannot be opened changes nothing. What both sets have stays open, the same descriptor.
#pragma once

#include "manager/core/config.hpp"
#include "manager/service/inherited.hpp"
#include <milter/net/listener.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace milter::manager {

/// Ours, or the machine's.
inline bool is_shortage_of_descriptors(error_code ec) {
    return ec == std::errc::too_many_files_open || ec == std::errc::too_many_files_open_in_system;
}

/// One listening socket, and who came through it. Belongs to the main thread, but for the counters.
struct door {
    door(boost::asio::any_io_executor const& listens, boost::asio::any_io_executor const& waits)
        : listener(listens), farewell(waits) {}

    net::listener listener;
    boost::asio::steady_timer farewell; ///< until it is closed, when it is retiring
    listen_config asked;                ///< as the configuration has it
    endpoint where;                     ///< with the port in fact, for people
    std::atomic<std::uint64_t> accepted = 0;
    std::shared_ptr<std::atomic<std::size_t>> inside =
        std::make_shared<std::atomic<std::size_t>>(0); ///< sessions now; they may outlive it
    bool inherited = false;
    bool retiring = false;
    std::uint32_t retirement = 0; ///< another number whenever it begins to retire or is wanted back

    /// @return  the number of this retirement: what was begun for one with another number is stale
    std::uint32_t begin_retirement() noexcept {
        retiring = true;
        return ++retirement;
    }
    void end_retirement() noexcept {
        retiring = false;
        ++retirement;
    }
};
using door_ptr = std::shared_ptr<door>;

class door_plan {
public:
    door_plan() = default;
    door_plan(door_plan&&) noexcept = default;
    door_plan& operator=(door_plan&&) = delete;
    door_plan(door_plan const&) = delete;
    door_plan& operator=(door_plan const&) = delete;
    ~door_plan();

    /// Why it cannot be carried out, with the endpoint; empty: it can.
    std::string const& problem() const noexcept { return problem_; }

private:
    friend class doors;

    struct entry {
        door_ptr which;
        listen_config as;
        bool is_new = false;
        bool access_set = false;
    };

    std::vector<entry> entries_;
    std::string problem_;
};

class doors {
public:
    /// @param listens  of the listeners: who accepts by Asio runs it
    /// @param waits  of the timers of those that are retiring
    doors(boost::asio::any_io_executor listens, boost::asio::any_io_executor waits,
          inherited_sockets* inherited)
        : listens_(std::move(listens)), waits_(std::move(waits)), inherited_(inherited) {}

    /// Opens what is new; nobody is accepted there yet. Asks the name service for names that are new, and waits for it.
    door_plan plan(std::vector<listen_config> const& wanted) const;

    struct change {
        std::vector<door_ptr> come; ///< new: nobody accepts there yet
        std::vector<door_ptr> gone; ///< no longer wanted: for the caller to retire and forget()
    };
    /// `made` has no problem.
    change commit(door_plan&& made);

    void forget(door_ptr const& which);

    std::vector<door_ptr> const& all() const noexcept { return all_; }

private:
    void find_or_open(listen_config const& wanted, door_plan& into) const;
    bool find_asked(listen_config const& wanted, door_plan& into) const;
    door_ptr find_bound(endpoint const& where) const;
    door_ptr open(endpoint const& where, endpoint const& literal, listen_config const& as,
                  std::string& problem) const;
    std::string overlap_with(endpoint const& where) const;
    static void set_access(door_plan& of);

    boost::asio::any_io_executor listens_;
    boost::asio::any_io_executor waits_;
    inherited_sockets* inherited_;
    std::vector<door_ptr> all_;
};

} // namespace milter::manager
