// SPDX-License-Identifier: BSL-1.0
// tests/compat/slow_mta.cpp - MTAs that do not read their answers
#include "filter_fixture.hpp"
#include <milter/compat/mfapi.hpp>

#include <boost/test/unit_test.hpp>

#include <support/print_error.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace compat_test;
namespace compat = milter::compat;

sfsistat proceed(SMFICTX* /*context*/, char** /*argv*/) { return SMFIS_CONTINUE; }

sfsistat note_close(SMFICTX* /*context*/) {
    filter_fixture::own().add("close");
    return SMFIS_CONTINUE;
}

std::atomic<std::size_t> most_kept{0};

/// Refuses with seven kilobytes, so that answers are much more than what they answer.
sfsistat refuse_at_length(SMFICTX* context, char** /*argv*/) {
    most_kept = std::max<std::size_t>(most_kept, context->session.output().size());
    std::string const line(900, 'x');
    auto const* x = line.c_str();
    return smfi_setmlreply(context, "550", "5.7.1", x, x, x, x, x, x, x, x,
                           static_cast<char*>(nullptr)) == MI_SUCCESS
               ? SMFIS_REJECT
               : SMFIS_TEMPFAIL;
}

/// A connected pair, whose first is of a peer and takes little without being read from.
struct small_pair {
    small_pair() {
        std::array<int, 2> both{};
        BOOST_REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, both.data()) == 0);
        int const size = 4096;
        ::setsockopt(both[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
        own = std::make_unique<compat::peer>(both[0]);
        other = both[1];
    }
    small_pair(small_pair const&) = delete;
    small_pair& operator=(small_pair const&) = delete;
    ~small_pair() { close_other(); }

    void close_other() {
        if (other >= 0) ::close(std::exchange(other, -1));
    }

    std::unique_ptr<compat::peer> own;
    int other = -1;
};

} // namespace

BOOST_AUTO_TEST_SUITE(slow_mta)

BOOST_FIXTURE_TEST_CASE(more_of_them_than_threads_hold_up_nobody, filter_fixture) {
    description.xxfi_envfrom = proceed;
    start(2);
    std::vector<std::unique_ptr<mta>> slow;
    for (int i = 0; i != 4; ++i) {
        slow.push_back(std::make_unique<mta>(socket));
        slow.back()->ask(packet_of(wire::negotiate{}));
        slow.back()->fill(packet_of(wire::mail{"<a@b>", {}}));
    }
    mta quick(socket);
    quick.begin("<c@d>");
    BOOST_TEST(quick.ask(packet('E')) == "c");
}

BOOST_FIXTURE_TEST_CASE(one_that_reads_again_gets_all_answers, filter_fixture) {
    description.xxfi_envfrom = proceed;
    start(1);
    mta one(socket);
    one.ask(packet_of(wire::negotiate{}));
    auto const mail = packet_of(wire::mail{"<a@b>", {}});
    auto const sent = one.fill(mail);
    std::size_t answers = 0;
    while (answers != sent / mail.size() && one.next() == "c") ++answers;
    BOOST_TEST(answers == sent / mail.size());
    if (sent % mail.size() != 0) BOOST_TEST(one.ask(mail.substr(sent % mail.size())) == "c");
    BOOST_TEST(one.ask(mail) == "c");
    one.send(packet('Q'));
    BOOST_TEST(one.next().empty());
}

BOOST_FIXTURE_TEST_CASE(what_was_answered_arrives_although_the_end_came_before_it_was_read,
                        filter_fixture) {
    description.xxfi_envfrom = refuse_at_length;
    description.xxfi_close = note_close;
    most_kept = 0;
    start(1);
    // the answers of the few are kept together with the end, those of the many are not kept together
    for (std::size_t const count : {32U, 400U}) {
        own().clear();
        mta one(socket);
        one.ask(packet_of(wire::negotiate{}));
        std::string all;
        for (std::size_t i = 0; i != count; ++i) all += packet_of(wire::mail{"<a@b>", {}});
        one.send(all + packet('Q'));
        one.end_writing();
        if (count == 32U) BOOST_TEST(comes_true([] { return !own().all().empty(); }));
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        std::size_t answers = 0;
        while (one.next().starts_with("y550-5.7.1 x")) ++answers;
        BOOST_TEST(answers == count);
    }
    BOOST_TEST(most_kept > 0U);
    BOOST_TEST(most_kept < compat::most_unwritten); // of three megabytes
}

