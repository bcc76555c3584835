// SPDX-License-Identifier: BSL-1.0
// tests/manager/random.cpp - what holds in every conversation, tried with many random ones
//
// The rig itself checks that neither end is sent what it may not be sent, and that the MTA is never left waiting.

#include "random_conversation.hpp"
#include <milter/ascii.hpp>

#include <boost/test/unit_test.hpp>

using namespace random_conversation;

namespace {

constexpr unsigned conversations = 400;

std::string rig_name(std::size_t k) { return "milter " + std::to_string(k) + ": "; }

/// All that can be seen from outside, in lines.
std::vector<std::string> transcript(conversation& talk) {
    auto all = talk.heard;
    for (std::size_t k = 0; k < talk.endings.size(); ++k)
        for (auto const& line : talk.rig.filter(k).lines()) all.push_back(rig_name(k) + line);
    for (auto const& one : talk.rig.decisions())
        all.push_back("decision: " + one.verdict + " by " + one.decided_by + " at " + one.stage);
    for (auto const& line :
         talk.rig.log()) // how much of a broken packet was there is told, and depends on the cut
        if (line.find("packet of") == line.npos) all.push_back("log: " + line);
    return all;
}

/// What an evaluated milter may not change: all but what is said of it, and that a milter which is connected to anew is
/// offered refused recipients, as they come.
std::vector<std::string> seen_by_others(conversation& talk) {
    auto all = transcript(talk);
    constexpr std::string_view offered = "rejected_rcpt|";
    for (auto& line : all)
        if (auto const at = line.find(offered);
            at != line.npos && line.find(": negotiate ") != line.npos)
            line.erase(at, offered.size());
    std::erase_if(all, [](auto const& line) { return line.find("(evaluated)") != line.npos; });
    return all;
}

/// A message under the rules of Postfix, written down as simply as can be; entry 0 is the MTA's own Received.
struct message_model {
    manager_rig::header_list headers{{"", ""}};
    std::string body;

    explicit message_model(sent_message const& sent) : body(sent.body) {
        headers.insert(headers.end(), sent.headers.begin(), sent.headers.end());
    }

    std::vector<std::string> shown(bool leading_space) const {
        std::vector<std::string> all;
        for (auto const& [name, value] : headers)
            if (!name.empty())
                all.push_back(name + ":" +
                              (!leading_space && value.starts_with(' ') ? value.substr(1) : value));
        return all;
    }

    /// @param blank  what the MTA puts before a value
    void apply(wire::any_reply const& edit, std::string const& blank) {
        auto const position = [&](std::size_t at) {
            return headers.begin() + static_cast<std::ptrdiff_t>(std::min(at, headers.size()));
        };
        if (auto const* add = std::get_if<wire::add_header>(&edit))
            headers.emplace_back(add->name, blank + std::string(add->value));
        if (auto const* in = std::get_if<wire::insert_header>(&edit))
            headers.insert(position(in->index),
                           {std::string(in->name), blank + std::string(in->value)});
        if (auto const* change = std::get_if<wire::change_header>(&edit))
            apply_change(*change, blank);
    }

