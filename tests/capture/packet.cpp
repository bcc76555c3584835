// SPDX-License-Identifier: BSL-1.0
// tests/capture/packet.cpp - captured packets down to their TCP segment
#include <milter/capture/packet.hpp>

#include <boost/test/unit_test.hpp>

#include <capture/segment.hpp>
#include <support/exact_copy.hpp>

#include <random>

namespace {

using namespace milter::capture;
using namespace made;
using namespace std::string_literals;

tcp_end const here = end_at(1, 25000), there = end_at(2, 8891);
tcp_end const here6 = end_at(1, 25000, true), there6 = end_at(2, 8891, true);

/// In words: the segment, or why there is none.
std::string seen(link_type link, std::string const& bytes, std::size_t on_wire = 0) {
    support::exact_copy const copy(bytes); // a read beyond the end is found by the sanitizer
    auto const found = read_packet(link, copy.view(), on_wire);
    if (auto const* why = std::get_if<skipped>(&found)) return std::string(name_of(*why));
    auto const& one = std::get<tcp_segment>(found);
    std::string out = to_string(one.source) + " > " + to_string(one.destination) + " " +
                      std::to_string(one.sequence) + " ";
    for (auto const& [set, letter] :
         {std::pair{one.syn, 'S'}, {one.ack, 'A'}, {one.fin, 'F'}, {one.rst, 'R'}})
        if (set) out += letter;
    out += " '" + std::string(one.payload) + "'";
    return one.missing ? out + "+" + std::to_string(one.missing) : out;
}

constexpr auto v4 = "inet:25000@[10.0.0.1] > inet:8891@[10.0.0.2] 7 A 'text'";
constexpr auto v6 = "inet6:25000@[2001:db8::1] > inet6:8891@[2001:db8::2] 7 A 'text'";

} // namespace

BOOST_AUTO_TEST_SUITE(captured_packet)

BOOST_AUTO_TEST_CASE(segment_is_found_below_each_link_layer) {
    auto const packet = ip(here, there, tcp(here, there, 7, ack, "text"));
    auto const packet6 = ip(here6, there6, tcp(here6, there6, 7, ack, "text"));
    BOOST_TEST(seen(link_type::ethernet, ethernet(packet)) == v4);
    BOOST_TEST(seen(link_type::ethernet, ethernet(packet6, 0x86DD)) == v6);
    BOOST_TEST(seen(link_type::ethernet, ethernet(packet, 0x0800, "\x81\0\0\x64"s)) ==
               v4); // a VLAN
    BOOST_TEST(seen(link_type::ethernet, ethernet(packet, 0x0800, "\x88\xa8\0\1\x81\0\0\x64"s)) ==
               v4);
    BOOST_TEST(seen(link_type::cooked, std::string(14, '\0') + "\x08\0"s + packet) == v4);
    BOOST_TEST(seen(link_type::cooked_v2, "\x08\0"s + std::string(18, '\0') + packet) == v4);
    BOOST_TEST(seen(link_type::bsd_null, "\2\0\0\0"s + packet) == v4);
    BOOST_TEST(seen(link_type::bsd_loop, "\0\0\0\x1e"s + packet6) == v6);
    for (auto const link :
         {link_type::raw_ip, link_type::raw_ip_bsd, link_type::raw_ip_file, link_type::ipv4})
        BOOST_TEST(seen(link, packet) == v4);
    BOOST_TEST(seen(link_type::ipv6, packet6) == v6);
    BOOST_TEST(seen(static_cast<link_type>(105), packet) == "of a link layer that is not read");
}

