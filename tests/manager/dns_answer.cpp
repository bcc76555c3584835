// SPDX-License-Identifier: BSL-1.0
// tests/manager/dns_answer.cpp - addresses in packets, of which any byte may lie

#include "manager/core/dns_answer.hpp"

#include <boost/test/unit_test.hpp>

#include <support/dns_packet.hpp>

#include <chrono>
#include <string>
#include <vector>

using namespace milter::manager;
using namespace std::chrono_literals;
using namespace support;

namespace {

constexpr auto asked = "2.0.0.127.list.example";
constexpr std::uint32_t two = 0x7f000002, four = 0x7f000004;

struct fixture {
    dns_packet packet;
    fixture() { packet.question = dns_question_bytes(asked); }

    dns_answer read() const { return read_dns_answer(packet.bytes(), asked); }
    void alias(std::string const& of, std::string const& target, unsigned ttl = 300) {
        packet.answers.push_back({dns_name(of), dns_cname, ttl, dns_name(target)});
    }
};

using all = std::vector<std::uint32_t>;

} // namespace

BOOST_FIXTURE_TEST_SUITE(manager_dns_answer, fixture)

BOOST_AUTO_TEST_CASE(all_addresses_count_and_hold_as_long_as_the_first_to_go) {
    packet.answers = {address_record(two, 300), address_record(four, 60)};
    auto const found = read();
    BOOST_TEST(found.usable);
    BOOST_TEST(found.addresses == all({two, four}), boost::test_tools::per_element());
    BOOST_TEST((found.ttl == 60s));
}

BOOST_AUTO_TEST_CASE(name_that_is_not_there_holds_as_the_authority_says) {
    packet.rcode = dns_nxdomain;
    packet.authorities = {authority_record(900, 150)};
    BOOST_TEST(read().usable);
    BOOST_TEST((read().ttl == 150s));
    packet.authorities = {authority_record(100, 150)};
    BOOST_TEST((read().ttl == 100s)); // RFC 2308 5: the lesser one
    packet.authorities.clear();
    BOOST_TEST((read().ttl == std::nullopt));
}

BOOST_AUTO_TEST_CASE(name_without_an_address_is_like_none) {
    packet.answers = {{{}, dns_txt, 300, std::string("\x04text")}};
    packet.authorities = {authority_record(900, 150)};
    BOOST_TEST(read().usable);
    BOOST_TEST(read().addresses.empty());
}

BOOST_AUTO_TEST_CASE(addresses_of_a_name_that_is_not_there_do_not_count) {
    packet.rcode = dns_nxdomain;
    packet.answers = {address_record(two)};
    BOOST_TEST(read().usable);
    BOOST_TEST(read().addresses.empty());
}

BOOST_AUTO_TEST_CASE(case_of_letters_does_not_matter) {
    packet.question = dns_question_bytes("2.0.0.127.LIST.example");
    packet.answers = {address_record(two, 300, dns_name("2.0.0.127.list.EXAMPLE"))};
    BOOST_TEST(read().addresses.size() == 1u);
}

BOOST_AUTO_TEST_CASE(aliases_are_followed) {
    alias(asked, "a.example", 30);
    alias("a.example", "b.example");
    packet.answers.push_back(address_record(two, 300, dns_name("b.example")));
    BOOST_TEST(read().addresses.size() == 1u);
    BOOST_TEST((read().ttl == 30s));
}

BOOST_AUTO_TEST_CASE(other_names_list_nobody) {
    packet.answers = {address_record(two, 300, dns_name("3.0.0.127.list.example")),
                      address_record(two, 300, dns_name("list.example"))};
    BOOST_TEST(read().usable);
    BOOST_TEST(read().addresses.empty());
    packet.answers.clear(); // and a dot within a label makes no other name
    packet.answers.push_back(
        address_record(two, 300, std::string("\x0e") + "2.0.0.127.list" + dns_name("example")));
    BOOST_TEST(read().addresses.empty());
}

BOOST_AUTO_TEST_CASE(other_classes_and_types_list_nobody) {
    auto bytes = packet.bytes();
    bytes[7] = 2; // records: one of class CHAOS, one of IPv6
    bytes += "\xc0\x0c" + big_endian(dns_a, 2) + big_endian(3, 2) + big_endian(300, 4) +
             big_endian(4, 2) + big_endian(two, 4);
    bytes += dns_record{{}, 28, 300, std::string(16, '\x7f')}.bytes();
    auto const found = read_dns_answer(bytes, asked);
    BOOST_TEST(found.usable);
    BOOST_TEST(found.addresses.empty());
}

