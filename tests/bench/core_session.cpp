// SPDX-License-Identifier: BSL-1.0
// tests/bench/core_session.cpp - whole sessions through the manager's core, without a socket
//
//     core_session MILTERS BODY_BYTES SESSIONS [judge]    judge: the milters may change nothing
//     core_session --build                                what counts depend on besides the source, as JSON
//
// For tests/bench/instructions, which counts in bench_sessions() only; one session before it warms up. The milters answer
// "continue" by the code of each frame.
#include "mail.hpp"
#include "manager/core/session.hpp"
#include <milter/wire/output_memory.hpp>
#include <milter/wire/reply.hpp>

#include <boost/version.hpp>

#include <gnu/libc-version.h>
#include <sys/utsname.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace manager = milter::manager;
namespace proto = milter::proto;

namespace bench {

namespace {

constexpr auto now = proto::time_point{} + std::chrono::hours(1);
constexpr std::size_t frame_limit = std::size_t{1} << 20;

/// Each frame of `bytes`, which holds whole ones.
template <class Look> bool each_frame(std::string_view bytes, Look look) {
    milter::error_code ec;
    while (auto const frame = wire::first_frame(bytes, frame_limit, ec)) {
        look(*frame);
        bytes.remove_prefix(frame->raw.size());
    }
    return !ec && bytes.empty();
}

std::shared_ptr<manager::config const> configuration(std::size_t milters) {
    manager::config all;
    for (std::size_t k = 0; k < milters; ++k) {
        manager::milter_config one;
        one.name = "m" + std::to_string(k);
        one.sockets = {{milter::endpoint::kind::unix_path, "/run/" + one.name, {}, {}}};
        all.milters.push_back(std::move(one));
    }
    return manager::with_endpoints(std::move(all));
}

/// One session, between an MTA and milters that answer at once.
class conversation {
public:
    conversation(std::shared_ptr<manager::config const> with, std::size_t milters,
                 wire::negotiate_reply const& agreed)
        : core_(std::move(with), 1, now), answers_(milters), agreed_(agreed) {}

    /// @return false when the MTA heard anything but "continue"
    bool run(std::vector<std::string> const& pieces) {
        for (auto const& one : pieces) {
            core_.mta_bytes(one, now);
            settle();
        }
        return as_expected_ && over_ && continued_ != 0;
    }

private:
    void settle() {
        perform();
        for (bool more = true; more;) {
            more = false;
            for (std::size_t k = 0; k < answers_.size(); ++k) {
                if (answers_[k].empty()) continue;
                more = true;
                core_.filter_bytes(k, std::exchange(answers_[k], {}), now);
                perform();
            }
        }
        core_.take_log();
        core_.take_decisions();
    }

    void perform() {
        while (!over_) {
            auto effects = core_.take_effects();
            if (effects.empty()) return;
            for (auto& one : effects) execute(one);
        }
    }

    void execute(manager::effect& what) {
        using kind = manager::effect::kind;
        switch (what.what) {
        case kind::open: return core_.filter_connected(what.link, {}, now);
        case kind::send:
            answer(what.link, what.bytes);
            wire::give_output_memory_back(what.bytes);
            return core_.filter_drained(what.link, now);
        case kind::reply:
            hear(what.bytes);
            wire::give_output_memory_back(what.bytes);
            return core_.mta_drained(now);
        case kind::close: return;
        case kind::look_up: break;
        case kind::hang_up: over_ = true;
        }
    }

    void answer(std::size_t link, std::string_view bytes) {
        auto& out = answers_[link];
        as_expected_ &= each_frame(bytes, [&](wire::frame_view const& frame) {
            switch (static_cast<wire::command_code>(frame.code)) {
            case wire::command_code::negotiate: return wire::encode(out, agreed_);
            case wire::command_code::macros:
            case wire::command_code::abort:
            case wire::command_code::quit: return;
            default: wire::encode(out, wire::proceed{});
            }
        });
    }

    void hear(std::string_view bytes) {
        as_expected_ &= each_frame(bytes, [&](wire::frame_view const& frame) {
            if (frame.code == static_cast<unsigned char>(wire::reply_code::proceed))
                ++continued_;
            else
                as_expected_ &=
                    frame.code == static_cast<unsigned char>(wire::reply_code::negotiate);
        });
    }

    manager::session core_;
    std::vector<std::string> answers_;
    wire::negotiate_reply const& agreed_;
    std::size_t continued_ = 0;
    bool as_expected_ = true;
    bool over_ = false;
};

std::vector<std::string> encoded(std::size_t body_bytes) {
    script const whole(body_bytes);
    std::vector<std::string> pieces(1);
    wire::encode(pieces.back(), wire::negotiate{});
    for (auto const& one : whole.steps()) encode(pieces.emplace_back(), one);
    wire::encode(pieces.emplace_back(), wire::quit{});
    return pieces;
}

int say_build() {
    utsname machine{};
    uname(&machine);
#ifdef __OPTIMIZE__
    constexpr bool optimised = true;
#else
    constexpr bool optimised = false;
#endif
#ifdef __clang__
    constexpr auto compiler = __VERSION__;
#else
    constexpr auto compiler = "g++ " __VERSION__;
#endif
    std::printf("{\"compiler\": \"%s\", \"optimised\": %s, \"boost\": \"%s\", \"libc\": \"%s\", "
                "\"machine\": \"%s\"}\n",
                compiler, optimised ? "true" : "false", BOOST_LIB_VERSION, gnu_get_libc_version(),
                machine.machine);
    return 0;
}

} // namespace

} // namespace bench

/// Named so that callgrind can be told of it. @return how many went well
extern "C" [[gnu::noinline]] std::size_t
bench_sessions(std::size_t count, std::shared_ptr<manager::config const> const& with,
               bench::wire::negotiate_reply const& agreed, std::vector<std::string> const& pieces) {
    std::size_t well = 0;
    for (std::size_t i = 0; i < count; ++i)
        if (bench::conversation(with, with->milters.size(), agreed).run(pieces)) ++well;
    return well;
}

int main(int argc, char** argv) {
    using namespace bench;
    if (argc == 2 && std::string_view(argv[1]) == "--build") return say_build();
    bool const judges = argc == 5 && std::string_view(argv[4]) == "judge";
    if (argc != 4 && !judges) {
        std::fprintf(stderr, "usage: %s MILTERS BODY_BYTES SESSIONS [judge] | --build\n", argv[0]);
        return 64;
    }
    wire::negotiate_reply agreed;
    agreed.actions =
        judges ? wire::action::none : wire::action::all & ~wire::action::set_macro_list;
    agreed.steps = wire::step::none;
    auto const milters = std::strtoul(argv[1], nullptr, 10);
    auto const sessions = std::strtoul(argv[3], nullptr, 10);
    auto const with = configuration(milters);
    auto const pieces = encoded(std::strtoul(argv[2], nullptr, 10));
    conversation warm_up(with, milters, agreed);
    if (!warm_up.run(pieces)) return 1;
    return bench_sessions(sessions, with, agreed, pieces) == sessions ? 0 : 1;
}
