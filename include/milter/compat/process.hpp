// SPDX-License-Identifier: BSL-1.0
// milter/compat/process.hpp - what smfi_register() and the smfi_set*() functions leave for smfi_main(), and smfi_main()
//
// One of a process, as libmilter has it. Never destroyed: a program that opens its socket and then forks ends the parent
// with exit(), which must not remove the child's socket.
#pragma once

#include <milter/compat/server.hpp>
#include <milter/endpoint.hpp>
#include <milter/net/listener.hpp>

#include <boost/asio/io_context.hpp>

#include <poll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace milter::compat {

inline constexpr unsigned usual_threads = 16;
inline constexpr unsigned most_threads = 1024;
inline constexpr auto message_grace = std::chrono::seconds(5);  ///< for messages under way
inline constexpr auto callback_grace = std::chrono::seconds(2); ///< then: for callbacks to return
inline constexpr auto cut_grace =
    std::chrono::seconds(1); ///< then: for those that waited for an MTA

struct process {
    std::string name = "Unknown"; ///< of the filter, for the log
    std::optional<smfiDesc> filter;
    std::string where;
    limits limit;
    int backlog = net::listen_options{}.backlog;
    int debug_level = 0;                ///< kept, and of no effect
    unsigned threads = 0;               ///< 0: of the environment, or usual_threads
    wakeup stop;                        ///< smfi_stop()
    boost::asio::io_context context{1}; // never run: the listener wants one
    std::optional<net::listener> listener;
    /// Of earlier smfi_main() calls, with a callback that had not returned; those where it has go at the next one.
    std::vector<std::unique_ptr<server>> left_behind;
};

inline process& this_process() {
    static auto& only = *new process;
    return only;
}

/// How many threads smfi_main() runs callbacks on, 1 to 1,024; before smfi_main(). Without a call it is
/// MILTER_COMPAT_THREADS of the environment, or 16. It bounds how many callbacks can block at the same time.
inline void set_threads(unsigned count) noexcept {
    this_process().threads = std::clamp(count, 1U, most_threads);
}

namespace detail {

/// Blocks the signals that end a filter, and has them as a descriptor; the mask of before comes back at the end.
class end_signals {
public:
    end_signals() noexcept {
        sigset_t set;
        ::sigemptyset(&set);
        for (int const one : {SIGHUP, SIGTERM, SIGINT}) ::sigaddset(&set, one);
        ::pthread_sigmask(SIG_BLOCK, &set, &before_);
        descriptor_ = ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    }
    end_signals(end_signals const&) = delete;
    end_signals& operator=(end_signals const&) = delete;
    ~end_signals() {
        ::close(descriptor_);
        ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }

    int descriptor() const noexcept { return descriptor_; }

