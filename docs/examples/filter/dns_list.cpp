// SPDX-License-Identifier: BSL-1.0
// dns_list.cpp - the client is looked up in a list in DNS while the MTA waits, and hears that we are alive
//
//     dns_list SOCKET NAMESERVER PORT ZONE        e.g. unix:/run/x.sock 127.0.0.53 53 zen.spamhaus.org
//
// A question to a name server is a packet there and a packet back; that much of DNS is at the end of this file.
// Of the guide docs/library/filter.md.
#include <milter/filter/server.hpp>
#include <milter/net/watchdog.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>

namespace asio = boost::asio;
namespace filter = milter::filter;
using asio::ip::udp;
using namespace std::chrono_literals;

struct name_server {
    udp::endpoint where;
    std::string zone;
};

/// Whether `name` has an address. @throws boost::system::system_error when no answer comes
filter::awaitable<bool> exists(std::string name, name_server const& asked);

class blocker {
public:
    using shared = name_server;

    explicit blocker(name_server& asked) : asked_(asked) {}

    void connect(filter::client const& from) {
        if (from.family() == milter::wire::family::inet) address_ = from.address();
    }

    struct message {
        static constexpr auto actions = filter::action::add_header;

        blocker const& from;

        /// The one stage at which an MTA is told that it takes a while: see timeouts::keepalive.
        filter::awaitable<filter::verdict> end_of_message(filter::edits& edits) {
            if (from.address_.empty()) co_return filter::proceed;
            bool const listed = co_await exists(from.question(), from.asked_);
            if (listed) co_return filter::reply("550 5.7.1 " + from.address_ + " is listed");
            edits.add_header("X-Not-Listed", from.address_);
            co_return filter::proceed;
        }
    };

private:
    /// 192.0.2.1 is looked for as 1.2.0.192.zone
    std::string question() const {
        auto const bytes = asio::ip::make_address_v4(address_).to_bytes();
        std::string name;
        for (auto const byte : bytes) name.insert(0, std::to_string(byte) + '.');
        return name + asked_.zone;
    }

    name_server& asked_;
    std::string address_;
};

int main(int argc, char** argv) {
    if (argc != 5) {
        std::fprintf(stderr, "usage: %s SOCKET NAMESERVER PORT ZONE\n", argv[0]);
        return 64;
    }
    name_server asked{
        {asio::ip::make_address(argv[2]), static_cast<std::uint16_t>(std::atoi(argv[3]))}, argv[4]};
    filter::server_options options;
    options.listen = {argv[1]};
    options.timeouts.keepalive = 100ms; // 10 s would do for an MTA
    options.timeouts.end_of_message = 60s;
    return filter::run<blocker>(options, asked);
}

// ---- DNS (RFC 1035): one question, and of the answer whether it has records

constexpr std::size_t header_size = 12; // id, flags, four counts

std::string query(std::uint16_t id, std::string_view name) {
    std::string packet{static_cast<char>(id >> 8), static_cast<char>(id)};
    packet += std::string_view("\1\0\0\1\0\0\0\0\0\0", 10); // recursion desired, one question
    while (!name.empty()) {
        auto const label = name.substr(0, name.find('.'));
        packet += static_cast<char>(label.size());
        packet += label;
        name.remove_prefix(std::min(label.size() + 1, name.size()));
    }
    return packet += std::string_view("\0\0\1\0\1", 5); // the root; A, IN
}

filter::awaitable<bool> exists(std::string name, name_server const& asked) {
    auto const executor = co_await asio::this_coro::executor;
    udp::socket socket(executor, asked.where.protocol());
    socket.connect(asked.where);
    auto const packet = query(static_cast<std::uint16_t>(std::random_device{}()), name);
    milter::net::watchdog impatience(executor, [&socket] { socket.cancel(); });
    for (int i = 0; i < 5; ++i) { // packets get lost
        socket.send(asio::buffer(packet));
        impatience.until(milter::proto::clock::now() + 500ms * (1 << i));
        std::array<char, 512> answer{};
        auto const [ec, size] =
            co_await socket.async_receive(asio::buffer(answer), milter::net::use_tuple);
        if (ec == asio::error::operation_aborted) continue;
        if (ec) throw boost::system::system_error(ec);
        bool const ours =
            size >= header_size && std::equal(packet.begin(), packet.begin() + 2, answer.begin());
        auto const code = answer[3] & 15; // 3: there is no such name
        if (ours && (code == 0 || code == 3)) co_return code == 0 && (answer[6] | answer[7]) != 0;
    }
    throw boost::system::system_error(make_error_code(milter::errc::timed_out));
}
