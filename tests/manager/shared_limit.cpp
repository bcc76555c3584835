// SPDX-License-Identifier: BSL-1.0
// tests/manager/shared_limit.cpp - what sessions share: memory for messages, places at a milter

#include <boost/test/unit_test.hpp>

#include <support/manager_rig.hpp>

#include <filesystem>

using namespace support;

namespace {

constexpr std::string_view failed = "reply \"451 4.3.0 Mail filtering failed - try again later\"";

/// A rig for each session, with the same settings.
struct crowd {
    manager::config config = manager_rig(1).config;
    std::shared_ptr<manager::config const> settings;
    std::vector<std::unique_ptr<manager_rig>> rigs;

    manager_rig& add() {
        if (!settings) settings = manager::with_endpoints(config);
        rigs.push_back(std::make_unique<manager_rig>(1));
        rigs.back()->settings = settings;
        return *rigs.back();
    }
    void reload() { settings = manager::with_endpoints(config, settings.get()); }
    std::size_t memory() const { return settings->spool.budget->taken(); }
    std::size_t seats() const { return settings->milters[0].seats->taken(); }
};

std::string text_of(std::size_t size, std::size_t number) {
    std::string text;
    while (text.size() < size) text += "session " + std::to_string(number) + "\r\n";
    return text;
}

} // namespace

BOOST_AUTO_TEST_SUITE(shared_limit)

BOOST_AUTO_TEST_CASE(large_messages_of_many_sessions_keep_to_the_memory_and_nothing_is_lost) {
    constexpr std::size_t limit = 1 << 20, size = 200'000, sessions = 50;
    crowd all;
    all.config.limits.memory = limit;
    all.config.spool.directory = std::filesystem::temp_directory_path().string();
    for (std::size_t i = 0; i < sessions; ++i) {
        auto& rig = all.add();
        rig.begin();
        rig.envelope();
        rig.filter(0).reads = false; // what it has seen would not be kept
        rig.content(rig.usual_headers(), text_of(size, i));
        BOOST_TEST(all.memory() <= limit);
    }
    BOOST_TEST(all.memory() > limit / 2);
    for (std::size_t i = 0; i < sessions; ++i) {
        all.rigs[i]->filter(0).reads = true;
        BOOST_TEST(all.rigs[i]->end() == "continue");
        BOOST_TEST((all.rigs[i]->filter(0).message().body == text_of(size, i)));
    }
    BOOST_TEST(all.memory() == 0U);
}