BOOST_AUTO_TEST_CASE(flags_options_and_padding_are_read) {
    auto const segment = [](unsigned flags, std::size_t options) {
        return ethernet(ip(here, there, tcp(here, there, 0xFFFF'FFFF, flags, "", options)));
    };
    BOOST_TEST(seen(link_type::ethernet, segment(syn, 5)) ==
               "inet:25000@[10.0.0.1] > inet:8891@[10.0.0.2] 4294967295 S ''");
    BOOST_TEST(seen(link_type::ethernet, segment(rst | ack | fin | push, 0)).ends_with(" AFR ''"));
    auto const padded = segment(ack, 0) + std::string(6, '\0'); // Ethernet's least size
    BOOST_TEST(seen(link_type::ethernet, padded).ends_with(" A ''"));
}

BOOST_AUTO_TEST_CASE(bytes_cut_off_by_the_capture_are_counted) {
    auto const whole = ethernet(ip(here, there, tcp(here, there, 7, ack, "0123456789")));
    BOOST_TEST(seen(link_type::ethernet, whole.substr(0, whole.size() - 4), whole.size())
                   .ends_with("'012345'+4"));
    BOOST_TEST(
        seen(link_type::ethernet, whole.substr(0, 14 + 20 + 20), whole.size()).ends_with("''+10"));
    BOOST_TEST(seen(link_type::ethernet, whole.substr(0, 14 + 20 + 19), whole.size()) ==
               "without whole headers");
}

BOOST_AUTO_TEST_CASE(length_that_was_left_to_the_card_is_that_of_the_packet) {
    auto packet = ip(here, there, tcp(here, there, 7, ack, "text"));
    packet[2] = packet[3] = 0;
    BOOST_TEST(seen(link_type::ethernet, ethernet(packet)) == v4);
    auto packet6 = ip(here6, there6, tcp(here6, there6, 7, ack, "text"));
    packet6[4] = packet6[5] = 0;
    BOOST_TEST(seen(link_type::ethernet, ethernet(packet6, 0x86DD)) == v6);
}

BOOST_AUTO_TEST_CASE(extension_headers_are_passed) {
    auto const options = "\x3c\0"s + std::string(6, '\0') + "\6\1"s + std::string(14, '\0');
    auto const packet = ip(here6, there6, options + tcp(here6, there6, 7, ack, "text"), 0);
    BOOST_TEST(seen(link_type::raw_ip, packet) == v6);
    auto const endless = ip(here6, there6, "\0\xff"s, 0);
    BOOST_TEST(seen(link_type::raw_ip, endless) == "without whole headers");
}

BOOST_AUTO_TEST_CASE(everything_else_says_why_not) {
    auto const segment = tcp(here, there, 7, ack, "text");
    BOOST_TEST(seen(link_type::ethernet, ethernet("arp", 0x0806)) == "without IP");
    BOOST_TEST(seen(link_type::raw_ip, std::string(40, '\x10')) == "without IP");
    BOOST_TEST(seen(link_type::raw_ip, ip(here, there, segment, 17)) == "without TCP");
    BOOST_TEST(seen(link_type::raw_ip, ip(here6, there6, segment, 17)) == "without TCP");
    BOOST_TEST(seen(link_type::raw_ip, ip(here, there, segment, 6, 0x2000)) == "in IP fragments");
    BOOST_TEST(seen(link_type::raw_ip, ip(here, there, segment, 6, 0x0001)) == "in IP fragments");
    BOOST_TEST(seen(link_type::raw_ip, ip(here6, there6, segment, 44)) == "in IP fragments");
    BOOST_TEST(seen(link_type::raw_ip, "") == "without whole headers");
}

BOOST_AUTO_TEST_CASE(no_bytes_lead_beyond_the_packet) {
    std::string const packets[] = {
        ethernet(ip(here, there, tcp(here, there, 7, ack, "text")), 0x0800, "\x81\0\0\x64"s),
        ethernet(ip(here6, there6,
                    "\x3c\0"s + std::string(6, '\0') + "\6\0"s + std::string(6, '\0') +
                        tcp(here6, there6, 7, ack, "text"),
                    0),
                 0x86DD)};
    std::mt19937 random(3);
    for (auto const& whole : packets) {
        for (std::size_t size = 0; size <= whole.size(); ++size) // the sanitizer watches
            seen(link_type::ethernet, whole.substr(0, size), whole.size());
        for (int round = 0; round < 20'000; ++round) {
            auto damaged = whole;
            for (int flips = 0; flips < 3; ++flips)
                damaged[random() % damaged.size()] = static_cast<char>(random() % 256);
            seen(link_type::ethernet, damaged.substr(0, random() % (damaged.size() + 1)),
                 random() % 200);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
