// SPDX-License-Identifier: BSL-1.0
// tests/compat/mfapi.cpp - the callbacks and calls of a filter, as an MTA sees them
//
// That the answers are libmilter's own: same_answers.py. Here is what has no counterpart there.
#include "filter_fixture.hpp"
#include <milter/compat/mfapi.hpp>

#include <boost/test/unit_test.hpp>

#include <support/print_error.hpp>

#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace compat_test;
using lines = std::vector<std::string>;

std::string const end_packet = packet('E');

} // namespace

BOOST_AUTO_TEST_SUITE(mfapi)

BOOST_FIXTURE_TEST_CASE(an_exception_in_a_callback_is_a_tempfail_and_ends_nothing, filter_fixture) {
    description.xxfi_envfrom = [](SMFICTX*, char**) -> sfsistat { throw std::runtime_error("x"); };
    description.xxfi_close = [](SMFICTX*) -> sfsistat { throw 1; };
    start();
    mta one(socket);
    one.ask(packet_of(wire::negotiate{}));
    BOOST_TEST(one.ask(packet_of(wire::mail{"<a@b>", {}})) == "t");
    BOOST_TEST(one.ask(packet_of(wire::mail{"<a@b>", {}})) == "t");
    one.send(packet('Q'));
    BOOST_TEST(one.next().empty());
    BOOST_TEST(stop() == MI_SUCCESS);
}

BOOST_FIXTURE_TEST_CASE(an_exception_in_the_negotiation_hangs_up, filter_fixture) {
    description.xxfi_negotiate = [](SMFICTX*, unsigned long, unsigned long, unsigned long,
                                    unsigned long, unsigned long*, unsigned long*, unsigned long*,
                                    unsigned long*) -> sfsistat { throw 1; };
    start();
    mta one(socket);
    BOOST_TEST(one.ask(packet_of(wire::negotiate{})).empty());
}

BOOST_FIXTURE_TEST_CASE(a_callback_that_returns_no_verdict_is_a_tempfail, filter_fixture) {
    description.xxfi_envfrom = [](SMFICTX*, char**) -> sfsistat { return 42; };
    description.xxfi_envrcpt = [](SMFICTX*, char**) -> sfsistat { return SMFIS_NOREPLY; };
    start();
    mta one(socket);
    one.ask(packet_of(wire::negotiate{}));
    BOOST_TEST(one.ask(packet_of(wire::mail{"<a@b>", {}})) == "t");
    one.ask(packet_of(wire::mail{"<a@b>", {}}));
    BOOST_TEST(one.ask(packet_of(wire::rcpt{"<a@b>", {}})) ==
               "c"); // an MTA that waits gets its answer
}

BOOST_FIXTURE_TEST_CASE(a_command_out_of_order_is_answered_and_shown_to_no_callback,
                        filter_fixture) {
    description.xxfi_connect = [](SMFICTX*, char*, _SOCK_ADDR*) -> sfsistat {
        own().add("connect");
        return SMFIS_CONTINUE;
    };
    description.xxfi_envfrom = [](SMFICTX*, char**) -> sfsistat { return SMFIS_CONTINUE; };
    description.xxfi_eom = [](SMFICTX*) -> sfsistat {
        own().add("eom");
        return SMFIS_CONTINUE;
    };
    start();
    mta one(socket);
    one.begin("<a@b>");
    BOOST_TEST(one.ask(packet_of(wire::connect{"again", wire::family::unknown, 0, ""})) == "c");
    one.ask(end_packet);
    BOOST_TEST(one.ask(end_packet) == "c");
    BOOST_TEST(own().all() == (lines{"connect", "eom"}));
}

BOOST_FIXTURE_TEST_CASE(progress_goes_out_while_the_callback_is_at_work, filter_fixture) {
    static std::mutex held;
    held.lock();
    description.xxfi_eom = [](SMFICTX* context) -> sfsistat {
        if (smfi_progress(context) != MI_SUCCESS) return SMFIS_TEMPFAIL;
        std::lock_guard const wait(held);
        return SMFIS_ACCEPT;
    };
    start();
    mta one(socket);
    one.begin("<a@b>");
    BOOST_TEST(one.ask(end_packet) == "p");
    held.unlock();
    BOOST_TEST(one.next() == "a");
}

BOOST_FIXTURE_TEST_CASE(edits_and_progress_fail_outside_of_the_end_of_the_message, filter_fixture) {
    description.xxfi_data = [](SMFICTX* context) -> sfsistat {
        char name[] = "X-A", value[] = "b";
        unsigned char body[] = "x";
        bool const fails = smfi_addheader(context, name, value) == MI_FAILURE &&
                           smfi_insheader(context, 0, name, value) == MI_FAILURE &&
                           smfi_chgheader(context, name, 1, value) == MI_FAILURE &&
                           smfi_addrcpt(context, value) == MI_FAILURE &&
                           smfi_addrcpt_par(context, value, nullptr) == MI_FAILURE &&
                           smfi_delrcpt(context, value) == MI_FAILURE &&
                           smfi_chgfrom(context, value, nullptr) == MI_FAILURE &&
                           smfi_quarantine(context, value) == MI_FAILURE &&
                           smfi_replacebody(context, body, 1) == MI_FAILURE &&
                           smfi_progress(context) == MI_FAILURE;
        return fails ? SMFIS_DISCARD : SMFIS_REJECT;
    };
    start();
    mta one(socket);
    one.begin("<a@b>");
    BOOST_TEST(one.ask(packet('T')) == "d");
}

