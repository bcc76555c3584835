// SPDX-License-Identifier: BSL-1.0
// tests/compat/limits.cpp - what smfi_set*() and the environment limit
#include "filter_fixture.hpp"
#include <milter/compat/mfapi.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace compat_test;
namespace compat = milter::compat;

unsigned threads_of(char const* environment) {
    ::setenv("MILTER_COMPAT_THREADS", environment, 1);
    auto const threads = std::exchange(compat::this_process().threads, 0);
    auto const count = compat::detail::thread_count(compat::this_process());
    compat::this_process().threads = threads;
    ::unsetenv("MILTER_COMPAT_THREADS");
    return count;
}

/// How many connections a socket takes that nobody accepts from; at most that many.
unsigned connections_taken(std::string const& path, unsigned most) {
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    path.copy(where.sun_path, sizeof where.sun_path - 1);
    std::vector<int> all;
    all.reserve(most + 1);
    bool is_connected = true;
    while (is_connected && all.size() <= most) {
        all.push_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        is_connected =
            ::connect(all.back(), reinterpret_cast<sockaddr*>(&where), sizeof where) == 0;
    }
    for (int const one : all) ::close(one);
    return static_cast<unsigned>(all.size()) - 1;
}

/// No descriptor can be had beyond the next one.
class one_descriptor_left {
public:
    one_descriptor_left() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        int const next = ::dup(0);
        ::close(next);
        auto limit = before_;
        limit.rlim_cur = static_cast<rlim_t>(next) + 1;
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }
    one_descriptor_left(one_descriptor_left const&) = delete;
    one_descriptor_left& operator=(one_descriptor_left const&) = delete;
    ~one_descriptor_left() { give_back(); }

    void give_back() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

} // namespace

BOOST_AUTO_TEST_SUITE(limits)

BOOST_FIXTURE_TEST_CASE(a_command_larger_than_smfi_setmaxdatasize_ends_the_connection,
                        filter_fixture) {
    description.xxfi_helo = [](SMFICTX*, char* name) -> sfsistat {
        own().add(std::to_string(std::strlen(name)));
        return SMFIS_CONTINUE;
    };
    auto const before = smfi_setmaxdatasize(100);
    BOOST_TEST(before == wire::default_data_limit);
    start();
    mta one(socket);
    one.ask(packet_of(wire::negotiate{}));
    BOOST_TEST(smfi_setmaxdatasize(before) == 100U);                         // of the next time
    BOOST_TEST(one.ask(packet_of(wire::helo{std::string(99, 'x')})) == "c"); // and its NUL
    BOOST_TEST(one.ask(packet_of(wire::helo{std::string(100, 'x')})).empty());
    BOOST_TEST(own().all() == std::vector<std::string>{"99"});
}

BOOST_AUTO_TEST_CASE(the_environment_says_how_many_threads_there_are) {
    BOOST_TEST(threads_of("3") == 3U);
    BOOST_TEST(threads_of("0") == compat::usual_threads);
    BOOST_TEST(threads_of("many") == compat::usual_threads);
    BOOST_TEST(threads_of("9999") == compat::most_threads);
    compat::set_threads(5); // the program knows better
    ::setenv("MILTER_COMPAT_THREADS", "3", 1);
    BOOST_TEST(compat::detail::thread_count(compat::this_process()) == 5U);
    ::unsetenv("MILTER_COMPAT_THREADS");
}

BOOST_FIXTURE_TEST_CASE(the_backlog_is_that_of_the_socket, filter_fixture) {
    constexpr unsigned most = 20;
    for (auto const& [backlog, is_small] : {std::pair{2, true}, {1024, false}}) {
        smfi_setbacklog(backlog);
        smfi_setconn(("unix:" + socket).c_str());
        smfi_register(description);
        BOOST_REQUIRE_EQUAL(smfi_opensocket(true), MI_SUCCESS);
        BOOST_TEST((connections_taken(socket, most) < most) == is_small);
        compat::this_process().listener.reset();
    }
}

BOOST_AUTO_TEST_CASE(an_mta_has_at_least_a_second) {
    auto& patience = compat::this_process().limit.patience;
    for (int const seconds : {0, -1}) {
        smfi_settimeout(seconds);
        BOOST_TEST((patience == std::chrono::seconds(1)));
    }
    smfi_settimeout(7210);
    BOOST_TEST((patience == std::chrono::seconds(7210)));
}

BOOST_AUTO_TEST_CASE(an_mta_has_half_a_minute_for_its_offer_or_what_was_set_if_that_is_less) {
    compat::limits all;
    BOOST_TEST((compat::silence_allowed(all, false) == std::chrono::seconds(30)));
    BOOST_TEST((compat::silence_allowed(all, true) == std::chrono::seconds(7210)));
    all.patience = std::chrono::seconds(2);
    BOOST_TEST((compat::silence_allowed(all, false) == all.patience));
    BOOST_TEST((compat::silence_allowed(all, true) == all.patience));
}

BOOST_FIXTURE_TEST_CASE(a_connection_that_there_was_no_descriptor_for_is_taken_later,
                        filter_fixture) {
    start();
    {
        mta first(socket);
        first.ask(packet_of(wire::negotiate{}));
        first.send(packet('Q'));
        BOOST_TEST(first.next().empty());
    }
    one_descriptor_left want;
    mta one(socket);
    one.send(packet_of(wire::negotiate{}));
    BOOST_TEST(!one.hears_within(std::chrono::milliseconds(300)));
    want.give_back();
    BOOST_TEST(one.next().substr(0, 1) == "O");
}

BOOST_AUTO_TEST_SUITE_END()
