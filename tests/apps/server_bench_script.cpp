// SPDX-License-Identifier: BSL-1.0
// tests/apps/server_bench_script.cpp - what the load driver sends is what a session of milter-test-server sends

#include "server_session_fixture.hpp"
#include "test-server/bench_script.hpp"

#include <string>
#include <string_view>
#include <vector>

using namespace server_session_test;

namespace {

/// The value of macro i in the first packet that has one.
std::string queue_id_in(packets const& all) {
    for (auto const& one : all) {
        auto const at = one[4] == 'D' ? one.find(std::string("i\0", 2), 5) : one.npos;
        if (at == one.npos) continue;
        auto const begin = at + 2;
        return one.substr(begin, one.find('\0', begin) - begin);
    }
    return {};
}

/// Codes and payloads, with another queue id.
packets with_queue_id(packets const& all, std::string const& id) {
    auto const own = queue_id_in(all);
    packets changed;
    for (auto const& one : all) {
        auto text = one.substr(4);
        for (auto at = own.empty() ? text.npos : text.find(own); at != text.npos;
             at = text.find(own, at + id.size()))
            text.replace(at, own.size(), id);
        changed.push_back(std::move(text));
    }
    return changed;
}

packets packets_in(std::string_view bytes) {
    packets all;
    milter::error_code ec;
    while (auto const frame = wire::first_frame(bytes, 1 << 20, ec)) {
        all.emplace_back(frame->raw);
        bytes.remove_prefix(frame->raw.size());
    }
    BOOST_TEST(bytes.empty());
    return all;
}

/// What the driver sends when each answer is CONTINUE.
packets packets_of(milter::load::session_script const& whole) {
    auto bytes = whole.opening.bytes;
    for (std::size_t i = 0; i < whole.messages.size(); ++i)
        bytes += (i == 0 ? "" : whole.between) + whole.messages[i].content.bytes;
    return packets_in(bytes + whole.goodbye);
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(apps_server_bench_script, server_session_fixture)

BOOST_AUTO_TEST_CASE(every_mta_sends_the_same_as_in_a_single_session) {
    wire::step const wishes[] = {
        wire::step::none,
        wire::step::leading_space | wire::step::skip,
        wire::step::no_connect | wire::step::no_rcpt | wire::step::no_body,
        wire::step::no_helo | wire::step::no_mail | wire::step::no_data | wire::step::no_header,
        wire::step::nr_connect | wire::step::nr_helo | wire::step::nr_mail | wire::step::nr_rcpt |
            wire::step::nr_data | wire::step::nr_header | wire::step::nr_end_of_headers |
            wire::step::nr_body,
    };
    plan.messages[0] = compose({"a@test SIZE=9",
                                {"b@test", "c@test NOTIFY=NEVER"},
                                {"Subject: two", "Message-Id: <own@test>"},
                                {std::string(100'000, 'x'), "last\n"}});
    plan.messages[0].sender.args = {"SIZE=9"};
    for (auto const& mta : mta_profiles())
        for (auto const steps : wishes) {
            plan.mta = mta;
            plan.protocol.offer = mta.offer;
            wants.wants.steps = steps;
            auto const outcome = run();
            BOOST_TEST(!outcome.failed.has_value());
            auto const all = heard();
            packets const session(all.begin() + 1, all.end()); // behind the offer
            auto const driven = packets_of(encode_session(plan, outcome.agreed));
            same(with_queue_id(driven, "ID"), with_queue_id(session, "ID"));
        }
}

BOOST_AUTO_TEST_CASE(a_milter_gets_the_macros_it_asked_for) {
    wants.wants.ask_for(wire::macro_stage::rcpt, "{rcpt_addr} nothing");
    auto const outcome = run();
    auto const driven = packets_of(encode_session(plan, outcome.agreed));
    auto const all = heard();
    same(with_queue_id(driven, "ID"), with_queue_id({all.begin() + 1, all.end()}, "ID"));
}

BOOST_AUTO_TEST_SUITE_END()
