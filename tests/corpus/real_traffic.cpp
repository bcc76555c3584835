// SPDX-License-Identifier: BSL-1.0
// tests/corpus/real_traffic.cpp - what Postfix, Sendmail and their milters really said, through every layer
//
// The sessions, told what the real programs decided, put the same bytes on the wire.

#include <milter/corpus/recorder.hpp>
#include <milter/proto/filter_session.hpp>
#include <milter/proto/mta_session.hpp>

#include <boost/test/unit_test.hpp>

#include <corpus/shipped.hpp>

#include <map>

namespace {

using namespace milter;
using corpus::conversation;
using corpus::event;
using corpus::event_kind;
using corpus::side;

std::string wire_of(event const& one) {
    std::string out;
    corpus::append_wire(out, one);
    return out;
}

/// Its filter answers commands that take no answer, as Sendmail::PMilter does.
bool answers_too_much(conversation const& talk) {
    proto::observer watch;
    for (auto const& one : talk.events) {
        watch.received(one.from, wire_of(one));
        while (auto const seen = watch.next({}))
            if (seen->finding == errc::reply_not_due) return true;
    }
    return false;
}

/// The filter side, made to say what the real filter said.
class filter_again {
public:
    explicit filter_again(std::string where) : where_(std::move(where)) {}

    void play(event const& one) {
        if (one.kind != event_kind::packet) return;
        if (one.from == side::mta)
            hear(wire_of(one));
        else
            say(one);
    }
    std::string const& said() const { return session_.output(); }

private:
    void hear(std::string const& bytes) {
        error_code ec;
        session_.received(bytes);
        while (session_.next(ec)) {
        }
        BOOST_TEST(!ec, where_ + ": " + session_.failure());
    }
    void say(event const& one) {
        error_code ec;
        auto const reply = wire::decode_reply(corpus::frame_of(one), ec);
        BOOST_TEST_REQUIRE(!ec, where_);
        if (auto const* answer = std::get_if<wire::negotiate_reply>(&*reply))
            session_.negotiate(agreement_of(*answer), ec);
        else
            std::visit([&](auto const& which) { reply_with(which, ec); }, *reply);
        BOOST_TEST(!ec, where_ + ": " + describe(*reply) + ": " + ec.message());
        while (session_.next(ec)) {
        }
    }
    void reply_with(wire::negotiate_reply const&, error_code&) {}
    template <class Reply> void reply_with(Reply const& reply, error_code& ec) {
        session_.reply(reply, ec);
    }

    static proto::agreement agreement_of(wire::negotiate_reply const& answer) {
        proto::agreement agreed;
        agreed.version = answer.version;
        agreed.actions = answer.actions;
        agreed.steps = answer.steps;
        agreed.data_limit = proto::data_limit_of(answer.steps);
        for (std::size_t i = 0; i < agreed.lists.size(); ++i)
            if (answer.macro_lists[i].present) agreed.lists[i].emplace(answer.macro_lists[i].names);
        return agreed;
    }

    std::string where_;
    proto::filter_session session_{{.wants = {}, .manual_negotiation = true}};
};

/// The MTA side, made to say what the real MTA said.
class mta_again {
public:
    mta_again(wire::negotiate const& offer, std::string where)
        : where_(std::move(where)),
          session_({.offer = offer, .how = proto::strictness::lenient, .timeouts = {}}) {}

    void play(event const& one) {
        if (one.kind != event_kind::packet) return;
        error_code ec;
        if (one.from == side::mta) {
            auto const command = wire::decode_command(corpus::frame_of(one), ec);
            BOOST_TEST_REQUIRE(!ec, where_);
            std::visit([&](auto const& which) { command_is(which, ec); }, *command);
            BOOST_TEST(!ec, where_ + ": " + describe(*command) + ": " + ec.message());
            return;
        }
        session_.received(wire_of(one));
        while (session_.next({}, ec)) {
        }
        BOOST_TEST(!ec, where_ + ": " + session_.failure());
    }
    std::string const& said() const { return session_.output(); }

private:
    void command_is(wire::quit const&, error_code&) { session_.quit(); }
    void command_is(wire::abort const&, error_code& ec) { session_.abort({}, ec); }
    template <class Command> void command_is(Command const& command, error_code& ec) {
        session_.send(command, {}, ec);
    }

