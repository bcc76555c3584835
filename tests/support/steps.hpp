// SPDX-License-Identifier: BSL-1.0
// tests/support/steps.hpp - a scripted conversation with one session, and the same with each step failing once
//
// A script is what the peer says and what the session under test says in return, step by step. It runs
// whole, with every step cut at every byte, and then once for each way in which each step can fail:
// closed instead, cut off at each byte, garbage instead.
//
// `Side` wraps the session:  std::string hear(std::string_view bytes, error_code& ec)   bytes it sends in return
//                            void end(error_code& ec)                                   the peer closed
//                            bool closed() const
#pragma once

#include <milter/error.hpp>

#include <boost/test/unit_test.hpp>

#include <support/every_split.hpp>
#include <support/hex.hpp>
#include <support/print_error.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace support {

struct step {
    std::string hears; ///< from the peer
    std::string says;  ///< what the session under test must send in return
    bool last =
        false; ///< after it the session is closed, and the end of the connection is no error
};

using script = std::vector<step>;

namespace detail {

template <class Side> void run_step(Side& side, step const& step, pieces const& cut) {
    std::string said;
    milter::error_code ec;
    for (auto const& piece : cut) said += side.hear(piece.view(), ec);
    BOOST_TEST(!ec, ec.message());
    BOOST_TEST(to_hex(said) == to_hex(step.says));
    BOOST_TEST(side.closed() == step.last);
}

/// The side after the first `count` steps.
template <class Make> auto after_steps(script const& steps, std::size_t count, Make make) {
    auto side = make();
    for (std::size_t i = 0; i < count; ++i) run_step(side, steps[i], whole(steps[i].hears));
    return side;
}

/// A dead side says nothing, whatever comes, and stays dead.
template <class Side> void is_dead(Side& side, step const& step) {
    milter::error_code ec;
    BOOST_TEST(side.closed());
    BOOST_TEST(to_hex(side.hear(step.hears, ec)) == "");
    BOOST_TEST(!ec, "an error is reported once");
    side.end(ec);
    BOOST_TEST(!ec, "an end after the end is none");
}

template <class Make> void fail_by_closing(script const& steps, std::size_t at, Make make) {
    for (std::size_t size = 0; size < steps[at].hears.size(); ++size) {
        auto side = after_steps(steps, at, make);
        milter::error_code ec;
        side.hear(exact_copy(std::string_view(steps[at].hears).substr(0, size)).view(), ec);
        BOOST_TEST_CONTEXT("closed after " << size << " bytes of step " << at) {
            BOOST_TEST(!ec, ec.message());
            side.end(ec);
            BOOST_TEST(
                (ec == milter::errc::connection_closed || ec == milter::errc::frame_truncated));
            if (size == 0) BOOST_TEST(ec == milter::errc::connection_closed);
            is_dead(side, steps[at]);
        }
    }
}

template <class Make> void fail_by_garbage(script const& steps, std::size_t at, Make make) {
    // no length 0, no length over any limit, no code that exists, no field that ends
    for (auto const* garbage :
         {"00 00 00 00 41", "ff ff ff ff 41", "00 00 00 01 5f", "00 00 00 02 ff 00",
          "00 00 00 04 4c 'abc'", "00 00 00 05 6d 0000 0001"}) {
        auto side = after_steps(steps, at, make);
        milter::error_code ec;
        auto const said = side.hear(exact_copy(bytes(garbage)).view(), ec);
        BOOST_TEST_CONTEXT(garbage << " instead of step " << at) {
            BOOST_TEST(ec.failed());
            BOOST_TEST((ec == milter::condition::malformed || ec == milter::condition::violation));
            BOOST_TEST(said == "");
            is_dead(side, steps[at]);
        }
    }
}

} // namespace detail

/// `make()` gives a fresh Side. Steps are cut each on its own: their packets are answered one by one.
template <class Make> void run_whole_and_split(script const& steps, Make make) {
    auto side = make();
    for (auto const& step : steps) detail::run_step(side, step, whole(step.hears));
    for (std::size_t at = 0; at < steps.size(); ++at) {
        BOOST_TEST_CONTEXT("step " << at)
        for_every_split(steps[at].hears, [&](pieces const& cut) {
            BOOST_TEST_CONTEXT(cut.name()) {
                auto fresh = detail::after_steps(steps, at, make);
                detail::run_step(fresh, steps[at], cut);
            }
        });
    }
}

template <class Make> void run_with_each_step_failing_once(script const& steps, Make make) {
    for (std::size_t at = 0; at < steps.size(); ++at) {
        if (steps[at].hears.empty()) continue; // the session itself begins
        detail::fail_by_closing(steps, at, make);
        detail::fail_by_garbage(steps, at, make);
    }
}

} // namespace support
