// SPDX-License-Identifier: BSL-1.0
// tests/compat/filter_fixture.hpp - smfi_main() in a thread, and an MTA of hand-made packets
#pragma once

#include <milter/compat/mfapi.hpp>

#include <boost/test/unit_test.hpp>

#include <poll.h>
#include <pthread.h>
#include <support/temp_dir.hpp>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace compat_test {

namespace wire = milter::wire;

/// What the callbacks wrote down, of all threads.
class notes {
public:
    void add(std::string line) {
        std::lock_guard const lock(mutex_);
        lines_.push_back(std::move(line));
    }
    std::vector<std::string> all() {
        std::lock_guard const lock(mutex_);
        return lines_;
    }
    void clear() {
        std::lock_guard const lock(mutex_);
        lines_.clear();
    }

private:
    std::mutex mutex_;
    std::vector<std::string> lines_;
};

inline std::string packet(char letter, std::string_view payload = {}) {
    std::string out;
    wire::append_frame(out, static_cast<unsigned char>(letter), payload);
    return out;
}

template <class Command> std::string packet_of(Command const& command) {
    std::string out;
    wire::encode(out, command);
    return out;
}

/// Waits for it; false after 60 s.
template <class Condition> bool comes_true(Condition const& holds) {
    for (int i = 0; i != 30'000; ++i) {
        if (holds()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return false;
}

/// An MTA that blocks; 60 s, for hangs only.
class mta {
public:
    explicit mta(std::string const& path)
        : descriptor_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un where{};
        where.sun_family = AF_UNIX;
        path.copy(where.sun_path, sizeof where.sun_path - 1);
        is_connected_ =
            ::connect(descriptor_, reinterpret_cast<sockaddr*>(&where), sizeof where) == 0;
    }
    mta(mta const&) = delete;
    mta& operator=(mta const&) = delete;
    ~mta() { ::close(descriptor_); }

    bool is_connected() const noexcept { return is_connected_; }

    void send(std::string_view bytes) const {
        while (!bytes.empty()) {
            auto const size = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (size <= 0) return;
            bytes.remove_prefix(static_cast<std::size_t>(size));
        }
    }

    /// The next packet, its letter and payload; empty at the end.
    std::string next() {
        for (;;) {
            milter::error_code ec;
            if (auto const frame = wire::first_frame(got_, 1U << 20, ec)) {
                auto one =
                    std::string(1, static_cast<char>(frame->code)) + std::string(frame->payload);
                got_.erase(0, frame->raw.size());
                return one;
            }
            char room[65536];
            pollfd ready{descriptor_, POLLIN, 0};
            if (::poll(&ready, 1, 60'000) != 1) return "silence";
            auto const size = ::recv(descriptor_, room, sizeof room, 0);
            if (size <= 0) return {};
            got_.append(room, static_cast<std::size_t>(size));
        }
    }

    std::string ask(std::string const& bytes) {
        send(bytes);
        return next();
    }

    /// Up to RCPT, by continue.
    void begin(std::string const& sender) {
        ask(packet_of(wire::negotiate{}));
        ask(packet_of(wire::connect{sender, wire::family::inet, 25, "192.0.2.1"}));
        ask(packet_of(wire::helo{"me"}));
        ask(packet_of(wire::mail{sender, {}}));
        ask(packet_of(wire::rcpt{"<r@test>", {}}));
    }

    /// `packet` again and again, for as long as the filter takes it while nobody reads its answers.
    /// @return how many bytes it took
    std::size_t fill(std::string_view packet) {
        std::string many;
        while (many.size() < 65536) many += packet;
        std::size_t sent = 0;
        for (;;) {
            auto const rest = std::string_view(many).substr(sent % packet.size());
            auto const size =
                ::send(descriptor_, rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (size > 0) {
                sent += static_cast<std::size_t>(size);
                continue;
            }
            pollfd ready{descriptor_, POLLOUT, 0};
            if (::poll(&ready, 1, 200) != 1 || ready.revents != POLLOUT) return sent;
        }
    }

    /// Whether there is something to read within that time.
    bool hears_within(std::chrono::milliseconds time) {
        pollfd ready{descriptor_, POLLIN, 0};
        return !got_.empty() || ::poll(&ready, 1, static_cast<int>(time.count())) == 1;
    }

    /// Reads nothing until the filter has hung up; false after 60 s.
    bool is_hung_up_on() const {
        pollfd ready{descriptor_, 0, 0};
        return ::poll(&ready, 1, 60'000) == 1 && (ready.revents & POLLHUP) != 0;
    }

    void end_writing() const { ::shutdown(descriptor_, SHUT_WR); }

private:
    int descriptor_;
    bool is_connected_ = false;
    std::string got_;
};

/// A filter with all callbacks, each of which continues; change `description` before start().
class filter_fixture {
public:
    filter_fixture() : socket(folder / "filter.sock") {
        own().clear();
        description.xxfi_name = "test";
        description.xxfi_version = SMFI_VERSION;
        description.xxfi_flags = SMFI_CURR_ACTS & ~SMFIF_SETSYMLIST;
    }
    filter_fixture(filter_fixture const&) = delete;
    filter_fixture& operator=(filter_fixture const&) = delete;
    ~filter_fixture() { stop(); }

    static notes& own() {
        static notes all;
        return all;
    }

    void start(unsigned threads = 4) {
        milter::compat::set_threads(threads);
        BOOST_REQUIRE_EQUAL(smfi_setconn(("unix:" + socket).c_str()), MI_SUCCESS);
        BOOST_REQUIRE_EQUAL(smfi_register(description), MI_SUCCESS);
        BOOST_REQUIRE_EQUAL(smfi_opensocket(true), MI_SUCCESS);
        main_ = std::thread([this] { status_ = smfi_main(); });
    }

    int stop() {
        if (!main_.joinable()) return status_;
        smfi_stop();
        return ended();
    }

    /// What smfi_main() returned, when it has.
    int ended() {
        main_.join();
        return status_;
    }

    /// To the thread of smfi_main(); after somebody was answered, as it does not block signals before.
    void signal(int which) { ::pthread_kill(main_.native_handle(), which); }

    support::temp_dir folder;
    std::string socket;
    smfiDesc description{};

private:
    std::thread main_;
    int status_ = MI_FAILURE;
};

} // namespace compat_test