BOOST_AUTO_TEST_CASE(calls_without_a_context_fail) {
    char text[] = "x";
    BOOST_TEST(smfi_addheader(nullptr, text, text) == MI_FAILURE);
    BOOST_TEST(smfi_setreply(nullptr, "550", nullptr, nullptr) == MI_FAILURE);
    BOOST_TEST(smfi_setmlreply(nullptr, "550", nullptr, "a", static_cast<char*>(nullptr)) ==
               MI_FAILURE);
    BOOST_TEST(smfi_setpriv(nullptr, text) == MI_FAILURE);
    BOOST_TEST(smfi_setsymlist(nullptr, 0, text) == MI_FAILURE);
    BOOST_TEST(smfi_progress(nullptr) == MI_FAILURE);
    BOOST_TEST(!smfi_getpriv(nullptr));
    BOOST_TEST(!smfi_getsymval(nullptr, text));
}

BOOST_AUTO_TEST_CASE(arguments_of_the_process_are_checked) {
    BOOST_TEST(smfi_setconn(nullptr) == MI_FAILURE);
    BOOST_TEST(smfi_setconn("") == MI_FAILURE);
    BOOST_TEST(smfi_setbacklog(-1) == MI_FAILURE);
    BOOST_TEST(smfi_setdbg(6) == MI_SUCCESS);
    smfiDesc description{};
    description.xxfi_version = 0x02000001;
    BOOST_TEST(smfi_register(description) == MI_FAILURE);
    description.xxfi_version = 0x01000000 | 7; // a later patch level
    BOOST_TEST(smfi_register(description) == MI_SUCCESS);
    BOOST_TEST(smfi_setconn("nonsense:1") == MI_SUCCESS); // as libmilter: smfi_opensocket() says it
    BOOST_TEST(smfi_opensocket(false) == MI_FAILURE);
    unsigned major = 0, minor = 9, level = 0;
    BOOST_TEST(smfi_version(&major, &minor, &level) == MI_SUCCESS);
    BOOST_TEST(major == 1U);
    BOOST_TEST(minor == 0U);
    BOOST_TEST(level == 1U);
}

BOOST_FIXTURE_TEST_CASE(stop_lets_a_message_come_to_its_end_and_nobody_new_connect,
                        filter_fixture) {
    description.xxfi_close = [](SMFICTX*) -> sfsistat {
        own().add("close");
        return SMFIS_CONTINUE;
    };
    start();
    mta idle(socket), busy(socket);
    idle.ask(packet_of(wire::negotiate{}));
    busy.begin("<a@b>");
    smfi_stop();
    BOOST_TEST(idle.next().empty());
    BOOST_TEST(busy.ask(end_packet) == "c");
    BOOST_TEST(busy.next().empty());
    BOOST_TEST(stop() == MI_SUCCESS);
    BOOST_TEST(!mta(socket).is_connected());
    BOOST_TEST(own().all() == (lines{"close", "close"}));
}

BOOST_FIXTURE_TEST_CASE(an_mta_that_is_silent_for_too_long_is_hung_up_on, filter_fixture) {
    description.xxfi_abort = [](SMFICTX*) -> sfsistat {
        own().add("abort");
        return SMFIS_CONTINUE;
    };
    description.xxfi_close = [](SMFICTX*) -> sfsistat {
        own().add("close");
        return SMFIS_CONTINUE;
    };
    smfi_settimeout(1);
    start();
    mta one(socket);
    one.begin("<a@b>");
    BOOST_TEST(one.next().empty());
    BOOST_TEST(stop() == MI_SUCCESS);
    smfi_settimeout(7210);
    BOOST_TEST(own().all() == (lines{"abort", "close"}));
}

BOOST_FIXTURE_TEST_CASE(nothing_of_a_slow_mta_is_lost, filter_fixture) {
    description.xxfi_helo = [](SMFICTX*, char* name) -> sfsistat { // NOLINT: libmilter's type
        own().add(name);
        return SMFIS_CONTINUE;
    };
    start();
    mta one(socket);
    for (char const byte : packet_of(wire::negotiate{})) one.send({&byte, 1});
    BOOST_TEST(one.next().front() == 'O');
    for (char const byte : packet_of(wire::helo{"byte.by.byte"})) one.send({&byte, 1});
    BOOST_TEST(one.next() == "c");
    BOOST_TEST(own().all() == (lines{"byte.by.byte"}));
}

BOOST_FIXTURE_TEST_CASE(a_replacement_of_many_megabytes_arrives_whole, filter_fixture) {
    description.xxfi_eom = [](SMFICTX* context) -> sfsistat {
        std::string body(8U << 20, 'x');
        return smfi_replacebody(context, reinterpret_cast<unsigned char*>(body.data()),
                                static_cast<int>(body.size())) == MI_SUCCESS
                   ? SMFIS_CONTINUE
                   : SMFIS_REJECT;
    };
    start();
    mta one(socket);
    one.begin("<a@b>");
    one.send(end_packet);
    std::size_t size = 0;
    for (;;) {
        auto const got = one.next();
        if (got.empty() || got.front() != 'b') {
            BOOST_TEST(got == "c");
            break;
        }
        size += got.size() - 1;
    }
    BOOST_TEST(size == 8U << 20);
}

BOOST_AUTO_TEST_SUITE_END()
