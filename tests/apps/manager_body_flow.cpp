// SPDX-License-Identifier: BSL-1.0
// tests/apps/manager_body_flow.cpp - an MTA that sends faster than its milter takes it has to wait, but not for long

#include "manager_fixture.hpp"

#include <chrono>
#include <string>
#include <string_view>

using namespace manager_test;

namespace {

constexpr std::size_t enough = std::size_t{16} << 20; // bytes: no socket holds as much

/// Up to the end of headers.
void begin_message(raw_client const& mta) {
    mta.say(offer);
    mta.some(17);
    for (auto const command :
         {client, "\0\0\0\x07M<a@b>\0"sv, "\0\0\0\x07R<c@d>\0"sv, "\0\0\0\x01T"sv}) {
        mta.say(command);
        BOOST_TEST_REQUIRE((mta.some(5) == "\0\0\0\x01"
                                           "c"sv));
    }
    mta.say("\0\0\0\x01N"sv);
}

std::string packet_of_body() {
    std::string packet("\0\1\0\0B"sv);
    packet.append(65'535, 'x');
    return packet;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(apps_manager_body_flow, manager_fixture)

/// Whoever is not run for a while himself does not see it; so it is tried again.
BOOST_AUTO_TEST_CASE(mta_has_to_wait_for_a_milter_that_is_behind_and_is_read_again) {
    filter("slow", {"--on", "body=silence"});
    start();
    bool has_waited = false;
    for (int attempt = 0; attempt < 50 && !has_waited; ++attempt) {
        raw_client const mta(path);
        begin_message(mta);
        auto const packet = packet_of_body();
        for (std::size_t sent = 0; sent < enough;) {
            auto const size = mta.try_to_say(packet.substr(sent % packet.size()));
            sent += size;
            if (size != 0) continue;
            has_waited = has_waited || !mta.has_room_within(std::chrono::milliseconds(100));
            BOOST_TEST_REQUIRE(mta.has_room_within(std::chrono::seconds(60)));
        }
    }
    BOOST_TEST(has_waited);
}

BOOST_AUTO_TEST_SUITE_END()