    void apply_change(wire::change_header const& change, std::string const& blank) {
        auto left = std::max<std::uint32_t>(change.index, 1);
        for (auto at = headers.begin(); at != headers.end(); ++at) {
            if (!milter::equal_ignoring_case(at->first, change.name) || --left != 0) continue;
            if (change.value.empty())
                headers.erase(at);
            else
                *at = {std::string(change.name), blank + std::string(change.value)};
            return;
        }
        if (!change.value.empty())
            headers.emplace_back(change.name, blank + std::string(change.value));
    }
};

void apply(message_model& model, ending const& end, bool leading_space) {
    bool replaced = false;
    for (auto const& edit : end.edits) {
        model.apply(edit, leading_space ? "" : " ");
        if (auto const* piece = std::get_if<wire::replace_body>(&edit)) {
            if (!std::exchange(replaced, true)) model.body.clear();
            model.body += piece->bytes;
        }
    }
}

bool accepts(ending const& end) {
    auto const code = wire::code_of(end.verdict);
    return !end.fails && (code == wire::reply_code::proceed || code == wire::reply_code::accept);
}

/// Which of the messages it judged this was, if it did.
std::optional<std::size_t> judged_as(scripted_filter const& filter, sent_message const& sent) {
    for (std::size_t i = 0; i < filter.judged().size(); ++i)
        if (filter.judged()[i].sender == "<" + sent.id + "@client.test>") return i;
    return std::nullopt;
}

constexpr auto per_element = boost::test_tools::per_element();

/// Each milter was shown the message as those before it had made it, and the MTA's edits lead to the same in the end.
void check_message(conversation& talk, sent_message const& sent) {
    message_model model(sent);
    std::size_t quarantines = 0;
    for (std::size_t k = 0; k < talk.endings.size(); ++k) {
        auto& filter = talk.rig.filter(k);
        bool const leading_space = wire::any(filter.wants.steps, wire::step::leading_space);
        auto const index = judged_as(filter, sent);
        if (!index) continue;
        auto const& seen = filter.judged()[*index];
        if (!wire::any(filter.wants.steps, wire::step::no_header) && !seen.skips_headers)
            BOOST_TEST(seen.headers == model.shown(leading_space), per_element);
        if (!wire::any(filter.wants.steps, wire::step::no_body) && !seen.skips_body)
            BOOST_TEST(seen.body == model.body);
        auto const& end = talk.endings[k][*index];
        for (auto const& edit : end.edits)
            quarantines += std::holds_alternative<wire::quarantine>(edit) ? 1U : 0U;
        if (accepts(end)) apply(model, end, leading_space);
    }
    if (!sent.accepted()) return;
    message_model upstream(sent);
    std::size_t quarantined = 0;
    for (auto const& packet : sent.edits) {
        milter::error_code ec;
        auto const frame = wire::first_frame(packet, packet.size(), ec);
        auto const edit = wire::decode_reply(*frame, ec);
        upstream.apply(*edit, "");
        quarantined += std::holds_alternative<wire::quarantine>(*edit) ? 1U : 0U;
        if (std::holds_alternative<wire::replace_body>(*edit)) upstream.body = sent.new_body;
    }
    BOOST_TEST(upstream.shown(true) == model.shown(true), per_element);
    BOOST_TEST(upstream.body == model.body);
    BOOST_TEST(quarantined <= 1U);
    if (quarantines > 0) BOOST_TEST(quarantined == 1U);
}

/// No message is accepted past a milter that neither accepted it nor may be done without.
void check_nothing_fails_open(conversation& talk, sent_message const& sent) {
    if (!sent.accepted()) return;
    for (std::size_t k = 0; k < talk.endings.size(); ++k) {
        auto const policy = talk.rig.config.milters[k].on_error;
        auto& filter = talk.rig.filter(k);
        if (policy == manager::on_error::accept || policy == manager::on_error::quarantine)
            continue;
        auto const index = judged_as(filter, sent);
        auto const& early = filter.accepted();
        auto const said = [&](std::string const& sender) {
            return std::find(early.begin(), early.end(), sender) != early.end();
        };
        bool const accepted = (index && accepts(talk.endings[k][*index])) ||
                              said("<" + sent.id + "@client.test>") || said("");
        BOOST_TEST(accepted, "message " << sent.id << " passed milter " << k);
    }
}

/// What the MTA was answered; that it is still being worked on depends on how long that takes.
std::vector<std::string> answers(conversation const& talk) {
    auto all = talk.heard;
    constexpr std::string_view working = "progress; ";
    for (auto& line : all)
        for (auto at = line.find(working); at != line.npos; at = line.find(working))
            line.erase(at, working.size());
    return all;
}

/// What a milter was sent; of the last message only when nobody before it had refused that.
std::vector<std::string> seen_by(conversation& talk, std::size_t k) {
    auto lines = talk.rig.filter(k).lines();
    auto const& last = talk.messages.back();
    bool const decided = !talk.rig.decisions().empty();
    auto const decider = decided ? talk.rig.decisions().back().decided_by : std::string();
    if (last.accepted() ||
        (!last.heard.empty() && talk.rig.config.milters[k].name <= decider && decider.size() == 1))
        return lines;
    auto const begin = "mail \"<" + last.id + "@";
    auto const cut = std::find_if(lines.begin(), lines.end(),
                                  [&](auto const& line) { return line.starts_with(begin); });
    lines.erase(cut, lines.end());
    return lines;
}

} // namespace

BOOST_AUTO_TEST_SUITE(random_conversations)

BOOST_AUTO_TEST_CASE(each_milter_sees_the_message_as_edited_before_and_nothing_fails_open_245) {
    std::size_t accepted = 0, edited = 0;
    for (unsigned seed = 0; seed < conversations; ++seed) BOOST_TEST_CONTEXT("seed " << seed) {
            conversation talk(seed, manager_rig::cut::whole, false);
            talk.run();
            if (!talk.all_hear_mail) continue;
            for (auto const& sent : talk.messages) {
                if (talk.simple_rules) check_message(talk, sent);
                check_nothing_fails_open(talk, sent);
                accepted += sent.accepted() ? 1U : 0U;
                edited += sent.accepted() && !sent.edits.empty() ? 1U : 0U;
            }
        }
    BOOST_TEST(accepted > conversations); // they are worth something
    BOOST_TEST(edited > conversations / 4);
}

