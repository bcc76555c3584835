// SPDX-License-Identifier: BSL-1.0
// manager/service/peer_count.hpp - how many sessions there are of each address that connects over TCP
//
//   auto mine = peers.enter(socket.remote_endpoint().address(), limits.sessions_per_address);
//   if (!mine) ...   // its mail is refused; else `mine` lives as long as the session
//
// Any thread may enter and leave: one lock, held for a look-up. A map entry lives as long as a session of its address.
#pragma once

#include <boost/asio/ip/address.hpp>

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

namespace milter::manager {

class peer_count {
    struct table;

public:
    /// One session of an address; it leaves when this dies, which may be after the peer_count.
    class ticket {
    public:
        ticket() = default;
        ticket(ticket&& other) noexcept = default;
        ticket& operator=(ticket&& other) noexcept {
            if (this == &other) return *this;
            leave();
            of_ = std::move(other.of_);
            who_ = other.who_;
            return *this;
        }
        ticket(ticket const&) = delete;
        ticket& operator=(ticket const&) = delete;
        ~ticket() { leave(); }

        explicit operator bool() const noexcept { return of_ != nullptr; }

    private:
        friend class peer_count;
        ticket(std::shared_ptr<table> of, boost::asio::ip::address who)
            : of_(std::move(of)), who_(std::move(who)) {}
        void leave() noexcept;

        std::shared_ptr<table> of_;
        boost::asio::ip::address who_;
    };

    /// Why there is no ticket.
    enum class refusal { none, too_many_sessions, too_many_addresses };

    static constexpr std::size_t default_capacity = 1'000'000; // as many as there may be sessions

    /// @param capacity  addresses known at once; sessions of others are refused then
    explicit peer_count(std::size_t capacity = default_capacity)
        : table_(std::make_shared<table>(capacity)) {}

    /// An IPv4 address within IPv6 is that IPv4 address.
    /// @param most  sessions of an address at once; 0: any number, which are counted all the same
    /// @param why   null: no matter
    /// @return  empty: there are so many, or none of this address and too many others
    ticket enter(boost::asio::ip::address const& who, std::size_t most, refusal* why = nullptr);

    /// Sessions of the address now.
    std::size_t of(boost::asio::ip::address const& who) const;
    /// Addresses of which there is a session.
    std::size_t size() const;
    /// The most addresses of which there may be sessions.
    std::size_t capacity() const noexcept { return table_->capacity; }

private:
    struct table {
        explicit table(std::size_t most_addresses) : capacity(most_addresses) {}
        std::mutex lock;
        std::map<boost::asio::ip::address, std::size_t> sessions;
        std::size_t const capacity;
    };

    std::shared_ptr<table> table_;
};

} // namespace milter::manager
