// SPDX-License-Identifier: BSL-1.0
// tests/apps/manager_rules_facts.cpp - `rules facts`
#include "manager/rules/facts_verb.hpp"
#include "manager_rules_fixture.hpp"

using namespace manager_rules_test;

namespace {

manager::rules_answer facts(std::string name, bool json = false) {
    manager::rules_request request;
    request.name = std::move(name);
    request.json = json;
    return manager::show_facts(request);
}

} // namespace

BOOST_AUTO_TEST_SUITE(apps_manager_rules_facts)

BOOST_AUTO_TEST_CASE(one_fact_is_shown_in_full) {
    for (auto const* name : {"has_header", "has_header()"})
        BOOST_TEST(facts(name).out == "has_header()\n"
                                      "  type    bool\n"
                                      "  known   from headers\n"
                                      "  takes   name of a header field\n"
                                      "  meaning there is such a field\n"
                                      "  example has_header(\"List-Id\")\n");
}

BOOST_AUTO_TEST_CASE(first_part_of_names_shows_a_group) {
    BOOST_TEST(facts("recipients").out == "recipients.count\n"
                                          "  type    integer\n"
                                          "  known   from data\n"
                                          "  meaning how many there are\n"
                                          "  example recipients.count > 50\n");
    auto const group = facts("body").out + facts("auth").out;
    BOOST_TEST(contains(group, "\nauth.type     string   mail  how; "), group);
    BOOST_TEST(!contains(group, "sender"), group);
}

BOOST_AUTO_TEST_CASE(function_is_found_by_its_name) {
    BOOST_TEST(facts("length").out == "length\n"
                                      "  form    length(string, domain or address) -> integer\n"
                                      "  meaning bytes of a text\n"
                                      "  example length(helo) > 64\n");
}

BOOST_AUTO_TEST_CASE(all_are_listed) {
    auto const all = facts("").out;
    BOOST_TEST(contains(all, "milter().verdict"), all);
    BOOST_TEST(contains(all, "s25r(domain) -> bool"), all);
}

BOOST_AUTO_TEST_CASE(unknown_name_is_a_matter_of_usage) {
    auto const wrong = facts("client.adress");
    BOOST_TEST(wrong.status == 64);
    BOOST_TEST(wrong.err == "milter-manager: no fact or function \"client.adress\"; did you mean "
                            "client.address?\n");
}

BOOST_AUTO_TEST_CASE(json_has_what_forms_need) {
    BOOST_TEST(facts("client.family", true).out ==
               R"({"facts":[{"name":"client.family","type":"string","known":"connect",)"
               R"("values":["inet","inet6","unix","unknown"],"meaning":"how it came",)"
               R"("example":"client.family == \"inet6\""}],"functions":[]})"
               "\n");
}

BOOST_AUTO_TEST_SUITE_END()