BOOST_AUTO_TEST_CASE(byte_by_byte_they_are_the_same) {
    for (unsigned seed = 0; seed < conversations / 4; ++seed) BOOST_TEST_CONTEXT("seed " << seed) {
            conversation whole(seed, manager_rig::cut::whole, false);
            conversation bytes(seed, manager_rig::cut::bytes, false);
            whole.some_are_large = bytes.some_are_large = false; // it would take minutes
            whole.run();
            bytes.run();
            BOOST_TEST(transcript(bytes) == transcript(whole), per_element);
        }
}

BOOST_AUTO_TEST_CASE(whatever_happens_first_the_mta_is_answered_the_same) {
    for (unsigned seed = 0; seed < conversations / 4; ++seed)
        for (bool const one_by_one : {false, true}) BOOST_TEST_CONTEXT("seed " << seed) {
                conversation in_order(seed, manager_rig::cut::whole, false);
                conversation shuffled(seed, manager_rig::cut::whole, true);
                for (auto* talk : {&in_order, &shuffled}) {
                    talk->rig.config.serial = one_by_one;
                    // in a wave it depends on the moment whether a milter gets to judge a message that is refused
                    talk->until_refusal = !one_by_one;
                    talk->run();
                }
                BOOST_TEST(shuffled.heard == in_order.heard, per_element);
            }
}

BOOST_AUTO_TEST_CASE(asked_together_and_one_after_another_the_mta_is_answered_the_same_270) {
    std::size_t accepted = 0, refused = 0;
    for (unsigned seed = 0; seed < 2 * conversations; ++seed) BOOST_TEST_CONTEXT("seed " << seed) {
            conversation together(seed, manager_rig::cut::whole, false);
            conversation in_turn(seed, manager_rig::cut::whole, false);
            for (auto& one : together.rig.config.milters) one.concurrent = true;
            for (auto* talk : {&together, &in_turn}) {
                talk->rig.config.command_budget = 1h; // one after another takes longer
                talk->until_refusal = true;
                talk->run();
            }
            BOOST_TEST(answers(together) == answers(in_turn), per_element);
            for (auto const& one : in_turn.messages) ++(one.accepted() ? accepted : refused);
        }
    BOOST_TEST(accepted > conversations);
    BOOST_TEST(refused > conversations / 4);
}

BOOST_AUTO_TEST_CASE(in_waves_and_one_after_another_both_ends_see_the_same_270) {
    std::size_t accepted = 0, refused_at_end = 0;
    for (unsigned seed = 0; seed < 2 * conversations; ++seed) BOOST_TEST_CONTEXT("seed " << seed) {
            conversation waves(seed, manager_rig::cut::whole, false);
            conversation serial(seed, manager_rig::cut::whole, false);
            serial.rig.config.serial = true;
            waves.until_refusal = serial.until_refusal = true;
            waves.run();
            serial.run();
            BOOST_TEST(answers(waves) == answers(serial), per_element);
            if (serial.messages.empty() || !serial.all_hear_mail) continue;
            for (std::size_t k = 0; k < serial.endings.size(); ++k)
                BOOST_TEST_CONTEXT("milter " << k)
            BOOST_TEST(seen_by(waves, k) == seen_by(serial, k), per_element);
            auto const edits = [](conversation const& talk) { return talk.messages.back().edits; };
            BOOST_TEST(edits(waves) == edits(serial), per_element);
            for (auto const& one : serial.messages) accepted += one.accepted() ? 1U : 0U;
            auto const& last = serial.messages.back();
            refused_at_end += !last.heard.empty() && !last.accepted() ? 1U : 0U;
        }
    BOOST_TEST(accepted > conversations);
    BOOST_TEST(refused_at_end > conversations / 4);
}

BOOST_AUTO_TEST_CASE(evaluated_milter_changes_nothing_for_anybody) {
    using audience = conversation::audience;
    std::size_t evaluated = 0, agreed = 0, differed = 0;
    for (unsigned seed = 0; seed < conversations; ++seed) BOOST_TEST_CONTEXT("seed " << seed) {
            conversation alone(seed, manager_rig::cut::whole, false);
            conversation watched(seed, manager_rig::cut::whole, false,
                                 audience::with_an_evaluated_milter);
            // for the evaluated one the MTA is asked for every command
            for (auto* talk : {&alone, &watched}) talk->rig.mta.offer.steps &= ~wire::step::all_no;
            alone.run();
            watched.run();
            watched.rig.pass(20min);
            BOOST_TEST(watched.rig.session().over());
            BOOST_TEST(seen_by_others(watched) == seen_by_others(alone), per_element);
            for (auto const& one : watched.rig.evaluations()) {
                ++evaluated;
                agreed += one.agrees == true;
                differed += one.agrees == false;
            }
        }
    BOOST_TEST(evaluated > conversations); // the comparison is worth something
    BOOST_TEST(agreed > conversations / 4);
    BOOST_TEST(differed > conversations / 4);
}

BOOST_AUTO_TEST_SUITE_END()
