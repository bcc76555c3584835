// SPDX-License-Identifier: BSL-1.0
// tests/manager/negotiation.cpp - one answer for the MTA from the wishes of all milters
//
// Source: statements 218-225, 275.

#include <boost/test/unit_test.hpp>

#include <support/manager_rig.hpp>

using namespace support;

namespace {

constexpr auto no_answers_for_content =
    wire::step::nr_header | wire::step::nr_end_of_headers | wire::step::nr_body;
constexpr auto usual_steps = no_answers_for_content | wire::step::skip | wire::step::leading_space;

/// What was agreed with the MTA.
proto::agreement agreed(manager_rig& rig) {
    rig.negotiate();
    return rig.mta.agreed();
}

std::string list_for(manager_rig& rig, wire::macro_stage stage) {
    auto const agreement = agreed(rig);
    return agreement.lists[static_cast<std::size_t>(stage)].value_or("(none)");
}

} // namespace

BOOST_AUTO_TEST_SUITE(negotiation)

BOOST_AUTO_TEST_CASE(version_is_the_mtas_up_to_the_newest) {
    for (auto const& [offered, expected] :
         std::vector<std::pair<std::uint32_t, std::uint32_t>>{{2, 2}, {4, 4}, {6, 6}, {7, 6}}) {
        manager_rig rig(1);
        rig.mta.offer.version = offered;
        BOOST_TEST(agreed(rig).version == expected);
    }
}

BOOST_AUTO_TEST_CASE(mta_older_than_version_2_is_hung_up_on) {
    manager_rig rig(1);
    rig.mta.offer.version = 1;
    BOOST_TEST(rig.negotiate() == "");
    BOOST_TEST(rig.hung_up());
    BOOST_TEST(rig.logged("mta: negotiate version=1"));
}

BOOST_AUTO_TEST_CASE(actions_are_the_union_of_all_wishes_within_the_offer_221) {
    manager_rig rig(2);
    rig.filter(0).wants.actions = wire::action::add_header | wire::action::quarantine;
    rig.filter(1).wants.actions = wire::action::change_body;
    rig.mta.offer.actions = wire::action::all & ~wire::action::quarantine;
    BOOST_TEST(agreed(rig).actions == (wire::action::add_header | wire::action::change_body));
}

BOOST_AUTO_TEST_CASE(milter_that_may_come_later_may_want_any_action_221) {
    manager_rig rig(2);
    rig.filter(0).wants.actions = wire::action::none;
    rig.filter(1).arrivals = {scripted_filter::arrival::refused};
    BOOST_TEST(agreed(rig).actions == (wire::action::all & ~wire::action::set_macro_list));
}

BOOST_AUTO_TEST_CASE(quarantine_is_asked_for_when_a_failure_may_need_it) {
    manager_rig rig(1);
    rig.filter(0).wants.actions = wire::action::none;
    rig.config.milters[0].on_error = manager::on_error::quarantine;
    BOOST_TEST(agreed(rig).actions == wire::action::quarantine);
}

BOOST_AUTO_TEST_CASE(only_content_goes_without_answers_whatever_the_milters_want_220) {
    for (auto const wish : {wire::step::none, wire::step::all_nr, wire::step::all_no,
                            wire::step::all & ~wire::step::rejected_rcpt}) {
        manager_rig rig(2);
        rig.filter(0).wants.steps = rig.filter(1).wants.steps = wish;
        BOOST_TEST((agreed(rig).steps & ~wire::step::all_no) == usual_steps);
    }
}

BOOST_AUTO_TEST_CASE(no_step_is_asked_for_that_was_not_offered_219_220) {
    manager_rig rig(1);
    rig.mta.offer.steps = wire::step::all_no | wire::step::nr_body;
    rig.filter(0).wants.steps = wire::step::rejected_rcpt;
    BOOST_TEST(agreed(rig).steps == wire::step::nr_body);
    manager_rig old(1);
    old.mta.offer = {2, static_cast<wire::action>(0x1f), static_cast<wire::step>(0x7f)};
    old.negotiate();
    BOOST_TEST(old.mta.heard().empty());
}

BOOST_AUTO_TEST_CASE(refused_recipients_are_asked_for_when_a_milter_wants_them_or_may) {
    manager_rig wanted(2);
    wanted.filter(1).wants.steps = wire::step::rejected_rcpt;
    BOOST_TEST(agreed(wanted).steps == (usual_steps | wire::step::rejected_rcpt));
    manager_rig down(2);
    down.filter(1).arrivals = {scripted_filter::arrival::refused};
    BOOST_TEST(agreed(down).steps == (usual_steps | wire::step::rejected_rcpt));
}

