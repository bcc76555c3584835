// SPDX-License-Identifier: BSL-1.0
// tests/manager/no_reply.cpp - who answers and who need not: each milter and the MTA as it agreed for itself
//
// Source: protocol.md 9.2, 9.7; statements 220, 223, 224, 272.

#include <boost/test/unit_test.hpp>

#include <support/manager_rig.hpp>

using namespace support;

namespace {

using list = std::vector<std::string>;

list const commands = {"connect", "helo", "mail", "rcpt", "data", "end_of_message"};
list const content_stages = {"header", "end_of_headers", "body"};

/// One message, from the offer on. @return the answers to `commands`
list whole_session(manager_rig& rig) {
    rig.negotiate();
    list heard{rig.send(wire::connect{"client.test", wire::family::inet, 1025, "192.0.2.1"}),
               rig.send(wire::helo{"client.test"}), rig.send(wire::mail{"<a@client.test>", {}}),
               rig.send(wire::rcpt{"<b@mx.test>", {}}), rig.send(wire::data{})};
    rig.content();
    heard.push_back(rig.end());
    return heard;
}

/// The first answer to `commands` that is none but CONTINUE, and to which.
std::string first_refusal(list const& heard) {
    for (std::size_t i = 0; i < heard.size(); ++i)
        if (heard[i] != "continue") return commands[i] + ": " + heard[i];
    return "none";
}

} // namespace

BOOST_AUTO_TEST_SUITE(no_reply)

BOOST_AUTO_TEST_CASE(what_one_milter_need_not_answer_another_is_awaited_for_and_decides_223) {
    for (std::size_t const silent : {0U, 1U})
        for (auto const& stage : {"connect", "helo", "mail", "rcpt", "data", "header",
                                  "end_of_headers", "body", "end_of_message"})
            BOOST_TEST_CONTEXT(stage << ", milter " << silent << " answers nothing") {
                manager_rig rig(2);
                rig.filter(silent).wants.steps = wire::step::all_nr;
                rig.filter(1 - silent).on(stage, say(wire::reject{}).after(2s), once);
                auto const before = rig.now();
                auto const heard = whole_session(rig);
                auto const found = std::find(commands.begin(), commands.end(), stage);
                auto const& at = found == commands.end() ? commands.back() : *found;
                BOOST_TEST(first_refusal(heard) == at + ": reject");
                BOOST_TEST((rig.now() - before == 2s));
                BOOST_TEST(rig.log().empty());
            }
}

BOOST_AUTO_TEST_CASE(milter_that_answers_content_is_awaited_though_the_mta_goes_on_224) {
    std::string const to_data = "connect helo mail rcpt data";
    std::string const to_headers = to_data + " header header header";
    std::string const seen[] = {to_data + " header", to_headers + " end_of_headers",
                                to_headers + " end_of_headers body"};
    for (bool const refuses : {false, true})
        for (std::size_t i = 0; i < std::size(seen); ++i)
            BOOST_TEST_CONTEXT(content_stages[i] << ' ' << refuses) {
                manager_rig rig(2);
                auto const word = refuses ? say(wire::reject{}) : say(wire::proceed{});
                rig.filter(0).on(content_stages[i], reaction(word).after(2s), once);
                rig.begin();
                rig.envelope();
                rig.content(manager_rig::usual_headers(), std::string(200'000, 'x'));
                rig.pass(1s);
                BOOST_TEST(rig.mta.heard() == "");
                BOOST_TEST(rig.filter(0).story() == seen[i]); // no more until it has answered
                auto const before = rig.now();
                BOOST_TEST(rig.end() == (refuses ? "reject" : "continue"));
                BOOST_TEST((rig.now() - before == 1s));
                if (refuses) BOOST_TEST(rig.filter(1).story() == to_data + " abort");
            }
}

BOOST_AUTO_TEST_CASE(content_that_the_mta_wants_answered_is_answered_at_once_220_272) {
    using wire::step;
    constexpr auto content = step::nr_header | step::nr_end_of_headers | step::nr_body;
    for (unsigned offered = 0; offered < 8; ++offered) {
        auto nr = step::none;
        if ((offered & 1U) != 0) nr |= step::nr_header;
        if ((offered & 2U) != 0) nr |= step::nr_end_of_headers;
        if ((offered & 4U) != 0) nr |= step::nr_body;
        for (auto const& stage : content_stages) BOOST_TEST_CONTEXT(offered << ' ' << stage) {
                manager_rig rig(2);
                rig.mta.offer.steps = (step::all & ~content) | nr;
                rig.filter(0).on(stage, say_text("550 5.7.1 no").after(2s), once);
                rig.begin();
                BOOST_TEST((rig.mta.agreed().steps & step::all_nr) == nr);
                rig.envelope();
                auto const before = rig.now();
                auto const answer = [&](step one) { return wire::any(nr, one) ? "" : "continue"; };
                BOOST_TEST(rig.send(wire::header{"Subject", " one"}) == answer(step::nr_header));
                BOOST_TEST(rig.send(wire::header{"Subject", " two"}) == answer(step::nr_header));
                BOOST_TEST(rig.send(wire::end_of_headers{}) == answer(step::nr_end_of_headers));
                BOOST_TEST(rig.send(wire::body{"hello\r\n"}) == answer(step::nr_body));
                BOOST_TEST((rig.now() == before));
                BOOST_TEST(rig.end() == "reply \"550 5.7.1 no\"");
                BOOST_TEST((rig.now() - before == 2s));
            }
    }
}

BOOST_AUTO_TEST_SUITE_END()
