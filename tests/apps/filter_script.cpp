// SPDX-License-Identifier: BSL-1.0
// tests/apps/filter_script.cpp - conditions, rules, and which of them count

#include "test-filter/script.hpp"
#include "test-filter/script_toml.hpp"

#include <boost/test/unit_test.hpp>

#include <support/print_packet.hpp>
#include <support/temp_dir.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

using namespace milter::test_filter;
namespace proto = milter::proto;
namespace wire = milter::wire;
using code = wire::command_code;

namespace {

struct fixture {
    seen state;
    proto::macro_store macros;

    template <class Command> void take(Command const& command, bool raw = false) {
        state.take(command, raw);
    }

    fixture() {
        take(wire::connect{"client.test", wire::family::inet6, 25, "IPv6:2001:db8::1"});
        take(wire::helo{"helo.test"});
        take(wire::mail{"<Sender@Test>", {}});
        take(wire::rcpt{"<bob@example.org>", {}});
        take(wire::rcpt{"<al@example.org>", {}});
        take(wire::header{"Subject", "cheap offer"});
        take(wire::header{"X-B", "2"});
        take(wire::body{"first "});
        take(wire::body{"second"});
        std::string const pairs("{auth_authen}\0alice\0i\0Q1\0", 25);
        macros.set({'M', wire::zstr_list(pairs)});
    }

    bool is(std::string_view text, code stage = code::end_of_message) const {
        return holds(parse_condition(text), state, macros, stage);
    }