BOOST_AUTO_TEST_CASE(milters_are_offered_what_the_mta_offers_and_every_wish_the_manager_can_grant) {
    manager_rig rig(1);
    rig.mta.offer.actions = wire::action::add_header;
    rig.mta.offer.steps = wire::step::all_no;
    rig.filter(0).wants.actions = wire::action::add_header;
    rig.negotiate();
    BOOST_TEST(rig.filter(0).offer().version == 6U);
    BOOST_TEST(rig.filter(0).offer().actions ==
               (wire::action::add_header | wire::action::set_macro_list));
    BOOST_TEST(rig.filter(0).offer().steps ==
               (wire::step::all & ~wire::step::rejected_rcpt & ~wire::step::leading_space));
}

BOOST_AUTO_TEST_CASE(answer_comes_within_two_seconds_when_milters_hang_218) {
    for (bool const at_connect : {false, true}) {
        manager_rig rig(2);
        if (at_connect) rig.filter(1).arrivals = {scripted_filter::arrival::silent};
        rig.filter(1).on("negotiate", silence());
        auto const before = rig.now();
        BOOST_TEST(agreed(rig).steps == (usual_steps | wire::step::rejected_rcpt));
        BOOST_TEST((rig.now() - before == 2s));
        BOOST_TEST(rig.logged("mta: negotiation goes on without waiting for b"));
    }
}

BOOST_AUTO_TEST_CASE(milter_that_answers_late_takes_part_and_is_told_what_it_missed) {
    manager_rig rig(2);
    rig.filter(0).on("negotiate", say(proto::to_reply(scripted_filter::everything())).after(3s));
    BOOST_TEST(rig.begin() == "continue, continue");
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(rig.filter(0).judged().size() == 1U);
}

BOOST_AUTO_TEST_CASE(without_milters_everything_is_answered_at_once) {
    manager_rig rig(0);
    BOOST_TEST(rig.begin() == "continue, continue");
    BOOST_TEST(rig.envelope() == "continue, continue, "); // nobody needs DATA
    rig.content();
    BOOST_TEST(rig.end() == "continue");
}

BOOST_AUTO_TEST_CASE(disabled_milter_is_not_there) {
    manager_rig rig(1);
    rig.config.milters[0].enabled = false;
    rig.begin();
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(rig.filter(0).connections() == 0U);
}

BOOST_AUTO_TEST_CASE(milter_that_answers_badly_has_failed) {
    std::string alien;
    wire::append_frame(alien, 'O', std::string("\0\0\0\6", 4));
    std::string one;
    wire::encode(one, wire::negotiate_reply{1, {}, {}, {}});
    std::string larger;
    wire::encode(larger, wire::negotiate_reply{6, {}, wire::step::data_size_1m, {}});
    std::string list = one;
    list.clear();
    wire::append_frame(list, 'O', std::string("\0\0\0\6\0\0\0\0\0\0\0\0\0\0\0\1no NUL", 22));
    std::string http = "HTTP/1.1 400 Bad Request\r\n";
    for (auto const& bytes : {alien, one, larger, list, http, std::string("\0\0\0\0", 4)})
        BOOST_TEST_CONTEXT(wire::quoted(bytes)) {
            manager_rig rig(2);
            rig.filter(0).on("negotiate", raw(bytes));
            BOOST_TEST(rig.begin() == "continue, continue");
            BOOST_TEST(rig.send(wire::mail{"<a@client.test>", {}}) ==
                       "reply \"451 4.7.1 Service unavailable - try again later\"");
            BOOST_TEST(rig.blamed("a"));
        }
}

BOOST_AUTO_TEST_CASE(milter_that_leaves_as_what_it_needs_is_not_offered_has_failed_222) {
    std::pair<manager::on_error, std::string> const rows[] = {
        {manager::on_error::tempfail, "reply \"451 4.7.1 Service unavailable - try again later\""},
        {manager::on_error::reject, "reply \"550 5.5.0 Service unavailable\""},
        {manager::on_error::accept, "continue"}};
    for (auto const& [policy, answer] : rows) BOOST_TEST_CONTEXT(manager::to_string(policy)) {
            manager_rig rig(2);
            rig.config.milters[0].on_error = policy;
            rig.mta.offer.actions &= ~wire::action::change_body;
            rig.filter(0).on("negotiate", then_close());
            rig.filter(1).wants.actions = wire::action::none;
            BOOST_TEST(rig.begin() == "continue, continue");
            BOOST_TEST(!wire::any(rig.filter(0).offer().actions, wire::action::change_body));
            BOOST_TEST(!wire::any(rig.mta.agreed().actions, wire::action::change_body));
            BOOST_TEST(rig.message() == answer);
            BOOST_TEST(rig.blamed("a"));
            BOOST_TEST(rig.filter(0).judged().empty());
            BOOST_TEST(rig.filter(1).connections() == 1U);
        }
}

