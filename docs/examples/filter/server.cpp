// SPDX-License-Identifier: BSL-1.0
// server.cpp - a milter in earnest: threads, limits, a log, numbers, settings that all share, an end in good order
//
//     server SOCKET...      serves until SIGINT or SIGTERM, then says what it has done
//
// Of the guide docs/library/filter.md.
#include <milter/filter/server.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>

namespace filter = milter::filter;
namespace wire = milter::wire;
using namespace std::chrono_literals;

/// What all connections share. They run on several threads, so what changes is atomic, or has a lock.
struct settings {
    std::string banned = "example.net";
    std::atomic<long> slowest_us{0};
};

class bouncer {
public:
    using shared = settings;

    explicit bouncer(settings& all) : all_(all) {}

    filter::verdict mail(filter::sender const& from) {
        if (from.domain() == all_.banned) return filter::reply("550 5.7.1 Not from there");
        return filter::proceed;
    }

private:
    settings& all_;
};

filter::server_options options(int argc, char** argv, settings& all) {
    filter::server_options chosen;
    chosen.listen.assign(argv + 1, argv + argc);
    chosen.socket.mode = 0660;
    chosen.workers = 2;
    chosen.max_connections = 1'000;
    chosen.timeouts.idle = 10min;
    chosen.timeouts.stop = 20s;
    chosen.hooks.on_log = filter::log_to_stderr;
    chosen.hooks.on_handler = [&all](filter::handler_run const& run) {
        auto const us = std::chrono::duration_cast<std::chrono::microseconds>(run.time).count();
        if (us > all.slowest_us) all.slowest_us = us; // good enough for a number to look at
    };
    return chosen;
}

int main(int argc, char** argv) try {
    settings all;
    filter::server<bouncer> server(options(argc, argv, all), all);
    server.stop_on_signals();
    server.open();
    for (auto const& where : server.endpoints())
        std::fprintf(stderr, "listening on %s\n", to_string(where).c_str());
    server.run();

    auto const done = server.counts();
    std::printf("connections: %ju, messages: %ju, refused senders: %ju, slowest handler: %ld us\n",
                done.connections, done.messages,
                done.verdicts(wire::command_code::mail, wire::reply_code::reply_text),
                all.slowest_us.load());
    return 0;
} catch (std::exception const& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
}