    /// The actions chosen at a stage, each as the code of its reply.
    std::string chosen(script const& from, code stage) const {
        std::string text;
        for (auto const* one : choose(from, state, macros, stage))
            text += static_cast<char>(std::get<send_reply>(*one).code());
        return text;
    }
};

std::string complaint(std::string_view toml) {
    try {
        parse_script(toml, "s.toml");
    } catch (script_error const& why) {
        return why.what();
    }
    return "none";
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(apps_filter_script, fixture)

BOOST_AUTO_TEST_CASE(conditions_compare_without_case_and_brackets) {
    BOOST_TEST(is("client=client.test"));
    BOOST_TEST(is("client=2001:db8::1"));
    BOOST_TEST(is("client~CLIENT"));
    BOOST_TEST(is("helo = helo.test"));
    BOOST_TEST(!is("helo=helo"));
    BOOST_TEST(is("sender=sender@test"));
    BOOST_TEST(is("mail=<sender@test>"));
    BOOST_TEST(is("sender~@test"));
    BOOST_TEST(is("body~first sec"));
    BOOST_TEST(is("macro:auth_authen=alice"));
    BOOST_TEST(is("macro:{i}"));
    BOOST_TEST(!is("macro:j"));
    BOOST_TEST(is("message=1"));
    BOOST_TEST(!is("message=2"));
    BOOST_TEST(is("session=1"));
}

BOOST_AUTO_TEST_CASE(any_recipient_counts_but_at_rcpt_only_the_last) {
    BOOST_TEST(is("rcpt=bob@example.org"));
    BOOST_TEST(is("rcpt=<al@example.org>"));
    BOOST_TEST(!is("rcpt=bob@example.org", code::rcpt));
    BOOST_TEST(is("rcpt=al@example.org", code::rcpt));
}

BOOST_AUTO_TEST_CASE(any_header_counts_but_at_a_header_only_that_one) {
    BOOST_TEST(is("header:subject~OFFER"));
    BOOST_TEST(is("header:X-B=2"));
    BOOST_TEST(is("header:X-B"));
    BOOST_TEST(!is("header:X-C"));
    BOOST_TEST(!is("header:Subject~offer", code::header));
    BOOST_TEST(is("header:X-B=2", code::header));
}

BOOST_AUTO_TEST_CASE(the_blank_of_a_raw_header_value_does_not_count) {
    take(wire::header{"Raw", " value"}, true);
    BOOST_TEST(is("header:Raw=value"));
}

BOOST_AUTO_TEST_CASE(conditions_can_be_turned_round) {
    BOOST_TEST(!is("helo!=helo.test"));
    BOOST_TEST(is("helo!=other.test"));
    BOOST_TEST(is("rcpt!~@other.test"));
    BOOST_TEST(is("!header:X-C"));
    BOOST_TEST(!is("!header:X-B"));
    BOOST_TEST(is("message!=2"));
}

BOOST_AUTO_TEST_CASE(a_value_may_hold_the_signs_and_escapes) {
    take(wire::header{"K", "a=b~c\nd"});
    BOOST_TEST(is("header:K=a=b~c\\nd"));
}

BOOST_AUTO_TEST_CASE(a_new_message_forgets_the_last_but_not_the_client) {
    take(wire::mail{"<>", {}});
    BOOST_TEST(!is("rcpt=bob@example.org"));
    BOOST_TEST(!is("header:Subject"));
    BOOST_TEST(!is("body~first"));
    BOOST_TEST(is("helo=helo.test"));
    BOOST_TEST(is("message=2"));
    BOOST_TEST(is("sender=<>"));
}

BOOST_AUTO_TEST_CASE(what_is_no_condition_is_told) {
    for (auto const* text : {"", "=x", "recpt=x", "header=x", "header:=x", "macro:", "message",
                             "message=0", "message=x", "message~1", "session=-1"})
        BOOST_CHECK_THROW(parse_condition(text), script_error);
}

BOOST_AUTO_TEST_CASE(rules_are_taken_in_order_up_to_the_first_final_one) {
    script plan;
    for (auto const* text : {"eom=add_header A: 1", "mail=reject", "eom=add_header B: 2",
                             "eom=accept", "eom=quarantine late"})
        plan.rules.push_back(parse_rule(text));
    BOOST_TEST(chosen(plan, code::end_of_message) == "hha");
    BOOST_TEST(chosen(plan, code::mail) == "r");
    BOOST_TEST(chosen(plan, code::data).empty());
}

BOOST_AUTO_TEST_CASE(a_rule_whose_conditions_do_not_all_hold_is_passed_over) {
    script plan;
    plan.rules.push_back(parse_rule("eom=reject"));
    plan.rules.back().when = {parse_condition("helo=helo.test"), parse_condition("sender=nobody")};
    plan.rules.push_back(parse_rule("eom=tempfail"));
    BOOST_TEST(chosen(plan, code::end_of_message) == "t");
    plan.rules.front().when.pop_back();
    BOOST_TEST(chosen(plan, code::end_of_message) == "r");
}

BOOST_AUTO_TEST_CASE(any_is_each_stage_that_is_answered_but_the_negotiation) {
    script plan;
    plan.rules.push_back(parse_rule("any=continue"));
    for (auto const& row : wire::command_rows) {
        bool const expected = row.answered && row.code != code::negotiate;
        BOOST_TEST(!chosen(plan, row.code).empty() == expected, row.name);
    }
}

BOOST_AUTO_TEST_CASE(the_actions_asked_for_are_those_the_rules_need_unless_said_otherwise) {
    script plan;
    plan.rules = {parse_rule("eom=add_header A: 1"), parse_rule("eom=quarantine x")};
    BOOST_TEST((to_wish(plan).actions == (wire::action::add_header | wire::action::quarantine)));
    plan.negotiation.actions = wire::action::none;
    BOOST_TEST((to_wish(plan).actions == wire::action::none));
}

BOOST_AUTO_TEST_CASE(macro_lists_belong_to_a_stage) {
    wishes all;
    add_macro_list(all, "connect=j {daemon_name}");
    add_macro_list(all, "eoh=");
    BOOST_TEST(all.lists[0].value() == "j {daemon_name}");
    BOOST_TEST(all.lists[6].value().empty());
    BOOST_TEST(!all.lists[1]);
    BOOST_CHECK_THROW(add_macro_list(all, "body=i"), script_error);
    BOOST_CHECK_THROW(add_macro_list(all, "any=i"), script_error);
    BOOST_CHECK_THROW(add_macro_list(all, "connect"), script_error);
}

// ---- TOML

BOOST_AUTO_TEST_CASE(a_script_file_says_all_that_flags_can) {
    auto const plan = parse_script(R"(
[negotiate]
version = 4
actions = ["add_header", "quarantine"]
steps = "skip, nr_header"
macros.connect = "j"
macros.eom = ""

[[rule]]
on = "rcpt"
when = ["rcpt=al@example.org", "message=1"]
do = ["delay 5ms", 'reply 550 5.1.1 a\nb']

[[rule]]
on = "any"
do = "accept"
)",
                                   "s.toml");
    BOOST_TEST(plan.negotiation.version.value() == 4U);
    BOOST_TEST((plan.negotiation.actions.value() ==
                (wire::action::add_header | wire::action::quarantine)));
    BOOST_TEST((plan.negotiation.steps == (wire::step::skip | wire::step::nr_header)));
    BOOST_TEST(plan.negotiation.lists[0].value() == "j");
    BOOST_TEST(plan.negotiation.lists[5].value().empty());
    BOOST_TEST(plan.rules.size() == 2U);
    BOOST_TEST(plan.rules[0].when.size() == 2U);
    BOOST_TEST(plan.rules[0].actions.size() == 2U);
    BOOST_TEST(chosen(plan, code::mail) == "a");
}

BOOST_AUTO_TEST_CASE(an_empty_script_continues) {
    auto const plan = parse_script("", "s.toml");
    BOOST_TEST(plan.rules.empty());
    BOOST_TEST(chosen(plan, code::end_of_message).empty());
}

BOOST_AUTO_TEST_CASE(problems_name_file_line_and_column) {
    struct row {
        char const* toml;
        char const* says;
    };
    row const rows[] = {
        {"[[rule]]\non = \"rcpt\"\ndo = \"rejct\"", "s.toml:3:6: unknown action \"rejct\""},
        {"[[rule]]\non = \"rcpt\"\ndo = [\"delay 1s\", \"reject x\"]",
         "s.toml:3:19: reject: nothing"},
        {"[[rule]]\non = \"rcpts\"\ndo = \"reject\"", "s.toml:2:6: unknown stage \"rcpts\""},
        {"[[rule]]\non = \"rcpt\"\nwhen = \"x=1\"\ndo = \"reject\"",
         "s.toml:3:8: unknown condition \"x\""},
        {"[[rule]]\non = \"rcpt\"", "s.toml:1:1: a rule needs \"do\""},
        {"[[rule]]\ndo = \"reject\"", "s.toml:1:1: a rule needs \"on\""},
        {"[[rule]]\non = 1\ndo = \"reject\"", "s.toml:2:6: \"on\" is a text in quotes"},
        {"[[rules]]\non = \"rcpt\"",
         "s.toml:1:3: unknown key \"rules\"; there are negotiate, rule, expect and faults"},
        {"[[rule]]\non = \"rcpt\"\nthen = \"reject\"", "s.toml:3:1: unknown key \"then\""},
        {"rule = 1", "s.toml:1:8: rules are written [[rule]]"},
        {"rule = [1]", "s.toml:1:9: \"rule\" is a table"},
        {"negotiate = 1", "s.toml:1:13: \"negotiate\" is a table"},
        {"[negotiate]\nversion = \"6\"", "s.toml:2:11: \"version\" is a number"},
        {"[negotiate]\nversion = 9", "s.toml:2:11: \"version\" is 2 to 6"},
        {"[negotiate]\nversion = -1", "s.toml:2:11: \"version\" is a number from 0"},
        {"[negotiate]\nsteps = \"skp\"", "s.toml:2:9: unknown protocol step \"skp\""},
        {"[negotiate]\nstep = \"skip\"", "s.toml:2:1: unknown key \"step\""},
        {"[negotiate]\nmacros.body = \"i\"", "s.toml:2:15: there are macro lists of"},
        {"[[rule]\n", "s.toml:1:8: "},
    };
    for (auto const& one : rows) {
        auto const said = complaint(one.toml);
        BOOST_TEST(said.substr(0, std::string_view(one.says).size()) == one.says);
    }
}

BOOST_AUTO_TEST_CASE(all_problems_are_told_in_the_order_of_the_file) {
    auto const said = complaint(R"([[rule]]
on = "rcpt"
do = ["rejct", "add_header X: y"]

[[rule]]
on = "rcpts"
do = ["add_header X: y", "dealy 1s"]

[negotiate]
version = "6"
)");
    std::size_t before = 0;
    for (auto const* part :
         {"s.toml:3:7: unknown action \"rejct\"",
          "\ns.toml:3:16: add_header is sent at end_of_message", "\ns.toml:6:6: unknown stage",
          "\ns.toml:7:26: unknown action \"dealy\"", "\ns.toml:10:11: \"version\" is a number"}) {
        auto const at = said.find(part, before);
        BOOST_TEST(at != said.npos, part << "\n" << said);
        before = at == said.npos ? before : at;
    }
    BOOST_TEST(std::count(said.begin(), said.end(), '\n') == 4);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_there_is_told) {
    support::temp_dir const dir;
    auto const file = dir / "none.toml";
    BOOST_CHECK_EXCEPTION(load_script(file), script_error, [&](script_error const& why) {
        return std::string(why.what()) == file + ": No such file or directory";
    });
    BOOST_CHECK_THROW(load_script(dir / "."), script_error);
}

BOOST_AUTO_TEST_SUITE_END()
