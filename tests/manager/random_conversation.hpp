// SPDX-License-Identifier: BSL-1.0
// tests/manager/random_conversation.hpp - conversations made from a seed: what milters do, what the MTA does
//
// The same seed makes the same conversation however its bytes are delivered. Milters follow the protocol unless they
// fail on purpose; the MTA follows it as Postfix does.
#pragma once

#include <support/manager_rig.hpp>

#include <string>
#include <utility>
#include <vector>

namespace random_conversation {

using namespace support;

/// What a milter does at the end of one message.
struct ending {
    std::vector<wire::any_reply> edits; ///< views of literals
    wire::any_reply verdict;
    bool fails = false; ///< closes the connection after its edits
};

/// A message of the MTA and what it heard in the end.
struct sent_message {
    std::string id;
    manager_rig::header_list headers; ///< raw values
    std::string body;
    std::string heard;              ///< at its end; empty: it did not come so far
    std::vector<std::string> edits; ///< packets
    std::string new_body;
    bool accepted() const { return heard.ends_with("continue") || heard.ends_with("accept"); }
};

/// Between the seed of a conversation and that of what a milter does that is only evaluated.
inline constexpr unsigned conversations_apart = 1'000'000;

/// Actions of a milter that leaves headers and body alone.
inline constexpr auto judging = wire::action::add_rcpt | wire::action::quarantine;

class conversation {
public:
    enum class audience { enforced_only, with_an_evaluated_milter };

    explicit conversation(unsigned seed, manager_rig::cut cut, bool shuffled,
                          audience who = audience::enforced_only)
        : random(seed), rig(1 + random() % 3 + (who == audience::enforced_only ? 0 : 1)) {
        if (who == audience::with_an_evaluated_milter) evaluate_the_last(seed);
        rig.deliver = cut;
        if (shuffled) rig.shuffle(seed);
        choose_mta(seed);
        if (seed % 3 == 0) rig.config.spool.memory_bytes = 100'000;
        endings.resize(rig.config.milters.size() - (who == audience::enforced_only ? 0 : 1));
        for (std::size_t k = 0; k < endings.size(); ++k) write_script(k);
    }

    void run();

    bool some_are_large = true; ///< bodies; changes count until run()
    std::mt19937 random;        // before the rig, whose size it decides
    manager_rig rig;
    std::vector<std::vector<ending>>
        endings; ///< by milter, in the order of the messages it comes to judge
    std::vector<sent_message> messages;
    std::vector<std::string> heard; ///< all that the MTA was answered
    bool all_hear_mail = true;      ///< else it cannot be told which message a milter judged
    bool until_refusal = false;     ///< it ends with the first message that is not accepted
    bool simple_rules = true; ///< Postfix with all it can do: what comes of edits is easily said

private:
    bool chance(unsigned percent) { return random() % 100 < percent; }
    template <class T, std::size_t N> T const& one_of(T const (&choices)[N]) {
        return choices[random() % N];
    }

    void choose_mta(unsigned seed);
    void write_script(std::size_t k);
    void evaluate_the_last(unsigned seed);
    void choose_wishes(scripted_filter& filter);
    void choose_reactions(scripted_filter& filter);
    void choose_ending(std::size_t k);
    reaction verdict();
    reaction failure();
    wire::any_reply edit(bool judges);

