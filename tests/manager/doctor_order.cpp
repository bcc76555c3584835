// SPDX-License-Identifier: BSL-1.0
// tests/manager/doctor_order.cpp - what the doctor says of the order of milters

#include "doctor_fixture.hpp"

using namespace doctor_test;

namespace {

facts in_order(std::vector<std::string> const& names, std::string const& more = {}) {
    std::string text(listener_part);
    for (auto const& name : names) text += milter_part(name);
    return facts_of(text + more);
}

constexpr auto edits = wire::action::add_header | wire::action::change_header;

} // namespace

BOOST_AUTO_TEST_SUITE(doctor_order)

BOOST_AUTO_TEST_CASE(signer_before_one_that_changes_the_message) {
    auto seen = in_order({"opendkim", "rspamd", "clamav"});
    BOOST_TEST(told(examine_order(seen)) == "ok: order: nothing is known against the order\n");
    answers(seen, 1, edits);
    BOOST_TEST(told(examine_order(seen)) ==
               "warning: order: opendkim signs before rspamd, which may change headers or body\n"
               "  a signature of what is changed afterwards is broken: sign last\n"
               "    # in milter-manager.toml, move the [[milter]] opendkim behind the [[milter]] "
               "rspamd\n");
}

BOOST_AUTO_TEST_CASE(headers_that_are_added_break_no_signature) {
    auto seen = in_order({"opendkim", "rspamd"});
    answers(seen, 1, wire::action::add_header);
    BOOST_TEST(told(examine_order(seen)) == "ok: order: nothing is known against the order\n");
}

BOOST_AUTO_TEST_CASE(milters_that_change_much_are_known_by_name_when_they_do_not_answer) {
    auto const seen = in_order({"opendkim", "spamass-milter"});
    BOOST_TEST(told(examine_order(seen))
                   .starts_with("warning: order: opendkim signs before spamass-milter"));
    auto const kept = in_order({"opendkim", "spamass-milter"}, "read_only = true\n");
    BOOST_TEST(told(examine_order(kept)) == "ok: order: nothing is known against the order\n");
}

BOOST_AUTO_TEST_CASE(profile_gets_its_whole_list) {
    auto text = std::string(listener_part) + "profile = \"in\"\n" + milter_part("a") +
                milter_part("opendkim") + milter_part("b") + milter_part("c");
    auto seen = facts_of(text + "[profile.in]\nmilters = [\"opendkim\", \"b\", \"c\"]\n");
    answers(seen, 2, edits);
    BOOST_TEST(
        told(examine_order(seen)) ==
        "warning: order: profile in: opendkim signs before b, which may change headers or body\n"
        "  a signature of what is changed afterwards is broken: sign last\n"
        "    # [profile.in] in milter-manager.toml:\n"
        "    milters = [\"b\", \"opendkim\", \"c\"]\n");
}

BOOST_AUTO_TEST_CASE(dmarc_comes_behind_what_it_judges_by) {
    BOOST_TEST(told(examine_order(in_order({"opendmarc", "spf", "opendkim"}))) ==
               "warning: order: opendmarc comes before opendkim\n"
               "  DMARC judges by the results of SPF and DKIM, which are not there yet\n"
               "    # in milter-manager.toml, move the [[milter]] opendmarc behind the [[milter]] "
               "opendkim\n");
    BOOST_TEST(told(examine_order(in_order({"spf", "opendkim", "opendmarc"}))) ==
               "ok: order: nothing is known against the order\n");
}

BOOST_AUTO_TEST_CASE(judge_behind_an_editor_is_a_note) {
    auto seen = in_order({"rewriter", "judge"});
    answers(seen, 0, edits);
    answers(seen, 1, wire::action::quarantine);
    BOOST_TEST(
        told(examine_order(seen)) ==
        "note: order: judge only judges, and stands behind rewriter, which may change the message\n"
        "  it waits for the changes; in front it would see the message at once, as it came\n");
}

BOOST_AUTO_TEST_SUITE_END()
