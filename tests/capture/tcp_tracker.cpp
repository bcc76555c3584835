// SPDX-License-Identifier: BSL-1.0
// tests/capture/tcp_tracker.cpp - captured packets to milter connections
#include <milter/capture/tcp_tracker.hpp>

#include <boost/test/unit_test.hpp>

#include <capture/segment.hpp>

#include <functional>
#include <memory>

namespace {

using namespace milter;
using namespace made;
using capture::link_type;
using capture::side;
using capture::tcp_segment;

std::string const offer = [] {
    std::string out;
    wire::encode(out, wire::negotiate{});
    return out;
}();
std::string const answer = offer; // without macro lists it looks the same

/// Writes down what a sink hears.
struct notes {
    std::shared_ptr<std::string> text = std::make_shared<std::string>();
    void received(side from, std::string_view bytes, std::int64_t at) {
        *text += name(from) + std::to_string(at) + ":" + std::to_string(bytes.size()) + " ";
    }
    void missed(side from, std::uint64_t size, std::int64_t) {
        *text += name(from) + "[" + std::to_string(size) + "] ";
    }
    void ended(side from, bool reset, std::int64_t) {
        *text += name(from) + (reset ? "RST " : "FIN ");
    }
    static std::string name(side one) { return one == side::mta ? ">" : "<"; }
};

using make_sink =
    std::function<notes(std::size_t, capture::tcp_end, capture::tcp_end, std::int64_t)>;
using done = std::function<void(capture::milter_flow<notes>&, std::int64_t)>;

/// One wire, with a clock that ticks once a packet.
struct wire_tap {
    std::int64_t now = 0;
    std::string over; ///< the notes of each connection that is over, a line each
    std::string mtas; ///< who its MTA was
    capture::tcp_tracker<notes, make_sink, done> tracker;

    explicit wire_tap(capture::tracker_options options = {})
        : tracker(
              std::move(options), [](auto...) { return notes{}; },
              [this](capture::milter_flow<notes>& flow, std::int64_t) {
                  over += *flow.sink().text + "\n";
                  mtas += capture::to_string(flow.end_of(side::mta)) + "\n";
              }) {}

    void send(tcp_end from, tcp_end to, std::uint32_t sequence, unsigned flags,
              std::string_view payload = {}, std::size_t cut = 0) {
        auto const packet = ethernet(ip(from, to, tcp(from, to, sequence, flags, payload)));
        tracker.packet(link_type::ethernet, std::string_view(packet).substr(0, packet.size() - cut),
                       packet.size(), ++now);
    }
    std::string finish() {
        tracker.finish(++now);
        return over;
    }
};

tcp_end const mta = end_at(1, 25000), filter = end_at(2, 8891);

void connect(wire_tap& tap) {
    tap.send(mta, filter, 99, syn);
    tap.send(filter, mta, 499, syn | ack);
}

} // namespace

BOOST_AUTO_TEST_SUITE(tcp_tracker_of_a_capture)

BOOST_AUTO_TEST_CASE(connection_of_a_milter_is_told_from_its_offer_to_its_end) {
    wire_tap tap;
    connect(tap);
    tap.send(mta, filter, 100, ack, offer);
    tap.send(filter, mta, 500, ack, answer);
    tap.send(mta, filter, 117, ack | fin, "quit!");
    tap.send(filter, mta, 517, ack | fin);
    BOOST_TEST(tap.over == ">3:17 <4:17 >5:5 >FIN <FIN \n"); // as soon as it is over
    tap.send(mta, filter, 117, ack | fin, "quit!");          // a late copy is nothing new
    BOOST_TEST(tap.finish() == ">3:17 <4:17 >5:5 >FIN <FIN \n");
    BOOST_TEST(tap.tracker.statistics().milters == 1U);
    BOOST_TEST(tap.tracker.statistics().other_protocols == 0U);
}

BOOST_AUTO_TEST_CASE(mta_is_the_end_that_offers) {
    wire_tap tap; // the capture began after the SYN
    tap.send(mta, filter, 100, ack, offer);
    tap.send(filter, mta, 500, ack, answer);
    BOOST_TEST(tap.finish() == ">1:17 <2:17 \n");
    BOOST_TEST(tap.mtas == "inet:25000@[10.0.0.1]\n");
}

