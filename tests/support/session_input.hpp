// SPDX-License-Identifier: BSL-1.0
// tests/support/session_input.hpp - bytes of chance, read as a configuration and as what happens to two sessions
//
// Input: configuration (`session_setup`), then steps until it ends. A step is a byte - highest bit the session, the others
// what happens (`act`) - and its arguments. What is said is plausible where a step says so: an MTA that goes on with its
// conversation, a milter that answers what it owes; else anything.
#pragma once

#include <support/byte_source.hpp>
#include <support/session_play.hpp>
#include <support/session_setup.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace support {

/// Two sessions of one configuration.
class session_input {
public:
    using report = session_play::report;

    session_input(std::string bytes, report const& fault,
                  audience const who = audience::enforced_only)
        : source_(std::move(bytes)), setup_(source_, who) {
        auto const shared = manager::with_endpoints(setup_.config);
        auto const apart =
            who == audience::with_evaluated_milters ? plain_twin::settings(*shared) : nullptr;
        for (std::uint64_t id = 0; id < plays_.size(); ++id)
            plays_[id] = std::make_unique<session_play>(shared, id, fault, apart);
        if (setup_.overloaded) plays_[0]->overload();
    }

    void run() {
        while (!source_.empty()) act();
        for (auto const& one : plays_) one->end();
    }
    session_play const& play(std::size_t id) const { return *plays_[id]; }

private:
    void act();

    // the MTA
    void mta_goes_on(session_play& play, unsigned how);
    std::string next_command(session_play const& play, unsigned how);
    std::string in_session(session_play const& play, unsigned how);
    std::string in_message(session_play const& play, unsigned how);
    std::string any_command(unsigned code, unsigned how);
    std::string with_macros(wire::command_code code, std::string frame) const;
    template <class Command> std::string said(Command const& command) const {
        std::string frame;
        wire::encode(frame, command);
        return with_macros(Command::code, std::move(frame));
    }

    // the milters
    void cooperate(session_play& play, unsigned how);
    bool milter_does_its_part(session_play& play, std::size_t k, unsigned how);
    std::string plausible(session_play const& play, std::size_t k, unsigned how);
    std::string verdict(unsigned how) const;
    std::string edit(unsigned how) const;
    std::string wishes(wire::negotiate const& offer, std::size_t k) const;

    std::string marked(std::string_view text) {
        return std::string(text) + tag_ + "-" + std::to_string(++serial_);
    }
    /// Not another session's marker by chance.
    static std::string harmless(std::string bytes) {
        for (std::size_t at = 0; (at = bytes.find("zQ", at)) != bytes.npos;) bytes[at] = 'z' + 1;
        return bytes;
    }

    byte_source source_;
    session_setup setup_;
    std::array<std::unique_ptr<session_play>, 2> plays_;
    std::string tag_; ///< marker of the session that the step is about
    unsigned serial_ = 0;
};

// ---- steps