BOOST_AUTO_TEST_CASE(refusals_are_no_answer) {
    struct {
        unsigned rcode;
        char const* why;
    } const rows[] = {{1, "FORMERR"},
                      {2, "SERVFAIL"},
                      {4, "NOTIMP"},
                      {5, "REFUSED"},
                      {9, "error of the name server"}};
    packet.answers = {address_record(two)};
    for (auto const& row : rows) {
        packet.rcode = row.rcode;
        BOOST_TEST(!read().usable);
        BOOST_TEST(read().why == row.why);
    }
}

BOOST_AUTO_TEST_CASE(answer_to_another_question_is_none) {
    packet.answers = {address_record(two)};
    packet.question = dns_question_bytes("3.0.0.127.list.example");
    BOOST_TEST(read().why == "answer to another question");
    packet.question = dns_name(asked) + big_endian(dns_txt, 2) + big_endian(1, 2);
    BOOST_TEST(read().why == "answer to another question");
    packet.question.clear();
    BOOST_TEST(!read().usable);
}

BOOST_AUTO_TEST_CASE(questions_and_truncated_answers_are_none) {
    packet.answers = {address_record(two)};
    packet.more_flags = 0x0200;
    BOOST_TEST(read().why == "truncated answer");
    packet.more_flags = 0x2800; // an update
    BOOST_TEST(!read().usable);
    packet.more_flags = 0;
    auto bytes = packet.bytes();
    bytes[2] &= 0x7f;
    BOOST_TEST(!read_dns_answer(bytes, asked).usable);
}

BOOST_AUTO_TEST_CASE(loops_end) {
    std::string const to_itself("\xc0\x28", 2); // 40: where the first record begins
    BOOST_TEST(packet.bytes().size() == 40u);
    packet.answers = {address_record(two, 300, to_itself)};
    BOOST_TEST(!read().usable);
    packet.answers = {address_record(two, 300, std::string("\xff\xff", 2))}; // far ahead
    BOOST_TEST(!read().usable);
    packet.answers.clear();
    for (int i = 0; i < 5; ++i) {
        alias(asked, "a.example");
        alias("a.example", asked);
    }
    packet.answers.push_back(address_record(two));
    BOOST_TEST(read().why == "too many records");
}

BOOST_AUTO_TEST_CASE(huge_answers_are_not_read_to_their_end) {
    packet.answers.assign(most_dns_addresses, address_record(two));
    BOOST_TEST(read().usable);
    packet.answers.push_back(address_record(two));
    BOOST_TEST(read().why == "too many records");
    BOOST_TEST(!read().usable);
}

BOOST_AUTO_TEST_CASE(lengths_that_do_not_fit_are_malformed) {
    for (std::size_t const size : {0U, 3U, 5U, 16U}) {
        packet.answers = {{{}, dns_a, 300, std::string(size, '\x7f')}};
        BOOST_TEST(!read().usable, "an address of " << size << " bytes");
    }
    packet.answers = {{{}, dns_cname, 300, dns_name("a.example") + "x"}};
    BOOST_TEST(!read().usable);
    packet.answers = {address_record(two, 300, std::string("\x80", 1) + std::string(40, 'x'))};
    BOOST_TEST(!read().usable);
    std::string endless;
    for (int i = 0; i < 10; ++i) endless += '\x3f' + std::string(63, 'x');
    packet.answers = {address_record(two, 300, endless + '\0')};
    BOOST_TEST(!read().usable);
}

BOOST_AUTO_TEST_CASE(packet_cut_off_anywhere_lists_nobody) {
    alias(asked, "a.example");
    packet.answers.push_back(address_record(two, 300, dns_name("a.example")));
    auto const whole = packet.bytes();
    for (std::size_t size = 0; size < whole.size(); ++size) {
        std::string const part = whole.substr(0, size); // so that a sanitizer sees its end
        BOOST_TEST(!read_dns_answer(part, asked).usable, size);
    }
    BOOST_TEST(read().usable);
}

BOOST_AUTO_TEST_CASE(any_byte_may_be_another) {
    alias(asked, "a.example");
    packet.answers.push_back(address_record(two, 300, dns_name("a.example")));
    packet.authorities = {authority_record(60, 60)};
    auto const whole = packet.bytes();
    bool none_is_made_up = true;
    for (std::size_t at = 0; at < whole.size(); ++at)
        for (int value = 0; value < 256; ++value) {
            auto bytes = whole;
            bytes[at] = static_cast<char>(value);
            for (auto const one : read_dns_answer(bytes, asked).addresses)
                none_is_made_up = none_is_made_up && bytes.find(big_endian(one, 4)) != bytes.npos;
        }
    BOOST_TEST(none_is_made_up);
}

BOOST_AUTO_TEST_CASE(time_with_its_highest_bit_set_is_none) { // RFC 2181 8
    packet.answers = {address_record(two, 0x80000000)};
    BOOST_TEST((read().ttl == 0s));
}

BOOST_AUTO_TEST_SUITE_END()
