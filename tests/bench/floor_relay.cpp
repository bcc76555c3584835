// SPDX-License-Identifier: BSL-1.0
// tests/bench/floor_relay.cpp - the least that can stand between an MTA and some milters: the measure of the manager
//
//     floor_relay unix:PATH unix:MILTER...
//
// Parses nothing: what the MTA sends goes to the first milter, and when that answers to the next one; the answer of the last
// goes back. So it works for small messages only, where each command is answered and comes in one read.
#include "raw_socket.hpp"

#include <array>
#include <memory>
#include <vector>

namespace {

constexpr std::size_t most_milters = 8;

struct session;

struct end {
    int descriptor = -1;
    std::size_t place = 0; ///< 0: the MTA; k: milter k
    session* whole = nullptr;
};

struct session { // NOLINT(cppcoreguidelines-pro-type-member-init): zeros would cost time
    std::array<end, most_milters + 1> ends;
    std::size_t asked = 0; ///< the milter whose answer is awaited
    bool over = false;
    std::size_t size = 0; ///< of the command
    char command[65'536];
};

class relay {
public:
    relay(std::string const& listen, std::vector<bench::socket_address> milters)
        : milters_(std::move(milters)), listener_(bench::listen_on(bench::socket_address(listen))) {
        sockets_.add(listener_, nullptr);
    }

    [[noreturn]] void run() {
        epoll_event ready[256];
        for (;;) {
            std::vector<std::unique_ptr<session>> over; // not before the other events are looked at
            int const count = sockets_.wait(ready);
            for (int i = 0; i < count; ++i) {
                auto* const from = static_cast<end*>(ready[i].data.ptr);
                if (!from)
                    accept();
                else if (!from->whole->over && !pass_on(*from))
                    over.push_back(leave(from->whole));
            }
        }
    }

private:
    void accept() {
        int const fresh = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
        if (fresh < 0) return;
        auto* const one = new session;
        one->ends[0] = {fresh, 0, one};
        for (std::size_t k = 1; k <= milters_.size(); ++k) {
            auto const& where = milters_[k - 1];
            one->ends[k] = {socket(where.family(), SOCK_STREAM | SOCK_NONBLOCK, 0), k, one};
            if (connect(one->ends[k].descriptor, where.get(), where.size) != 0)
                bench::give_up("connect to the milter");
        }
        for (std::size_t k = 0; k <= milters_.size(); ++k)
            sockets_.add(one->ends[k].descriptor, &one->ends[k]);
    }

    static bool give(end const& to, char const* bytes, std::size_t size) noexcept {
        return send(to.descriptor, bytes, size, MSG_NOSIGNAL) >= 0;
    }

    /// @return false when the session is over
    bool pass_on(end& from) {
        auto& one = *from.whole;
        bool const of_mta = from.place == 0;
        char* const into = of_mta ? one.command : answer_.data();
        auto const size =
            recv(from.descriptor, into, of_mta ? sizeof one.command : answer_.size(), 0);
        if (size <= 0) return size < 0 && errno == EAGAIN;
        auto const count = static_cast<std::size_t>(size);
        if (of_mta) {
            one.size = count;
            one.asked = 1;
            bool const quit = one.command[count - 1] == 'Q';
            for (std::size_t k = 2; quit && k <= milters_.size(); ++k)
                give(one.ends[k], one.command, count);
            return give(one.ends[1], one.command, count) && !quit;
        }
        if (one.asked == milters_.size()) return give(one.ends[0], into, count);
        return give(one.ends[++one.asked], one.command, one.size);
    }

    std::unique_ptr<session> leave(session* one) {
        one->over = true;
        for (std::size_t k = 0; k <= milters_.size(); ++k) close(one->ends[k].descriptor);
        return std::unique_ptr<session>(one);
    }

    std::vector<bench::socket_address> milters_;
    int listener_;
    bench::poller sockets_;
    std::vector<char> answer_ = std::vector<char>(std::size_t{256} * 1024);
};

} // namespace

int main(int argc, char** argv) {
    if (argc < 3 || argc > 2 + static_cast<int>(most_milters)) return 64;
    std::vector<bench::socket_address> milters;
    for (int i = 2; i < argc; ++i) milters.emplace_back(argv[i]);
    relay(argv[1], std::move(milters)).run();
}