BOOST_FIXTURE_TEST_CASE(one_that_never_reads_is_hung_up_on, filter_fixture) {
    description.xxfi_envfrom = proceed;
    description.xxfi_close = note_close;
    smfi_settimeout(1);
    start(1);
    mta one(socket);
    one.ask(packet_of(wire::negotiate{}));
    smfi_settimeout(7210); // of the next time
    one.fill(packet_of(wire::mail{"<a@b>", {}}));
    BOOST_TEST(one.is_hung_up_on());
    BOOST_TEST(stop() == MI_SUCCESS);
    BOOST_TEST(own().all() == std::vector<std::string>{"close"});
}

BOOST_FIXTURE_TEST_CASE(stop_does_not_wait_for_long_until_it_reads, filter_fixture) {
    description.xxfi_envfrom = proceed;
    description.xxfi_close = note_close;
    start(1);
    mta one(socket);
    one.ask(packet_of(wire::negotiate{}));
    one.fill(packet_of(wire::mail{"<a@b>", {}}));
    signal(SIGINT);
    BOOST_TEST(ended() == MI_SUCCESS);
    BOOST_TEST(own().all() == std::vector<std::string>{"close"});
}

BOOST_FIXTURE_TEST_CASE(a_callback_that_writes_more_than_is_read_goes_on_with_a_failure,
                        filter_fixture) {
    description.xxfi_eom = [](SMFICTX* context) -> sfsistat {
        std::string body(8U << 20, 'x');
        auto const said = smfi_replacebody(context, reinterpret_cast<unsigned char*>(body.data()),
                                           static_cast<int>(body.size()));
        own().add(said == MI_FAILURE && smfi_progress(context) == MI_FAILURE ? "fails" : "works");
        return SMFIS_CONTINUE;
    };
    smfi_settimeout(1);
    start(1);
    mta one(socket);
    one.ask(packet_of(wire::negotiate{}));
    smfi_settimeout(7210); // of the next time
    one.send(packet_of(wire::mail{"<a@b>", {}}) + packet_of(wire::rcpt{"<r@test>", {}}) +
             packet('E'));
    BOOST_TEST(one.is_hung_up_on());
    BOOST_TEST(own().all() == std::vector<std::string>{"fails"});
}

BOOST_AUTO_TEST_CASE(pieces_taken_now_and_then_prolong_no_write) {
    small_pair pair;
    std::jthread const reader([&pair](std::stop_token const& stop) {
        std::array<char, 512> piece{};
        while (!stop.stop_requested()) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
            [[maybe_unused]] auto const size =
                ::recv(pair.other, piece.data(), piece.size(), MSG_DONTWAIT);
        }
    });
    milter::error_code ec;
    // at 50 kB/s or less this takes 20 s, each piece a hundredth of the patience
    pair.own->write_all(std::string(1U << 20, 'x'), std::chrono::seconds(1), ec);
    BOOST_TEST(ec == milter::errc::timed_out);
}

BOOST_AUTO_TEST_CASE(a_write_that_does_not_wait_says_how_much_was_taken) {
    small_pair pair;
    milter::error_code ec;
    std::string const bytes(1U << 20, 'x');
    auto const taken = pair.own->write_some(bytes, ec);
    BOOST_TEST(!ec);
    BOOST_TEST(taken > 0U);
    BOOST_TEST(taken < bytes.size());
    BOOST_TEST(pair.own->write_some(bytes, ec) == 0U);
    BOOST_TEST(!ec);
    pair.close_other();
    BOOST_TEST(pair.own->write_some(bytes, ec) == 0U);
    BOOST_TEST(ec == milter::errc::connection_closed);
}

BOOST_AUTO_TEST_CASE(it_has_a_minute_or_what_was_set_if_that_is_less) {
    auto const patience_of = [](compat::limits const& limits) {
        smfiDesc const description{};
        return smfi_str(::dup(0), description, limits).write_patience;
    };
    compat::limits limits;
    BOOST_TEST((patience_of(limits) == std::chrono::minutes(1)));
    limits.patience = std::chrono::seconds(2);
    BOOST_TEST((patience_of(limits) == limits.patience));
}

BOOST_AUTO_TEST_SUITE_END()
