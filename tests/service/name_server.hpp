// SPDX-License-Identifier: BSL-1.0
// tests/service/name_server.hpp - a name server of one test, on the loopback by UDP and TCP, that says what it is told to
#pragma once

#include <milter/endpoint.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <support/dns_packet.hpp>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace support {

/// What came, and whatever is to be said to it.
struct asked_name {
    std::string name;
    bool by_tcp = false;
    dns_packet answer; ///< with its id and question; the rest is for the script to fill in
};

class name_server {
public:
    /// Called in the server's thread. @return the packets to send, of which TCP takes the first
    using script = std::function<std::vector<std::string>(asked_name const&)>;

    explicit name_server(script says) : says_(std::move(says)) {
        open();
        thread_ = std::thread([this] { serve(); });
    }
    name_server(name_server const&) = delete;
    name_server& operator=(name_server const&) = delete;
    ~name_server() {
        std::uint64_t const one = 1;
        [[maybe_unused]] auto const size = ::write(bell_, &one, sizeof one);
        thread_.join();
        for (int const each : {udp_, tcp_, bell_}) ::close(each);
    }

    /// From now on.
    void will_say(script what) {
        std::lock_guard const lock(mutex_);
        says_ = std::move(what);
    }

    milter::endpoint where() const {
        return {milter::endpoint::kind::inet, {}, "127.0.0.1", std::to_string(port_)};
    }
    int times(std::string const& name) const {
        std::lock_guard const lock(mutex_);
        auto const found = asked_.find(name);
        return found == asked_.end() ? 0 : found->second;
    }
    int times() const { return all_; }
    /// From how many it was asked by UDP.
    std::size_t ports() const {
        std::lock_guard const lock(mutex_);
        return ports_.size();
    }

private:
    static int bound(int type, std::uint16_t& port) {
        int const made = ::socket(AF_INET, type | SOCK_CLOEXEC, 0);
        sockaddr_in where{};
        where.sin_family = AF_INET;
        where.sin_port = htons(port);
        where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        auto* const plain = reinterpret_cast<sockaddr*>(&where);
        socklen_t size = sizeof where;
        if (::bind(made, plain, size) != 0) {
            ::close(made);
            return -1;
        }
        ::getsockname(made, plain, &size);
        port = ntohs(where.sin_port);
        return made;
    }

    /// The same number for both, which somebody else may have for one of them.
    void open() {
        for (int left = 100; left > 0; --left) {
            port_ = 0;
            udp_ = bound(SOCK_DGRAM, port_);
            tcp_ = bound(SOCK_STREAM, port_);
            if (udp_ >= 0 && tcp_ >= 0 && ::listen(tcp_, 16) == 0) break;
            if (udp_ >= 0) ::close(udp_);
            if (tcp_ >= 0) ::close(tcp_);
            if (left == 1) throw std::runtime_error("no port for a name server");
        }
        int const room = 4 << 20;
        ::setsockopt(udp_, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
        bell_ = ::eventfd(0, EFD_CLOEXEC);
    }

    void serve() {
        pollfd all[] = {{udp_, POLLIN, 0}, {tcp_, POLLIN, 0}, {bell_, POLLIN, 0}};
        while (::poll(all, 3, -1) >= 0 && all[2].revents == 0) {
            if (all[0].revents != 0) serve_udp();
            if (all[1].revents != 0) serve_tcp();
        }
    }

    void serve_udp() {
        char room[1500];
        sockaddr_in who{};
        auto* const plain = reinterpret_cast<sockaddr*>(&who);
        socklen_t length = sizeof who;
        auto const size = ::recvfrom(udp_, room, sizeof room, MSG_DONTWAIT, plain, &length);
        if (size < 12) return;
        note_port(who);
        for (auto const& one : say({room, static_cast<std::size_t>(size)}, false))
            ::sendto(udp_, one.data(), one.size(), 0, plain, length);
    }

    void note_port(sockaddr_in const& of) {
        std::lock_guard const lock(mutex_);
        ports_.insert(of.sin_port);
    }

    /// One question a connection.
    void serve_tcp() {
        int const peer = ::accept(tcp_, nullptr, nullptr);
        std::string got;
        char room[1500];
        for (ssize_t size = 1; size > 0 && got.size() < 14;) {
            size = ::recv(peer, room, sizeof room, 0);
            if (size > 0) got.append(room, static_cast<std::size_t>(size));
        }
        if (got.size() >= 14)
            for (auto const& one : say(got.substr(2), true)) {
                auto const whole = big_endian(one.size(), 2) + one;
                ::send(peer, whole.data(), whole.size(), MSG_NOSIGNAL);
                break;
            }
        while (::recv(peer, room, sizeof room, 0) > 0) {
        }
        ::close(peer);
    }

    std::vector<std::string> say(std::string const& packet, bool by_tcp) {
        asked_name asked;
        asked.by_tcp = by_tcp;
        std::size_t at = 12;
        while (at < packet.size() && packet[at] != '\0') {
            auto const size = static_cast<unsigned char>(packet[at]);
            if (!asked.name.empty()) asked.name += '.';
            asked.name += packet.substr(at + 1, size);
            at += size + 1U;
        }
        asked.answer.id = static_cast<unsigned>(static_cast<unsigned char>(packet[0])) << 8 |
                          static_cast<unsigned char>(packet[1]);
        asked.answer.question = packet.substr(12, at + 5 - 12);
        ++all_;
        std::unique_lock lock(mutex_);
        ++asked_[asked.name];
        auto const says = says_;
        lock.unlock();
        return says(asked);
    }

    std::uint16_t port_ = 0;
    int udp_ = -1, tcp_ = -1, bell_ = -1;
    mutable std::mutex mutex_;
    script says_;
    std::map<std::string, int> asked_;
    std::set<std::uint16_t> ports_;
    std::atomic<int> all_ = 0;
    std::thread thread_;
};

/// The usual answers.
inline std::vector<std::string> addresses(asked_name of, std::vector<std::uint32_t> const& all,
                                          unsigned ttl = 300) {
    for (auto const one : all) of.answer.answers.push_back(address_record(one, ttl));
    return {of.answer.bytes()};
}
inline std::vector<std::string> rcode(asked_name of, unsigned code) {
    of.answer.rcode = code;
    return {of.answer.bytes()};
}
inline std::vector<std::string> no_such_name(asked_name of, unsigned ttl = 300) {
    of.answer.rcode = dns_nxdomain;
    of.answer.authorities.push_back(authority_record(ttl, ttl));
    return {of.answer.bytes()};
}

} // namespace support
