// SPDX-License-Identifier: BSL-1.0
// tests/manager/reply_text.cpp - what becomes of a milter's SMTP reply: passed, repaired, or a failure
//
// Source: protocol.md 3.6; statements 239-241.

#include <boost/test/unit_test.hpp>

#include <support/manager_rig.hpp>

using namespace support;

namespace {

enum class at { mail, end_of_message };

struct row {
    std::string says;
    std::string heard; ///< text; empty: the milter has failed
};

std::string answer_to(std::string const& says, at stage, bool postfix) {
    manager_rig rig(1);
    if (postfix)
        rig.mta.like_postfix();
    else
        rig.mta.like_sendmail();
    std::string bytes; // as it is, with NULs
    wire::append_frame(bytes, 'y', says);
    rig.filter(0).on(stage == at::mail ? "mail" : "end_of_message", raw(bytes));
    rig.begin();
    if (stage == at::mail) return rig.send(wire::mail{"<a@client.test>", {}});
    return rig.message();
}

std::string const nul(1, '\0');
constexpr char const* failed = "451 4.7.1 Service unavailable - try again later";

row const rows[] = {
    // valid: byte for byte
    {"550 5.7.1 no" + nul, "550 5.7.1 no"},
    {"451 later" + nul, "451 later"},
    {"550 " + nul, "550 "},
    {"554-5.7.1 one\r\n554-5.7.1 two\r\n554 5.7.1 three" + nul,
     "554-5.7.1 one\r\n554-5.7.1 two\r\n554 5.7.1 three"},
    {"550 5.7.1 100%% sure" + nul, "550 5.7.1 100%% sure"},
    {"421 4.7.0 go away" + nul, "421 4.7.0 go away"},
    {"550 5.7.1 gr\xc3\xbc\xc3\x9f" + nul, "550 5.7.1 gr\xc3\xbc\xc3\x9f"},
    // repaired: same class
    {"550 5.7.1 no NUL", "550 5.7.1 no NUL"},
    {"550-5.7.1 one\n550 5.7.1 two" + nul, "550-5.7.1 one\r\n550 5.7.1 two"},
    {"550-5.7.1 one\r\n550-5.7.1 two" + nul, "550-5.7.1 one\r\n550 5.7.1 two"},
    {"550 5.7.1 end\r\n" + nul, "550 5.7.1 end"},
    {"550 2.3.25 another class" + nul, "550 5.0.0 2.3.25 another class"},
    {"451 550 is what it says" + nul, "451 4.0.0 550 is what it says"},
    {"550" + nul, "550 "},
    {"550-only" + nul, "550 only"},
    // no class to go by
    {"250 2.0.0 fine" + nul, ""},
    {"no" + nul, ""},
    {nul, ""},
    {"", ""},
    {"5x0 odd" + nul, ""},
    {"550 in" + nul + "side" + nul, ""},
};

} // namespace

BOOST_AUTO_TEST_SUITE(reply_text)

BOOST_AUTO_TEST_CASE(is_passed_byte_for_byte_or_repaired_or_a_failure_112_114_239_240) {
    for (auto const& row : rows)
        for (bool const postfix : {false, true})
            for (auto const stage : {at::mail, at::end_of_message})
                BOOST_TEST_CONTEXT(wire::quoted(row.says)) {
                    auto const expected = row.heard.empty() ? failed : row.heard;
                    BOOST_TEST(answer_to(row.says, stage, postfix) ==
                               "reply " + wire::quoted(expected));
                }
}

BOOST_AUTO_TEST_CASE(lone_percent_sign_is_doubled_for_sendmail_which_would_drop_the_text_109_111) {
    auto const says = "550 5.7.1 50% and %s" + nul;
    BOOST_TEST(answer_to(says, at::mail, true) == "reply \"550 5.7.1 50% and %s\"");
    BOOST_TEST(answer_to(says, at::mail, false) == "reply \"550 5.7.1 50%% and %%s\"");
}

BOOST_AUTO_TEST_CASE(of_too_many_lines_is_cut_240) {
    std::string says;
    for (int i = 0; i < 40; ++i) says += "550-5.7.1 line " + std::to_string(i) + "\r\n";
    says += "550 5.7.1 last" + nul;
    auto const heard = answer_to(says, at::mail, true);
    BOOST_TEST(heard.substr(0, 30) == "reply \"550-5.7.1 line 0\\r\\n550");
}

BOOST_AUTO_TEST_CASE(connection_failed_is_a_failure) {
    manager_rig rig(1);
    rig.filter(0).on("mail", say(wire::connection_failed{}));
    rig.begin();
    BOOST_TEST(rig.send(wire::mail{"<a@client.test>", {}}) == "reply " + wire::quoted(failed));
    BOOST_TEST(rig.logged("a: connection_failed to mail"));
}

BOOST_AUTO_TEST_SUITE_END()