    /// The next one that came, 0 for none.
    int take() const noexcept {
        signalfd_siginfo info{};
        return ::read(descriptor_, &info, sizeof info) == sizeof info
                   ? static_cast<int>(info.ssi_signo)
                   : 0;
    }

private:
    sigset_t before_{};
    int descriptor_ = -1;
};

inline unsigned thread_count(process const& own) noexcept {
    if (own.threads != 0) return own.threads;
    unsigned count = 0;
    if (char const* text = std::getenv("MILTER_COMPAT_THREADS"))
        std::from_chars(text, text + std::strlen(text), count);
    return count == 0 ? usual_threads : std::min(count, most_threads);
}

/// libmilter's spellings: those of parse_endpoint(), and a path without a scheme.
inline result<endpoint> parse_where(std::string_view text) {
    if (text.find(':') == text.npos) return parse_endpoint("unix:" + std::string(text));
    if (text.front() == ':') return parse_endpoint("unix" + std::string(text));
    return parse_endpoint(text);
}

inline int failed(process const& own, std::string const& what) noexcept {
    ::syslog(LOG_ERR, "%s: %s", own.name.c_str(), what.c_str());
    return MI_FAILURE;
}

/// How the filter was told to end.
enum class ending { none, with_messages, at_once };

inline ending wait_for_end(server& running, end_signals& signals, wakeup& stop,
                           proto::duration longest) {
    std::array<pollfd, 3> watched{{{signals.descriptor(), POLLIN, 0},
                                   {stop.descriptor(), POLLIN, 0},
                                   {running.attention().descriptor(), POLLIN, 0}}};
    auto const until = std::min(running.look(), longest);
    auto const left = std::chrono::ceil<std::chrono::milliseconds>(until).count();
    ::poll(watched.data(), watched.size(), static_cast<int>(std::min<long>(left, 3'600'000)));
    running.attention().take();
    auto const signal = signals.take();
    if (signal == SIGINT) return ending::at_once;
    return signal != 0 || stop.take() ? ending::with_messages : ending::none;
}

inline void wait_until_empty(server& running, end_signals& signals, wakeup& stop,
                             proto::duration longest) {
    auto const until = proto::clock::now() + longest;
    while (!running.empty() && proto::clock::now() < until)
        if (wait_for_end(running, signals, stop, std::chrono::milliseconds(10)) == ending::at_once)
            return;
}

/// Serves until it is told to end. @return how
inline ending serve(server& running, end_signals& signals, wakeup& stop) {
    auto end = ending::none;
    while (end == ending::none) end = wait_for_end(running, signals, stop, std::chrono::hours(1));
    return end;
}

/// Lets go of all connections, in stages; what never returns is waited for as long as each allows, not longer.
inline void let_go(server& running, end_signals& signals, wakeup& stop, ending how) {
    if (how != ending::at_once) wait_until_empty(running, signals, stop, message_grace);
    running.refuse(true);
    wait_until_empty(running, signals, stop, callback_grace);
    running.cut_off();
    wait_until_empty(running, signals, stop, cut_grace);
}

inline void remove_socket(endpoint const& where) noexcept {
    struct stat found {};
    if (where.family == endpoint::kind::unix_path && ::lstat(where.path.c_str(), &found) == 0 &&
        S_ISSOCK(found.st_mode))
        ::unlink(where.path.c_str());
}

} // namespace detail

enum class old_socket { stays, goes };

/// Opens the socket of smfi_setconn(), unless it is open.
/// @param old  what has the name of a unix socket; one that nobody listens on goes in any case
inline int open_socket(process& own, old_socket old) {
    if (own.listener) return MI_SUCCESS;
    if (!own.filter || own.where.empty()) return detail::failed(own, "no socket was named");
    auto const where = detail::parse_where(own.where);
    if (!where) return detail::failed(own, own.where + ": " + where.error().message());
    if (old == old_socket::goes) detail::remove_socket(*where);
    net::listen_options options;
    options.backlog = own.backlog;
    error_code ec;
    own.listener.emplace(own.context.get_executor());
    own.listener->open(*where, options, ec);
    if (!ec) own.listener->socket().non_blocking(true, ec);
    if (!ec) return MI_SUCCESS;
    own.listener.reset();
    return detail::failed(own, own.where + ": " + ec.message());
}

/// Serves until smfi_stop(), SIGTERM or SIGHUP, which let messages under way come to their end within message_grace, or
/// SIGINT, which does not. A callback that does not return then is left behind with its thread.
inline int run(process& own) {
    ::signal(SIGPIPE, SIG_IGN);
    std::erase_if(own.left_behind, [](auto& one) { return one->stop(); });
    if (open_socket(own, old_socket::stays) != MI_SUCCESS) return MI_FAILURE;
    detail::end_signals signals;
    auto running =
        std::make_unique<server>(*own.filter, own.limit, own.listener->socket().native_handle());
    if (!running->good()) return detail::failed(own, "no descriptors left");
    int status = MI_SUCCESS;
    auto end = detail::ending::at_once;
    try {
        running->start(detail::thread_count(own));
        end = detail::serve(*running, signals, own.stop);
    } catch (std::system_error const& problem) {
        status = detail::failed(own, problem.what());
    }
    running->refuse(end == detail::ending::at_once);
    own.listener.reset();
    detail::let_go(*running, signals, own.stop, end);
    if (!running->stop()) {
        ::syslog(LOG_WARNING, "%s: a callback does not return; it is left behind",
                 own.name.c_str());
        own.left_behind.push_back(std::move(running));
    }
    // whoever said again that it is to end meant this time
    own.stop.take();
    while (signals.take() != 0) {
    }
    return status;
}

} // namespace milter::compat