inline void session_input::act() {
    auto const what = source_.next();
    auto const id = what >> 7;
    auto& play = *plays_[id];
    tag_ = session_play::marker(id);
    auto const count = setup_.config.milters.size();
    switch (what & 0x1FU) {
    case 0:
    case 1:
    case 2: mta_goes_on(play, 0); return;
    case 3: mta_goes_on(play, source_.next()); return;
    case 4: {
        auto const code = source_.next();
        return play.mta_says(any_command(code, source_.next()));
    }
    case 5: { // one byte of it is wrong, or it is cut short
        auto bytes = next_command(play, source_.next());
        auto const at = source_.next() % bytes.size();
        auto const by = source_.next();
        if (by == 0) bytes.resize(at);
        if (by != 0) bytes[at] = static_cast<char>(static_cast<unsigned char>(bytes[at]) ^ by);
        return play.mta_says(harmless(std::move(bytes)));
    }
    case 6: return play.mta_says(harmless(source_.take(source_.next())));
    case 7: { // much at once
        auto const size = source_.pair();
        for (auto left = source_.next() % 16; left > 0; --left)
            play.mta_says(said(wire::body{std::string(std::min(size, 65'535U), 'b')}));
        return;
    }
    case 8: play.mta_reads = !play.mta_reads; return play.drain();
    case 9: {
        constexpr int errors[] = {0, ECONNRESET, ETIMEDOUT, EPIPE};
        auto const how = source_.next();
        if (how >= 0xF8) return play.cut_off();
        auto const error = errors[how % std::size(errors)];
        return play.mta_closes({error, boost::system::system_category()});
    }
    case 10: return cooperate(play, source_.next());
    case 11: {
        constexpr int errors[] = {0, ECONNREFUSED, ENOENT, EMFILE, ENOMEM, ETIMEDOUT};
        auto const error = errors[source_.next() % std::size(errors)];
        return play.milter_connects(source_.next() % count,
                                    {error, boost::system::system_category()});
    }
    case 12:
    case 13: {
        auto const k = source_.next() % count;
        milter_does_its_part(play, k, source_.next());
        return;
    }
    case 14: {
        auto const k = source_.next() % count;
        return play.milter_says(k, verdict(source_.next()));
    }
    case 15: {
        auto const k = source_.next() % count;
        return play.milter_says(k, edit(source_.next()));
    }
    case 16: {
        auto const k = source_.next() % count;
        return play.milter_says(k, harmless(source_.take(source_.next())));
    }
    case 17: {
        constexpr int errors[] = {0, ECONNRESET};
        auto const k = source_.next() % count;
        return play.milter_closes(k,
                                  {errors[source_.next() % 2], boost::system::system_category()});
    }
    case 18: {
        auto const k = source_.next() % count;
        play.milter_reads()[k] = !play.milter_reads()[k];
        return play.drain();
    }
    case 19:
        for (auto const& one : plays_) one->pass(std::chrono::milliseconds(source_.next() * 20));
        return;
    case 20:
        for (auto const& one : plays_) one->pass(std::chrono::seconds(source_.next()));
        return;
    case 21: { // a new body, in one packet
        auto const k = source_.next() % count;
        std::string frame;
        wire::encode(frame, wire::replace_body{std::string(std::size_t{3} * source_.pair(), 'n')});
        return play.milter_says(k, frame);
    }
    case 22: { // many commands without waiting
        auto const code = source_.next();
        auto const how = source_.next();
        for (auto left = source_.next() % 128; left > 0; --left)
            play.mta_says(any_command(code, how));
        return;
    }
    default: // a usual command and usual answers; of some, edits at the end of the message
        mta_goes_on(play, 0);
        return cooperate(play, what % 32 == 31 ? 0 : what % 32);
    }
}

// ---- the MTA

inline void session_input::mta_goes_on(session_play& play, unsigned how) {
    if (play.watch.mta.waits()) cooperate(play, 0);
    play.mta_says(next_command(play, how));
}

/// What an MTA would say now; `how` 0: what brings a message on.
inline std::string session_input::next_command(session_play const& play, unsigned how) {
    auto const& mta = play.watch.mta;
    if (!mta.negotiated()) return said(setup_.offer);
    if (mta.at() == proto::phase::negotiated)
        return said(wire::connect{marked("client"), wire::family::inet, 25, "192.0.2.1"});
    if (how >= 0xF0) return said(wire::abort{});
    if (how >= 0xEC) return said(wire::quit_new_connection{});
    if (how >= 0xE8) return said(wire::quit{});
    if (how >= 0xE4) return said(wire::helo{marked("again")});
    if (!proto::in_transaction(mta.at())) return in_session(play, how);
    return in_message(play, how);
}

inline std::string session_input::in_session(session_play const& play, unsigned how) {
    if (how >= 0xD0 && setup_.offer.version > 2) return said(wire::unknown{marked("X")});
    if (how < 0x80 && !play.watch.mta.greeted()) return said(wire::helo{marked("client")});
    return said(wire::mail{"<" + marked("a") + "@client.test>", {}});
}

inline std::string session_input::in_message(session_play const& play, unsigned how) {
    using proto::phase;
    bool const again = how % 4 == 1;
    auto const at = play.watch.mta.at();
    if (at < phase::data && how >= 0xD8 && setup_.offer.version > 2)
        return said(wire::unknown{marked("X")});
    if (at == phase::mail || (at == phase::rcpt && again))
        return said(wire::rcpt{"<" + marked("b") + "@mx.test>", {}});
    if (at == phase::rcpt && setup_.offer.version > 3) return said(wire::data{});
    if (at < phase::header || (at == phase::header && again)) {
        constexpr char const* names[] = {"Subject", "X-Dup", "x-dup", "Message-Id", "To"};
        return said(wire::header{names[how / 4 % std::size(names)], marked(" value ")});
    }
    if (at == phase::header) return said(wire::end_of_headers{});
    if (at == phase::end_of_headers || again)
        return said(wire::body{marked("text ") + (how % 8 == 5 ? "\r" : "\r\n")});
    return said(wire::end_of_message{});
}

inline std::string session_input::any_command(unsigned code, unsigned how) {
    auto const text = marked("t") + std::string(how % 16 == 15 ? 20'000 : 0, 't');
    switch (code % 14) {
    case 0: return said(setup_.offer);
    case 1: return said(wire::connect{text, wire::family::inet6, 25, "IPv6:::1"});
    case 2: return said(wire::connect{text, wire::family::unknown, 0, {}});
    case 3: return said(wire::helo{text});
    case 4: return said(wire::mail{text, {}});
    case 5: return said(wire::rcpt{text, {}});
    case 6: return said(wire::data{});
    case 7: return said(wire::header{"X-Any", text});
    case 8: return said(wire::end_of_headers{});
    case 9: return said(wire::body{text});
    case 10: return said(wire::end_of_message{how % 2 == 1 ? std::string_view(text) : ""});
    case 11: return said(wire::unknown{text});
    case 12: return said(wire::abort{});
    default: return how < 0x80 ? said(wire::quit_new_connection{}) : said(wire::quit{});
    }
}

/// As the MTA sends them, as far as sessions look at them. Every eighth recipient is one that it refused itself.
inline std::string session_input::with_macros(wire::command_code code, std::string frame) const {
    std::string pairs;
    auto const add = [&](std::string_view name, std::string_view value) {
        wire::append_zstr(pairs, name);
        wire::append_zstr(pairs, value);
    };
    if (code == wire::command_code::connect) add("v", setup_.postfix ? "Postfix 3.7.11" : "8.17.1");
    if (code == wire::command_code::mail) add("i", "4711" + tag_);
    if (code == wire::command_code::rcpt)
        add("{rcpt_mailer}", serial_ % 8 == 7 ? "error" : "local");
    if (pairs.empty()) return frame;
    std::string out;
    wire::encode(out, wire::macros{code, wire::zstr_list(pairs)});
    return out + frame;
}

// ---- the milters

/// Whoever owes something does it, in order, as long as that goes.
inline void session_input::cooperate(session_play& play, unsigned how) {
    for (int rounds = 0; rounds < 64 && !play.over(); ++rounds) {
        bool moved = false;
        for (std::size_t k = 0; k < setup_.config.milters.size(); ++k)
            moved = milter_does_its_part(play, k, how) || moved;
        if (!moved) return;
    }
}

inline bool session_input::milter_does_its_part(session_play& play, std::size_t k, unsigned how) {
    auto const& one = play.milter(k);
    if (one.connecting()) {
        play.milter_connects(k, {});
        return true;
    }
    if (!one.up() || !one.owed() || one.broken()) return false;
    play.milter_says(k, plausible(play, k, how));
    return true;
}

inline std::string session_input::plausible(session_play const& play, std::size_t k, unsigned how) {
    auto const& one = play.milter(k);
    if (one.owed() == wire::command_code::negotiate) return wishes(one.offer(), k);
    std::string out;
    bool const late = setup_.choices[k].stage != wire::command_code::negotiate;
    if (late && one.owed() == wire::command_code::rcpt && how < 0x80 && serial_ % 3 == 0)
        return verdict(0x84 + serial_ % 2); // of those told again, too
    if (one.owed() == wire::command_code::end_of_message) {
        for (auto left = how % 4; left > 0; --left) out += edit(how * 5 + left + serial_++);
        if (how % 4 != 0) return out + verdict(how < 0xC0 ? 0 : how);
    }
    return verdict(how);
}

inline std::string session_input::wishes(wire::negotiate const& offer, std::size_t k) const {
    proto::wish wish;
    wish.actions = wire::action::all & ~wire::action::set_macro_list;
    wish.steps = setup_.steps[k];
    std::string frame;
    if (auto const agreed = proto::answer_offer(offer, wish))
        wire::encode(frame, proto::to_reply(*agreed));
    return frame;
}

/// `how` below 128: CONTINUE.
inline std::string session_input::verdict(unsigned how) const {
    std::string out;
    auto const text = [&](std::string_view said) {
        wire::encode(out, wire::reply_text{std::string(said) + tag_});
    };
    switch (how < 0x80 ? 0 : how % 14) {
    case 1: wire::encode(out, wire::accept{}); break;
    case 2: wire::encode(out, wire::reject{}); break;
    case 3: wire::encode(out, wire::tempfail{}); break;
    case 4: wire::encode(out, wire::discard{}); break;
    case 5: wire::encode(out, wire::skip{}); break;
    case 6: text("550 5.7.1 no "); break;
    case 7: text("451 bad\ntext 100% "); break;
    case 8: text("421 4.3.2 go "); break;
    case 9: text("no code "); break;
    case 10: wire::encode(out, wire::shutdown{}); break;
    case 11: wire::encode(out, wire::connection_failed{}); break;
    case 12: wire::encode(out, wire::progress{}); break;
    case 13: wire::encode(out, wire::negotiate_reply{}); break;
    default: wire::encode(out, wire::proceed{}); break;
    }
    return out;
}

inline std::string session_input::edit(unsigned how) const {
    constexpr char const* names[] = {"X-New", "X-Dup", "Subject", "x-dup"};
    auto const* name = names[how / 16 % std::size(names)];
    auto const value = "e" + std::to_string(how) + tag_;
    auto const at = how / 8 % 4;
    std::string out;
    switch (how % 11) {
    case 0: wire::encode(out, wire::add_header{name, value}); break;
    case 1: wire::encode(out, wire::insert_header{at, name, " " + value}); break;
    case 2: wire::encode(out, wire::change_header{at, name, value}); break;
    case 3: wire::encode(out, wire::change_header{at, name, ""}); break;
    case 4: wire::encode(out, wire::replace_body{value + "\r\n"}); break;
    case 5: wire::encode(out, wire::add_rcpt{value}); break;
    case 6: wire::encode(out, wire::delete_rcpt{value}); break;
    case 7: wire::encode(out, wire::change_from{value, "SIZE=1"}); break;
    case 8: wire::encode(out, wire::add_rcpt_with_args{value, std::nullopt}); break;
    case 9: wire::encode(out, wire::quarantine{value}); break;
    default:
        wire::encode(out, wire::add_header{name, std::string(std::size_t{3} * how, 'l')});
        break;
    }
    return out;
}

} // namespace support
