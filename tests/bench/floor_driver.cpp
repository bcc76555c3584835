// SPDX-License-Identifier: BSL-1.0
// tests/bench/floor_driver.cpp - the MTA's end with the least there can be: sends what was encoded before, parses no reply
//
//     floor_driver SOCKET SESSIONS CONCURRENCY BODY_BYTES
//
// One thread, epoll. Commands that the milter did not want are left out, those that it does not answer go with the next one.
#include "load.hpp"
#include "mail.hpp"
#include "raw_socket.hpp"
#include <milter/wire/reply.hpp>

#include <csignal>

namespace wire = milter::wire;

namespace {

struct piece {
    std::string bytes;
    wire::command_code code;
};

std::vector<piece> encoded(std::size_t body_bytes) {
    bench::script const whole(body_bytes);
    std::vector<piece> pieces{{{}, wire::command_code::negotiate}};
    wire::encode(pieces[0].bytes, wire::negotiate{});
    for (auto const& one : whole.steps()) {
        pieces.push_back({{}, wire::code_of(one.command)});
        bench::encode(pieces.back().bytes, one);
    }
    return pieces;
}

struct conversation {
    int descriptor = -1;
    bool connected = false;
    bool waits_to_write = false;
    std::size_t written = 0; ///< of the piece at `writing`
    std::size_t writing = 0; ///< the piece to write
    std::size_t awaited = 0; ///< the piece whose reply is to come; all before it may be written
    wire::step steps = wire::step::none;
    std::size_t in = 0; ///< bytes of a reply that is not complete
    char reply[512]{};
    bench::clock::time_point begin;
};

class driver {
public:
    explicit driver(bench::load const& what)
        : load_(what), where_(what.socket), pieces_(encoded(what.body_bytes)),
          tally_(what.sessions), all_(what.concurrency) {
        wire::encode(quit_, wire::quit{});
    }

    int run() {
        for (auto& one : all_) begin(one);
        epoll_event ready[256];
        while (tally_.count() < load_.sessions || (holds() && held_ < load_.concurrency)) {
            int const count = sockets_.wait(ready, refused_.empty() ? -1 : 1);
            for (int i = 0; i < count; ++i)
                happened(*static_cast<conversation*>(ready[i].data.ptr));
            auto const again = std::exchange(refused_, {});
            for (auto* one : again) begin(*one);
        }
        if (!holds()) return tally_.print();
        std::puts("ready");
        std::fflush(stdout);
        while (std::getchar() != EOF) {
        }
        return 0;
    }

private:
    bool holds() const noexcept { return load_.sessions == 0; }

    void begin(conversation& one) {
        if (!holds() && begun_ == load_.sessions) return;
        one = {};
        one.begin = bench::clock::now();
        one.descriptor = socket(where_.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        bench::no_delay(one.descriptor, where_.family());
        if (connect(one.descriptor, where_.get(), where_.size) == 0) {
            one.connected = true;
        } else if (errno == EAGAIN) { // the backlog of a unix socket is full
            close(one.descriptor);
            refused_.push_back(&one);
            return;
        } else if (errno != EINPROGRESS) {
            bench::give_up("connect");
        }
        ++begun_;
        one.waits_to_write = !one.connected;
        sockets_.add(one.descriptor, &one, interest(one));
        if (one.connected) write(one);
    }

    static std::uint32_t interest(conversation const& one) noexcept {
        return one.waits_to_write ? EPOLLIN | EPOLLOUT : EPOLLIN;
    }

    void end(conversation& one, bool well) {
        close(one.descriptor);
        one.descriptor = -1;
        tally_.ended(one.begin, well);
        begin(one);
    }

    void happened(conversation& one) {
        if (one.waits_to_write) {
            one.connected = true;
            write(one);
        } else {
            read(one);
        }
    }

    bool wanted(conversation const& one, std::size_t piece) const noexcept {
        auto const by = wire::row_of(pieces_[piece].code).suppressed_by;
        return by == wire::step::none || !wire::any(one.steps, by);
    }
    bool answered(conversation const& one, std::size_t piece) const noexcept {
        auto const by = wire::row_of(pieces_[piece].code).no_reply;
        return by == wire::step::none || !wire::any(one.steps, by);
    }

    /// All up to the piece whose reply is awaited.
    void write(conversation& one) {
        while (one.writing <= one.awaited) {
            auto const& bytes = pieces_[one.writing].bytes;
            if (one.writing != one.awaited && !wanted(one, one.writing)) {
                ++one.writing;
                continue;
            }
            auto const size = send(one.descriptor, bytes.data() + one.written,
                                   bytes.size() - one.written, MSG_NOSIGNAL);
            if (size < 0 && errno == EAGAIN) return wait_to_write(one, true);
            if (size < 0) return end(one, false);
            one.written += static_cast<std::size_t>(size);
            if (one.written != bytes.size()) continue;
            one.written = 0;
            ++one.writing;
        }
        wait_to_write(one, false);
    }

    void wait_to_write(conversation& one, bool wait) {
        if (one.waits_to_write == wait) return;
        one.waits_to_write = wait;
        sockets_.change(one.descriptor, &one, interest(one));
    }

    void read(conversation& one) {
        auto const size = recv(one.descriptor, one.reply + one.in, sizeof one.reply - one.in, 0);
        if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (size <= 0) return end(one, false);
        one.in += static_cast<std::size_t>(size);
        std::string_view rest(one.reply, one.in);
        milter::error_code ec;
        while (auto const frame = wire::first_frame(rest, sizeof one.reply, ec)) {
            rest.remove_prefix(frame->raw.size());
            if (frame->code == static_cast<unsigned char>(wire::reply_code::progress)) continue;
            if (!heard(one, *frame)) return;
        }
        if (ec) return end(one, false);
        one.in = rest.size();
        std::memmove(one.reply, rest.data(), rest.size());
    }

    /// @return false when the conversation is over
    bool heard(conversation& one, wire::frame_view const& frame) {
        if (one.awaited == 0 && frame.payload.size() >= 12)
            one.steps = static_cast<wire::step>(wire::cursor(frame.payload.substr(8)).u32());
        else if (frame.code != static_cast<unsigned char>(wire::reply_code::proceed))
            return end(one, false), false;
        if (one.awaited + 1 == pieces_.size()) {
            send(one.descriptor, quit_.data(), quit_.size(), MSG_NOSIGNAL);
            return end(one, true), false;
        }
        if (holds() && pieces_[one.awaited].code == wire::command_code::helo) return ++held_, true;
        do {
            ++one.awaited; // the last is always wanted and answered
        } while (!wanted(one, one.awaited) || !answered(one, one.awaited));
        write(one);
        return one.descriptor >= 0;
    }

    bench::load load_;
    bench::socket_address where_;
    std::vector<piece> pieces_;
    std::string quit_;
    bench::poller sockets_;
    bench::tally tally_;
    std::vector<conversation> all_;
    std::vector<conversation*> refused_;
    std::size_t begun_ = 0;
    std::size_t held_ = 0;
};

} // namespace

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    return driver(bench::load(argc, argv)).run();
}