BOOST_AUTO_TEST_CASE(headers_for_which_there_is_no_memory_are_refused_and_room_comes_back) {
    crowd all;
    all.config.milters[0].on_error = manager::on_error::accept;
    all.config.limits.memory = 100'000;
    auto& first = all.add();
    first.begin();
    first.envelope();
    first.content({{"X-Large", std::string(60'000, 'a')}});
    auto& second = all.add();
    second.begin();
    second.envelope();
    second.content({{"X-Large", std::string(60'000, 'b')}});
    BOOST_TEST(second.end() == failed);
    BOOST_TEST(second.logged("manager: no memory for more headers: [limits] memory is used up"));
    BOOST_TEST(second.decisions().at(0).decided_by == "manager");
    BOOST_TEST(first.end() == "continue");
    BOOST_TEST(all.memory() == 0U);
    second.envelope();
    second.content({{"X-Large", std::string(60'000, 'b')}});
    BOOST_TEST(second.end() == "continue");
}

BOOST_AUTO_TEST_CASE(headers_that_a_milter_adds_count_too) {
    crowd all;
    all.config.limits.memory = 50'000;
    auto& rig = all.add();
    rig.filter(0).on("end_of_message",
                     say(wire::add_header{"X-A", std::string(60'000, 'x')}, wire::proceed{}), once);
    rig.begin();
    BOOST_TEST(rig.message() == failed);
    BOOST_TEST(rig.mta.edits().empty());
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(all.memory() == 0U);
}

BOOST_AUTO_TEST_CASE(memory_is_given_back_however_a_message_ends) {
    crowd all;
    auto& rig = all.add();
    rig.begin();
    auto const half = [&] {
        rig.envelope();
        rig.content();
        BOOST_TEST(all.memory() > 0U);
    };
    half();
    rig.send(wire::abort{});
    BOOST_TEST(all.memory() == 0U);
    half();
    rig.mta_closes();
    BOOST_TEST(all.memory() == 0U);
    auto& other = all.add();
    other.begin();
    other.envelope();
    other.content();
    all.rigs.clear();
    BOOST_TEST(all.memory() == 0U);
}

BOOST_AUTO_TEST_CASE(milter_has_no_more_sessions_than_it_is_to_have) {
    for (auto const policy : {manager::on_error::accept, manager::on_error::shutdown}) {
        crowd all;
        all.config.milters[0].max_sessions = 2;
        all.config.milters[0].on_error = policy;
        for (int i = 0; i < 2; ++i) {
            auto& rig = all.add();
            rig.begin();
            BOOST_TEST(rig.message() == "continue");
        }
        auto& third = all.add();
        BOOST_TEST(third.begin() == "continue, continue");
        BOOST_TEST(third.send(wire::mail{"<a@client.test>", {}}) == failed);
        BOOST_TEST(third.filter(0).story() == "");
        BOOST_TEST(third.log() == std::vector<std::string>{"a: max_sessions = 2 reached"},
                   boost::test_tools::per_element());
        BOOST_TEST(third.decisions().at(0).decided_by == "manager");
        BOOST_TEST(third.decisions().at(0).milters.at(0).reason == "max_sessions = 2 reached");
        all.rigs[0]->mta_closes();
        BOOST_TEST(third.message() == "continue"); // joins late
        BOOST_TEST(all.seats() == 2U);
    }
}

BOOST_AUTO_TEST_CASE(place_at_a_milter_is_given_back_with_its_connection) {
    crowd all;
    all.config.milters[0].max_sessions = 1;
    auto& rig = all.add();
    rig.begin();
    BOOST_TEST(all.seats() == 1U);
    rig.filter(0).on("mail", then_close(), once);
    rig.envelope();
    BOOST_TEST(all.seats() == 0U);
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(all.seats() == 1U);
    all.rigs.clear();
    BOOST_TEST(all.seats() == 0U);
    auto& accepts = all.add();
    accepts.filter(0).on("connect", say(wire::accept{}));
    accepts.begin();
    BOOST_TEST(all.seats() == 0U);
}

BOOST_AUTO_TEST_CASE(place_is_kept_from_one_socket_to_the_next) {
    manager_rig rig(2);
    rig.config.milters.resize(1);
    rig.config.milters[0].max_sessions = 1;
    rig.config.milters[0].sockets = {manager_rig::socket_of(0), manager_rig::socket_of(1)};
    auto const settings = manager::with_endpoints(rig.config);
    rig.settings = settings;
    rig.filter(0).arrivals = {scripted_filter::arrival::refused};
    rig.begin();
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(settings->milters[0].seats->taken() == 1U);
    BOOST_TEST(rig.filter(1).story() != "");
}

BOOST_AUTO_TEST_CASE(reload_goes_on_counting) {
    crowd all;
    auto& before = all.add();
    before.begin();
    before.envelope();
    before.content();
    auto const held = all.memory();
    all.config.milters[0].max_sessions = 1;
    all.config.limits.memory = held;
    all.config.spool.directory = std::filesystem::temp_directory_path().string();
    all.reload();
    BOOST_TEST(all.seats() == 1U);
    BOOST_TEST(all.memory() == held);
    auto& after = all.add();
    after.begin();
    BOOST_TEST(after.send(wire::mail{"<a@client.test>", {}}) == failed);
    BOOST_TEST(before.end() == "continue");
    before.mta_closes();
    BOOST_TEST(all.seats() == 0U);
    BOOST_TEST(after.message() == "continue");
}

BOOST_AUTO_TEST_CASE(macros_of_a_session_are_bounded_by_the_packets_they_come_in) {
    manager_rig rig(0);
    rig.mta.judges = false;
    rig.begin();
    std::string flood;
    std::string const pairs = "{x}" + std::string(1, '\0') + std::string(60'000, 'v') + '\0';
    for (int i = 0; i < 100; ++i)
        wire::encode(flood, wire::macros{wire::command_code::mail, wire::zstr_list(pairs)});
    rig.send_bytes(flood);
    BOOST_TEST(rig.send(wire::mail{"<a@client.test>", {}}) == "continue"); // each replaced the last
    std::string large;
    wire::append_u32(large, 65'537);
    rig.send_bytes(large + "D" + std::string(65'536, 'x'));
    BOOST_TEST(rig.hung_up());
    BOOST_TEST(rig.logged("packet longer than the limit"));
}

BOOST_AUTO_TEST_SUITE_END()