BOOST_AUTO_TEST_CASE(answer_that_was_captured_first_waits_for_the_offer) {
    wire_tap tap;
    connect(tap);
    tap.send(filter, mta, 500, ack, answer);
    tap.send(mta, filter, 100, ack, offer);
    BOOST_TEST(tap.finish() == ">4:17 <4:17 \n");
    BOOST_TEST(tap.mtas == "inet:25000@[10.0.0.1]\n");
}

BOOST_AUTO_TEST_CASE(offer_may_come_a_byte_at_a_time) {
    wire_tap tap;
    connect(tap);
    for (std::uint32_t i = 0; i < offer.size(); ++i)
        tap.send(mta, filter, 100 + i, ack, std::string_view(offer).substr(i, 1));
    BOOST_TEST(tap.finish().starts_with(">7:5 >8:1 "));
}

BOOST_AUTO_TEST_CASE(end_waits_for_the_bytes_before_it) {
    wire_tap tap;
    connect(tap);
    tap.send(mta, filter, 100, ack, offer);
    tap.send(mta, filter, 122, ack | fin, "67890");
    tap.send(mta, filter, 117, ack, "12345");
    tap.send(filter, mta, 500, rst);
    BOOST_TEST(tap.over == ">3:17 >5:5 >5:5 >FIN <RST \n");
}

BOOST_AUTO_TEST_CASE(holes_are_told) {
    wire_tap tap;
    connect(tap);
    tap.send(mta, filter, 100, ack, offer);
    tap.send(mta, filter, 127, ack, "67890", 2);
    BOOST_TEST(tap.finish() == ">3:17 >[10] >5:3 >[2] \n");
}

BOOST_AUTO_TEST_CASE(other_protocols_are_counted_only) {
    wire_tap tap;
    connect(tap);
    tap.send(mta, filter, 100, ack, "EHLO example.org\r\n");
    tap.send(filter, mta, 500, ack, "250 hi\r\n");
    connect(tap); // the same SYNs again are the same connection
    BOOST_TEST(tap.finish() == "");
    BOOST_TEST(tap.tracker.statistics().other_protocols == 1U);
}

BOOST_AUTO_TEST_CASE(ports_used_again_are_another_connection) {
    wire_tap tap;
    for (int i = 0; i < 2; ++i) {
        connect(tap);
        tap.send(mta, filter, 100, ack, offer);
        tap.send(mta, filter, 117, rst);
    }
    BOOST_TEST(tap.finish() == ">3:17 >RST \n>7:17 >RST \n");
}

BOOST_AUTO_TEST_CASE(only_the_ports_asked_for_are_looked_at) {
    wire_tap tap({.ports = {8892, 25000}});
    tap.send(mta, filter, 100, ack, offer);
    tap.send(end_at(1, 24999), filter, 100, ack, offer);
    BOOST_TEST(tap.finish() == ">1:17 \n");
    BOOST_TEST(tap.tracker.statistics().other_ports == 1U);
}

BOOST_AUTO_TEST_CASE(open_connections_are_limited) {
    wire_tap tap({.ports = {}, .max_connections = 2});
    for (std::uint16_t port = 1; port <= 3; ++port)
        tap.send(end_at(1, port), filter, 100, ack, offer);
    BOOST_TEST(tap.over == ">1:17 \n"); // the one that was silent longest
    BOOST_TEST(tap.finish() == ">1:17 \n>2:17 \n>3:17 \n");
    BOOST_TEST(tap.tracker.statistics().evicted == 1U);
    BOOST_TEST(tap.tracker.statistics().milters == 3U);
}

BOOST_AUTO_TEST_CASE(packets_that_are_none_are_counted_by_why) {
    wire_tap tap;
    tap.tracker.packet(link_type::ethernet, ethernet("arp", 0x0806), 0, 1);
    tap.tracker.packet(link_type::raw_ip, "", 0, 2);
    auto const& statistics = tap.tracker.statistics();
    BOOST_TEST(statistics.packets == 2U);
    BOOST_TEST(statistics.skipped[static_cast<std::size_t>(capture::skipped::no_ip)] == 1U);
    BOOST_TEST(statistics.skipped[static_cast<std::size_t>(capture::skipped::cut)] == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