    std::string where_;
    proto::mta_session session_;
};

wire::negotiate offer_of(conversation const& talk) {
    error_code ec;
    for (auto const& one : talk.events)
        if (one.from == side::mta && one.kind == event_kind::packet)
            if (auto const command = wire::decode_command(corpus::frame_of(one), ec))
                if (auto const* offer = std::get_if<wire::negotiate>(&*command)) return *offer;
    return {};
}

} // namespace

BOOST_AUTO_TEST_SUITE(real_traffic)

BOOST_AUTO_TEST_CASE(is_there) {
    std::map<std::string, int> of;
    shipped::for_each_conversation(
        [&](conversation const& talk, std::string const&) { ++of[talk.mta.name]; });
    BOOST_TEST(of["Postfix"] > 200);
    BOOST_TEST(of[""] > 100); // Sendmail does not say its name
}

BOOST_AUTO_TEST_CASE(goes_through_json_line_by_line) {
    shipped::for_each_line([](std::string const& line, std::string const& where) {
        corpus::json_problem problem;
        auto const talk =
            corpus::read_conversation(*corpus::parse_json(line, problem), {}, problem);
        BOOST_TEST(corpus::to_line(corpus::to_json(talk)) == line, where);
    });
}

BOOST_AUTO_TEST_CASE(is_recorded_the_same_however_its_bytes_are_split) {
    shipped::for_each_conversation([](conversation const& talk, std::string const& where) {
        for (std::size_t const size : {std::size_t{3}, std::size_t{1} << 20}) {
            corpus::recorder record;
            for (auto const& one : talk.events) {
                auto const bytes = wire_of(one);
                for (std::size_t at = 0; at < bytes.size(); at += size)
                    record.received(one.from, std::string_view(bytes).substr(at, size), one.at);
                if (one.kind == event_kind::end || one.kind == event_kind::reset)
                    record.ended(one.from, one.kind, one.at);
            }
            auto const again = record.finish();
            BOOST_TEST((again.events == talk.events), where);
            BOOST_TEST((again.state == talk.state), where);
        }
    });
}

BOOST_AUTO_TEST_CASE(breaks_the_rules_only_where_it_is_known_to) {
    std::map<std::string, int> findings;
    shipped::for_each_conversation([&](conversation const& talk, std::string const&) {
        proto::observer watch;
        for (auto const& one : talk.events) {
            watch.received(one.from, wire_of(one));
            while (auto const seen = watch.next({}))
                if (seen->finding != errc{})
                    ++findings[talk.filter + ": " + make_error_code(seen->finding).message()];
        }
    });
    for (auto const& [what, count] : findings) BOOST_TEST_MESSAGE(what << ": " << count);
    for (auto const& [what, count] : findings) BOOST_TEST(what.starts_with("pmilter: "), what);
    BOOST_TEST(findings.size() <= 1U);
}

BOOST_AUTO_TEST_CASE(filter_side_told_the_same_says_the_same_bytes) {
    int played = 0;
    shipped::for_each_conversation([&](conversation const& talk, std::string const& where) {
        if (answers_too_much(talk)) return;
        filter_again filter(where);
        for (auto const& one : talk.events) filter.play(one);
        BOOST_TEST((filter.said() == corpus::wire_of(talk, side::filter)), where);
        ++played;
    });
    BOOST_TEST(played > 400);
}

BOOST_AUTO_TEST_CASE(mta_side_told_the_same_says_the_same_bytes) {
    int played = 0;
    shipped::for_each_conversation([&](conversation const& talk, std::string const& where) {
        if (answers_too_much(talk)) return;
        mta_again mta(offer_of(talk), where);
        for (auto const& one : talk.events) mta.play(one);
        BOOST_TEST((mta.said() == corpus::wire_of(talk, side::mta)), where);
        ++played;
    });
    BOOST_TEST(played > 400);
}

BOOST_AUTO_TEST_SUITE_END()
