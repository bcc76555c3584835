// SPDX-License-Identifier: BSL-1.0
// milter/filter/server.hpp - a milter on its sockets: the one header of a program that is a milter
//
//     struct hello {
//         static constexpr auto actions = milter::filter::action::add_header;
//         void end_of_message(milter::filter::edits& edits) { edits.add_header("X-Hello", "world"); }
//     };
//     int main(int argc, char** argv) { return milter::filter::run<hello>(argc, argv); }
//
// The handlers that a class may have, what they return, and what is negotiated for them: docs/library/filter.md.
#pragma once

#include <milter/filter/callbacks.hpp>
#include <milter/filter/server_base.hpp>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace milter::filter {

template <class Filter> class server : public server_base {
public:
    using shared = shared_of<Filter>;

    explicit server(server_options options) : server(std::move(options), not_shared<Filter>()) {}
    /// @param with  what connections share; must outlive it, and bear several threads if there are several workers
    server(server_options options, shared& with)
        : server_base(std::move(options)), shared_(with),
          wish_(wish_of<Filter, async_context>(with)) {}

private:
    awaitable<void> serve(net::socket connected, worker_state& worker, std::uint64_t id) override {
        return detail::serve<Filter>(std::move(connected), worker, wish_, shared_, id);
    }

    shared& shared_;
    proto::wish wish_;
};

template <class... Items>
server(server_options, callbacks<Items...>&) -> server<callback_milter<Items...>>;

/// Log lines to standard error: "warning: [12] not the milter protocol".
inline void log_to_stderr(log_entry const& entry) {
    std::string line(name_of(entry.level));
    line += ": ";
    if (entry.connection != 0) line += "[" + std::to_string(entry.connection) + "] ";
    line.append(entry.text).append("\n");
    std::fwrite(line.data(), 1, line.size(), stderr);
}

namespace detail {

inline int serve_until_stopped(server_base& server) {
    server.stop_on_signals();
    server.open();
    for (auto const& where : server.endpoints())
        std::fprintf(stderr, "listening on %s\n", to_string(where).c_str());
    server.run();
    return 0;
}

/// 64: what was asked for is wrong; 1: it cannot be had.
template <class Function> int as_a_program(Function function) {
    try {
        return function();
    } catch (std::invalid_argument const& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 64;
    } catch (std::exception const& e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    }
}

inline std::string usage(int argc, char** argv) {
    return "usage: " + std::string(argc > 0 ? argv[0] : "milter") +
           " [-p] SOCKET...\n\n"
           "Serves as a milter until SIGINT or SIGTERM; the log goes to standard error.\n"
           "SOCKET is unix:PATH, inet:PORT@HOST or inet6:PORT@HOST; -p is what milters have before "
           "it.\n"
           "Exit status: 0 stopped, 1 a socket cannot be had, 64 wrong usage";
}

inline bool asks_for_help(int argc, char** argv) {
    return std::any_of(argv + std::min(argc, 1), argv + argc,
                       [](std::string_view one) { return one == "--help" || one == "-h"; });
}

inline int help(int argc, char** argv) {
    std::puts(usage(argc, argv).c_str());
    return 0;
}

inline server_options options_of(int argc, char** argv) {
    server_options options;
    auto& sockets = options.listen;
    sockets.assign(argv + std::min(argc, 1), argv + argc);
    std::erase(sockets, "-p");
    for (auto const& one : sockets)
        if (one.starts_with('-'))
            throw std::invalid_argument(one + ": no such option\n" + usage(argc, argv));
    if (sockets.empty()) throw std::invalid_argument(usage(argc, argv));
    return options;
}

} // namespace detail

/// A whole program: serves until SIGINT or SIGTERM, with its log on standard error unless there is a hook for it.
/// @return  for main(): 0, 1 (a socket cannot be had), 64 (one that does not parse)
template <class Filter, class... Shared> int run(server_options options, Shared&... with) {
    if (!options.hooks.on_log) options.hooks.on_log = log_to_stderr;
    return detail::as_a_program([&] {
        server<Filter> all(std::move(options), with...);
        return detail::serve_until_stopped(all);
    });
}

/// The same on the sockets that are named on the command line, which may also ask for --help.
template <class Filter, class... Shared> int run(int argc, char** argv, Shared&... with) {
    if (detail::asks_for_help(argc, argv)) return detail::help(argc, argv);
    return detail::as_a_program(
        [&] { return run<Filter>(detail::options_of(argc, argv), with...); });
}

/// A program of callbacks.
template <class... Items>
requires(sizeof...(Items) != 0 &&
         (detail::is_callback_item<Items> && ...)) int run(server_options options, Items... items) {
    callbacks<Items...> all(std::move(items)...);
    return run<callback_milter<Items...>>(std::move(options), all);
}
template <class... Items>
requires(sizeof...(Items) != 0 &&
         (detail::is_callback_item<Items> && ...)) int run(int argc, char** argv, Items... items) {
    callbacks<Items...> all(std::move(items)...);
    return run<callback_milter<Items...>>(argc, argv, all);
}

} // namespace milter::filter