BOOST_AUTO_TEST_CASE(odd_versions_and_excess_claims_of_a_milter_are_put_up_with_275) {
    wire::negotiate_reply const rows[] = {
        {0, wire::action::add_header, wire::step::none, {}},
        {7, wire::action::add_header, wire::step::none, {}},
        {6, static_cast<wire::action>(0xffff), wire::step::none, {}},
        {6, wire::action::none, static_cast<wire::step>(0x00200000), {}},
    };
    for (auto const& row : rows) BOOST_TEST_CONTEXT(wire::describe(wire::any_reply{row})) {
            manager_rig rig(1);
            if (row.version == 0)
                rig.filter(0).wants.steps = wire::step::no_data | wire::step::no_unknown;
            rig.filter(0).on("negotiate", say(row));
            rig.begin();
            BOOST_TEST(rig.message() == "continue");
            BOOST_TEST(rig.filter(0).judged().size() == 1U);
        }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(macro_lists)

BOOST_AUTO_TEST_CASE(none_are_sent_when_no_milter_has_one_or_the_mta_takes_none) {
    manager_rig none(2);
    for (auto const& list : agreed(none).lists) BOOST_TEST(!list.has_value());
    manager_rig refused(2);
    refused.mta.offer.actions &= ~wire::action::set_macro_list;
    refused.filter(0).wants.lists[0] = "j";
    for (auto const& list : agreed(refused).lists) BOOST_TEST(!list.has_value());
}

BOOST_AUTO_TEST_CASE(of_a_stage_are_the_union_with_what_the_administrator_has_225) {
    manager_rig rig(3);
    rig.config.macros[0] = "j _ {daemon_name}";
    rig.filter(0).wants.lists[0] = "{client_addr},j";
    rig.filter(1).wants.lists[0] = "{client_ptr} {client_addr}";
    BOOST_TEST(list_for(rig, wire::macro_stage::connect) ==
               "j _ {daemon_name} v {client_addr} {client_ptr}");
    BOOST_TEST(!rig.mta.agreed().lists[1].has_value());
    BOOST_TEST(wire::any(rig.mta.agreed().actions, wire::action::set_macro_list));
}

BOOST_AUTO_TEST_CASE(start_with_both_mtas_defaults_when_nothing_is_configured_225) {
    manager_rig rig(1);
    rig.filter(0).wants.lists[3] = "{x_own}";
    BOOST_TEST(list_for(rig, wire::macro_stage::rcpt) ==
               "i {rcpt_mailer} {rcpt_host} {rcpt_addr} {x_own}");
}

BOOST_AUTO_TEST_CASE(of_a_milter_that_is_late_are_those_of_its_last_negotiation) {
    std::shared_ptr<manager::config const> settings;
    for (std::string const milter : {"answers", "is late", "is late and out of use"})
        BOOST_TEST_CONTEXT(milter) {
            manager_rig rig(2);
            auto wished = rig.config;
            if (!settings) settings = manager::with_endpoints(wished);
            wished.milters[1].enabled = milter != "is late and out of use";
            rig.settings = manager::with_endpoints(wished, settings.get()); // after a reload
            rig.filter(1).wants.actions |= wire::action::set_macro_list;
            rig.filter(1).wants.lists[static_cast<std::size_t>(wire::macro_stage::rcpt)] = "{x}";
            if (milter != "answers") rig.filter(1).on("negotiate", silence());
            auto const list = list_for(rig, wire::macro_stage::rcpt);
            BOOST_TEST(list == (rig.settings->milters[1].enabled
                                    ? "i {rcpt_mailer} {rcpt_host} {rcpt_addr} {x}"
                                    : "(none)"));
        }
}

BOOST_AUTO_TEST_CASE(hold_fifty_names_at_most_and_say_so_225) {
    manager_rig rig(1);
    std::string many;
    for (int i = 0; i < 60; ++i) many += " {m" + std::to_string(i) + "}";
    rig.filter(0).wants.lists[0] = many;
    auto const list = list_for(rig, wire::macro_stage::connect);
    std::size_t names = 0;
    proto::for_each_name(list, [&](std::string_view) { ++names; });
    BOOST_TEST(names == 50U);
    BOOST_TEST(rig.logged("macro"));
}

BOOST_AUTO_TEST_CASE(of_end_of_headers_and_end_of_message_go_together_55) {
    for (auto const own : {wire::macro_stage::end_of_headers, wire::macro_stage::end_of_message}) {
        manager_rig rig(1);
        rig.filter(0).wants.lists[static_cast<std::size_t>(own)] = "{own}";
        rig.negotiate();
        BOOST_TEST(rig.mta.agreed().lists[5].has_value());
        BOOST_TEST(rig.mta.agreed().lists[6].has_value());
        BOOST_TEST(!rig.mta.agreed().lists[4].has_value());
    }
}

BOOST_AUTO_TEST_CASE(that_are_empty_make_nothing_be_sent) {
    manager_rig rig(1);
    rig.filter(0).wants.lists[0] = "";
    for (auto const& list : agreed(rig).lists) BOOST_TEST(!list.has_value());
}

BOOST_AUTO_TEST_SUITE_END()
