// SPDX-License-Identifier: BSL-1.0
// ask_a_milter.cpp - what does a milter say to a message? The side of an MTA, with sockets and deadlines
//
//     ask_a_milter SOCKET     asks the milter that listens there
//     ask_a_milter            asks the tiny milter, which it runs itself
//
// Of the guide docs/library/net.md.
#undef NDEBUG
#include "tiny_milter.hpp"
#include <milter/net/connect.hpp>
#include <milter/net/drive_mta.hpp>
#include <milter/net/listener.hpp>
#include <milter/net/serve_filter.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <array>
#include <cassert>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>

namespace asio = boost::asio;
namespace net = milter::net;
namespace proto = milter::proto;
namespace wire = milter::wire;
using namespace std::chrono_literals;

namespace {

/// Macros of this MTA, by name.
std::optional<std::string_view> macro(std::string_view name) {
    if (name == "j") return "mx.example.org";
    if (name == "{daemon_name}") return "ask_a_milter";
    if (name == "i") return "4QbX2w1zk3z9";
    return std::nullopt;
}

/// The macros that go with a command: those that the milter asked for, else those that MTAs send anyway.
std::string macros_for(wire::command_code code, proto::agreement const& agreed) {
    auto const stage = wire::macro_stage_index(code);
    if (stage == wire::macro_stage_count) return {};
    std::string_view const by_default = code == wire::command_code::connect ? "j {daemon_name}"
                                        : code == wire::command_code::mail  ? "i"
                                                                            : "";
    auto const& asked = agreed.lists.at(stage);
    return proto::select_macros(asked ? std::string_view(*asked) : by_default, macro);
}

class conversation {
public:
    explicit conversation(net::socket connected, proto::mta_options const& options = {})
        : peer_(std::move(connected)), session_(options),
          drive_(peer_, session_, options.timeouts.write) {}

    asio::awaitable<void> begin(milter::error_code& ec) { co_await drive_.negotiate(ec); }

    /// Says a command and prints what is answered. @return whether the message goes on
    template <class Command>
    asio::awaitable<bool> say(Command const& command, milter::error_code& ec) {
        auto const macros = macros_for(Command::code, session_.agreed());
        auto const verdict =
            co_await drive_.command(command, wire::zstr_list(macros), print<Command>, ec);
        co_return !ec && verdict == wire::reply_code::proceed;
    }

    asio::awaitable<void> quit(milter::error_code& ec) {
        session_.quit();
        co_await drive_.flush(ec);
    }

    std::string const& failure() const noexcept { return session_.failure(); }

private:
    template <class Command> static void print(wire::any_reply const& reply) {
        std::cout << wire::name_of(Command::code) << ": " << wire::describe(reply) << '\n';
    }

    net::stream peer_;
    proto::mta_session session_;
    net::drive_mta drive_;
};

asio::awaitable<void> message(conversation& with, milter::error_code& ec) {
    wire::connect const client{"client.example.com", wire::family::inet, 25, "192.0.2.1"};
    if (!co_await with.say(client, ec)) co_return;
    if (!co_await with.say(wire::helo{"client.example.com"}, ec)) co_return;
    if (!co_await with.say(wire::mail{"<alice@example.com>", {}}, ec)) co_return;
    bool wanted = false; // a recipient that is refused does not end the message
    for (auto const* recipient : {"<nobody@example.org>", "<bob@example.org>"})
        if (co_await with.say(wire::rcpt{recipient, {}}, ec)) wanted = true;
    if (!wanted || !co_await with.say(wire::data{}, ec)) co_return; // never DATA without recipients
    if (!co_await with.say(wire::header{"Subject", "hi"}, ec)) co_return;
    if (!co_await with.say(wire::end_of_headers{}, ec)) co_return;
    if (!co_await with.say(wire::body{"text\r\n"}, ec)) co_return;
    co_await with.say(wire::end_of_message{}, ec);
}

/// @return whether the milter did what milters should
asio::awaitable<bool> ask(milter::endpoint const& where) {
    proto::mta_options options;
    options.timeouts.connect = 3s;
    options.timeouts.command = 10s;
    milter::error_code ec;
    auto const deadline = proto::clock::now() + options.timeouts.connect;
    auto connected = co_await net::connect(where, deadline, ec);
    if (ec) {
        std::cerr << milter::to_string(where) << ": " << ec.message() << '\n';
        co_return false;
    }
    conversation with(std::move(connected), options);
    co_await with.begin(ec);
    if (!ec) co_await message(with, ec);
    if (ec) std::cerr << (with.failure().empty() ? ec.message() : with.failure()) << '\n';
    milter::error_code ignored;
    co_await with.quit(ignored);
    co_return !ec;
}

/// One connection for the tiny milter.
asio::awaitable<void> serve_once(net::listener& listener) {
    auto [ec, connected] = co_await listener.socket().async_accept(net::use_tuple);
    net::stream peer(std::move(connected));
    proto::filter_session session(tiny::options());
    co_await net::serve_filter(peer, session, tiny::answer);
}

bool run(milter::endpoint const& where, bool alone) {
    asio::io_context context{1};
    net::listener listener(context.get_executor());
    if (alone) {
        milter::error_code ec;
        listener.open(where, {}, ec);
        assert(!ec);
        asio::co_spawn(context, serve_once(listener), asio::detached);
    }
    bool good = false;
    asio::co_spawn(context, ask(where), [&](auto, bool result) { good = result; });
    context.run();
    return good;
}

} // namespace

int main(int argc, char** argv) {
    if (argc > 1) {
        auto const where = milter::parse_endpoint(argv[1]);
        if (!where) std::cerr << argv[1] << ": " << where.error().message() << '\n';
        return where && run(*where, false) ? 0 : 1;
    }
    auto folder = (std::filesystem::temp_directory_path() / "milter-XXXXXX").string();
    if (!::mkdtemp(folder.data())) return 1;
    milter::endpoint const where{milter::endpoint::kind::unix_path, folder + "/socket", {}, {}};
    bool const good = run(where, true);
    std::filesystem::remove_all(folder);
    return good ? 0 : 1;
}