    template <class Command> std::string tell(Command const& command) {
        auto answer = rig.send(command);
        heard.push_back(std::string(wire::name_of(Command::code)) + ": " + answer);
        return answer;
    }
    bool message();
    bool break_off();
};

inline void conversation::choose_mta(unsigned seed) {
    simple_rules = seed % 4 < 2;
    if (seed % 4 == 2)
        rig.mta.like_sendmail();
    else
        rig.mta.like_postfix();
    if (seed % 4 == 3)
        rig.mta.offer = {2, static_cast<wire::action>(0x1f), static_cast<wire::step>(0x7f)};
}

inline void conversation::write_script(std::size_t k) {
    constexpr manager::on_error policies[] = {manager::on_error::tempfail,
                                              manager::on_error::accept, manager::on_error::reject,
                                              manager::on_error::quarantine};
    rig.config.milters[k].on_error = one_of(policies);
    rig.config.milters[k].timeouts = {1s, 1s, 4s, 4s, 4s};
    auto& filter = rig.filter(k);
    for (int i = 0; i < 8; ++i)
        filter.arrivals.push_back(chance(5) ? scripted_filter::arrival::refused
                                            : scripted_filter::arrival::accepted);
    choose_wishes(filter);
    for (int i = 0; i < 8; ++i) choose_ending(k);
    choose_reactions(filter);
}

/// Draws nothing from the numbers that all else is made from.
inline void conversation::evaluate_the_last(unsigned seed) {
    auto const kept = random;
    random.seed(seed + conversations_apart);
    auto const last = rig.config.milters.size() - 1;
    rig.config.milters[last].mode = manager::milter_mode::evaluate;
    endings.resize(last + 1);
    write_script(last);
    all_hear_mail = true;
    random = kept;
}

inline void conversation::choose_wishes(scripted_filter& filter) {
    constexpr wire::step choices[] = {
        wire::step::no_connect, wire::step::no_helo,    wire::step::no_rcpt,
        wire::step::no_body,    wire::step::no_header,  wire::step::no_end_of_headers,
        wire::step::no_unknown, wire::step::no_data,    wire::step::nr_connect,
        wire::step::nr_helo,    wire::step::nr_mail,    wire::step::nr_rcpt,
        wire::step::nr_data,    wire::step::nr_unknown, wire::step::nr_end_of_headers,
        wire::step::nr_body,    wire::step::nr_header};
    auto& steps = filter.wants.steps;
    steps = wire::step::skip;
    for (auto const step : choices)
        if (chance(12)) steps |= step;
    if (chance(50)) steps |= wire::step::leading_space;
    if (chance(5)) {
        steps |= wire::step::no_mail;
        all_hear_mail = false;
    }
    if (chance(50)) filter.wants.actions = judging;
    if (chance(20)) filter.wants.lists[2] = "i {mail_addr} {x}";
}

inline reaction conversation::verdict() {
    switch (random() % 7) {
    case 0: return say(wire::reject{});
    case 1: return say(wire::tempfail{});
    case 2: return say(wire::discard{});
    case 3: return say_text("550 5.7.1 no");
    case 4: return say(wire::accept{});
    case 5: return say(wire::skip{});
    default: return say_text("451 bad\ntext 4");
    }
}

/// None that depends on what is read along with it, as a second reply does.
inline reaction conversation::failure() {
    switch (random() % 3) {
    case 0: return then_close();
    case 1: return silence();
    default: return raw("HTTP/1.1 400\r\n");
    }
}

/// Here and there another verdict than CONTINUE, a pause, or a failure.
inline void conversation::choose_reactions(scripted_filter& filter) {
    using code = wire::command_code;
    for (auto const one : {code::connect, code::helo, code::mail, code::rcpt, code::data,
                           code::header, code::end_of_headers, code::body, code::unknown}) {
        if (!filter.wants.answers(one)) continue;
        std::string const name(wire::name_of(one));
        bool const client = one == code::connect || one == code::helo;
        for (int i = 0; i < 6; ++i) {
            auto const pause = std::chrono::milliseconds(chance(10) ? random() % 2000 : 0);
            filter.on(name, say(wire::proceed{}).after(pause), once);
            if (chance(client ? 2 : 5)) filter.on(name, verdict().after(pause), once);
            if (chance(client ? 2 : 3)) filter.on(name, failure(), once);
        }
    }
}

inline wire::any_reply conversation::edit(bool judges) {
    constexpr char const* names[] = {"X-Id", "X-Dup", "x-dup", "Subject", "X-New"};
    constexpr char const* values[] = {"one", "two", " blanks", "three"};
    auto const index = static_cast<std::uint32_t>(random() % 5);
    switch (judges ? 6 + random() % 2 : random() % 8) {
    case 0:
    case 1: return wire::add_header{one_of(names), one_of(values)};
    case 2: return wire::insert_header{index, one_of(names), one_of(values)};
    case 3: return wire::change_header{index, one_of(names), one_of(values)};
    case 4: return wire::change_header{index, one_of(names), ""};
    case 5: return wire::replace_body{chance(50) ? "new body\r\n" : "more\r\n"};
    case 6: return wire::add_rcpt{"<c@mx.test>"};
    default: return wire::quarantine{"odd"};
    }
}

inline void conversation::choose_ending(std::size_t k) {
    ending end;
    for (auto count = random() % 5; count > 0; --count)
        end.edits.push_back(edit(rig.filter(k).wants.actions == judging));
    end.verdict = wire::proceed{};
    if (chance(20)) end.verdict = wire::accept{};
    if (chance(8)) end.verdict = wire::reject{};
    if (chance(4)) end.verdict = wire::discard{};
    end.fails = chance(8);
    std::string packets;
    for (auto const& one : end.edits) wire::encode(packets, one);
    if (!end.fails) wire::encode(packets, end.verdict);
    auto const pause = std::chrono::milliseconds(chance(10) ? random() % 3000 : 0);
    rig.filter(k).on("end_of_message", end.fails ? then_close(packets) : raw(packets).after(pause),
                     once);
    endings[k].push_back(std::move(end));
}

inline void conversation::run() {
    rig.negotiate();
    tell(wire::connect{"client.test", wire::family::inet, 1025, "192.0.2.1"});
    if (chance(90)) tell(wire::helo{"client.test"});
    for (int i = 0; i < 6 && !rig.hung_up(); ++i) {
        if (chance(10)) tell(wire::helo{"again.test"});
        if (chance(10) && rig.mta.agreed().version > 2) tell(wire::unknown{"FOO"});
        bool const ended = message();
        if (until_refusal && (!ended || !messages.back().accepted())) break;
        if (!ended || chance(50)) tell(wire::abort{});
        if (heard.back().find("\"421") != std::string::npos) break;
    }
    if (chance(80))
        tell(wire::quit{});
    else
        rig.mta_closes();
}

/// Perhaps ends the message here, in one of the ways there are.
inline bool conversation::break_off() {
    if (!chance(4)) return false;
    if (chance(30)) tell(wire::helo{"again.test"});
    return true;
}

/// @return false when the transaction is to be broken off
/// No two pieces alike.
inline std::string numbered_lines(std::size_t size) {
    std::string text;
    while (text.size() < size) text += "line " + std::to_string(text.size()) + "\r\n";
    return text;
}

inline bool conversation::message() {
    auto& one = messages.emplace_back();
    one.id = std::to_string(messages.size());
    auto const sender = "<" + one.id + "@client.test>";
    if (tell(wire::mail{sender, {}}) != "continue") return false;
    std::size_t accepted = 0;
    for (auto count = 1 + random() % 3; count > 0; --count) {
        auto const answer = tell(wire::rcpt{"<b@mx.test>", {}});
        if (answer == "continue") ++accepted;
        if (answer == "discard") return false;
        if (chance(4) && rig.mta.agreed().version > 2) tell(wire::unknown{"FOO"});
        if (break_off()) return false;
    }
    if (accepted == 0) return false;
    bool const has_data = rig.mta.agreed().version > 3; // else it has no macros of it either
    bool const is_answered = rig.mta.agreed().sends(wire::command_code::data);
    if (has_data && tell(wire::data{}) != (is_answered ? "continue" : "")) return false;
    one.headers = {
        {"X-Id", " " + one.id}, {"X-Dup", " first"}, {"X-Dup", "second"}, {"X-Dup", "\tthird"}};
    if (chance(50)) one.headers.emplace_back("Subject", "  hello");
    bool const is_large = chance(2) && some_are_large;
    one.body = is_large     ? numbered_lines(100'000 + random() % 500'000)
               : chance(20) ? ""
                            : std::string(random() % 1500, 'b') + "\r\n";
    for (auto const& [name, value] : one.headers) {
        tell(wire::header{name, value});
        if (break_off()) return false;
    }
    tell(wire::end_of_headers{});
    auto const piece = is_large ? wire::default_data_limit : 500;
    for (std::size_t at = 0; at < one.body.size(); at += piece)
        tell(wire::body{std::string_view(one.body).substr(at, piece)});
    if (break_off()) return false;
    one.heard = tell(wire::end_of_message{});
    one.edits = rig.mta.edits();
    one.new_body = rig.mta.new_body();
    return true;
}

} // namespace random_conversation
