// SPDX-License-Identifier: BSL-1.0
// tests/rule/s25r.cpp - names of clients, and which of the published rules each of them meets
//
// The column was written by hand, from the rules in words. The six regular expressions that were published are a second
// opinion, one by one, so that neither a slip of the hand nor of the code goes unseen.

#include "rule/s25r.hpp"

#include "rule/match.hpp"

#include <boost/test/unit_test.hpp>

#include <iterator>
#include <string>
#include <string_view>

using milter::rule::is_s25r;
using milter::rule::pattern;

namespace {

struct row {
    std::string_view name;
    std::string_view rules; ///< numbers of those that it meets; empty: it is not suspicious
};

// clang-format off
constexpr row rows[] = {
    // rule 0: no name
    {"unknown", "0"},
    {"[192.0.2.1]", "0"},
    {"[203.0.113.77]", "0"},
    {"[2001:db8::1]", "0"},
    {"[IPv6:2001:db8::5]", "0"},
    {"unknown.example.com", ""},
    {"unknown1.example.com", ""},
    {"localhost", ""},

    // names of mail servers
    {"mail.example.com", ""},
    {"mx.example.com", ""},
    {"mx1.example.com", ""},
    {"mx01.example.com", ""},
    {"mx-1.example.com", ""},
    {"mx10.mail.example.com", ""},
    {"mail2.example.org", ""},
    {"smtp.example.net", ""},
    {"smtp-out.example.net", ""},
    {"out-3.smtp.example.net", ""},
    {"mail-oi1.example.com", ""},
    {"o1.email.example.com", ""},
    {"mx0a.relay.example", ""},
    {"mout1.example.de", ""},
    {"mout.kunden.example", ""},
    {"m15.mail.163.example", ""},
    {"m15.163.example.com", ""},
    {"mail.163.example.com", ""},
    {"mail.5.example.com", ""},
    {"a.b.5.pop.example.com", ""},
    {"v4.example.com", ""},
    {"ipv6.example.com", ""},
    {"node-ab12.example.com", ""},
    {"cafebabe.example.com", ""},
    {"cable9.example.org", ""},
    {"fttx-9.example.org", ""},
    {"_dmarc.example.com", ""},
    {"xn--bcher-kva.example", ""},
    {"xn--9caa.example.com", ""},
    {"5.example.com", ""},
    {"3com.example.com", ""},
    {"x.7.example.com", ""},

    // rule 1: two numbers in the first label
    {"1-2-3-4.example.com", "1"},
    {"host-192-0-2-5.example.com", "1"},
    {"ip192-0-2-5.example.com", "1"},
    {"a1234b5.example.com", "1"},
    {"c0a8fe05.example.com", "1"},
    {"cpe-192-0-2-33.example.net", "1"},
    {"pool-198-51-100-7.east.example.net", "1"},
    {"c-203-0-113-9.hsd1.example.net", "1"},
    {"customer-203-0-113-9.example.org", "1"},
    {"static-203-0-113-9.example.org", "1"},
    {"9-113-0-203.example.org", "1"},
    {"cable-9-1.example.org", "1"},
    {"p1234-ipbf205marunouchi.tokyo.example.ne.jp", "1"},
    {"fl1-203-0-113-9.tky.mesh.example.jp", "1"},
    {"ip-192-0-2-1.ec2.internal", "1"},
    {"ip-192-0-2-1.eu-west-1.compute.internal", "1"},
    {"ec2-192-0-2-1.compute-1.example.com", "1"},
    {"mail-a0-f41.example.com", "1"},
    {"mail-qt1-f180.example.com", "1"},
    {"a27-41.smtp-out.example.com", "1"},
    {"mta-70-2-5.example.com", "1"},
    {"nm5-vm2.bullet.mail.example.com", "1"},
    {"sonic305-21.consmr.mail.ne1.example.com", "1"},
    {"node-1a2b.example.com", "1"},
    {"mail-ipv4-1.example.com", "1"},
    {"2001-db8--1.example.net", "1"},
    {"xn--80ak6aa.example.com", "1"},
    {"host-1-2.", "1"},
    {"1-2.a", "1"},
    {"1-2", ""},
    {"host-1-2", ""},
    {"host1.2-3x", "4"},
    {"h1.h2.example.com", ""},

    // rule 2: five digits in the first label
    {"p12345.example.com", "2"},
    {"12345.example.com", "2"},
    {"host12345.example.com", "2"},
    {"h123456.pool.example.net", "2"},
    {"x00001.example.com", "2"},
    {"00000.example.com", "2"},
    {"12345", "2"},
    {"ab12345", "2"},
    {"kd203000113009.ppp-bb.example.ne.jp", "2"},
    {"nttkyo123456.example.ne.jp", "2"},
    {"softline203000113009.tokyo.example", "2"},
    {"o1678912345.outbound-mail.example.net", "2"},
    {"a12345b6.example.com", "12"},
    {"p12345-ipbf205marunouchi.tokyo.example.ne.jp", "12"},
    {"c0a80005.example.com", "12"},
    {"mx0a-00112233.relay.example", "12"},
    {"host1234.example.com", ""},
    {"a1234b.example.com", ""},
    {"0000.example.com", ""},
    {"1234", ""},
    {"mail.12345.example.com", ""},
    {"mail.host12345.example.com", ""},
    {"1234.56789.example", ""},

    // rule 3: a label that begins with a digit, and three or more behind it
    {"5.mail.example.com", "3"},
    {"5.2.example.com", "3"},
    {"mail.5.pop.example.com", "3"},
    {"3com.mail.example.com", "3"},
    {"163.mail.example.com", "3"},
    {"2mx.a.b.example.org", "3"},
    {"7a.example.co.uk", "3"},
    {"7.example.co.uk", "3"},
    {"x.7.example.co.uk", "3"},
    {"5.MAIL.EXAMPLE.COM", "3"},
    {"host.192-0-2.pool.example.com", "3"},
    {"5.a..example.com", "3"},
    {"192-0-2-5.dynamic.example.com", "13"},
    {"203-0-113-9.static.example.org", "13"},
    {"12345.pool.example.com", "23"},
    {"5.2.0.192", ""},
    {"192.0.2.1", ""},
    {"7.8.9.10", ""},
    {"5..pop.example.com", ""},
    {"5.a..com", ""},
    {".5.pop.example.com", ""},
    {"5.dot.com.", ""},
    {"5.a.b.1", ""},
    {"5.a.b.1x", ""},
    {"5.a.b.x1", "3"},

    // rule 4: a number, and a range in the label behind it
    {"host5.192-0.example.com", "4"},
    {"host5.192-0-2.example.com", "4"},
    {"host5.a1-2b.example.com", "4"},
    {"host-5.10-20.example.com", "4"},
    {"h9.1-0", "4"},
    {"5.1-2.example.com", "34"},
    {"a1b2.3-4.example.com", "14"},
    {"user7.10-0-0.rev.example.net", "345"},
    {"host5.192-0-2.pool.example.com", "345"},
    {"host.192-0-2.example.com", ""},
    {"hosta.a1-2.example.com", ""},
    {"host5.a1-b2.example.com", ""},
    {"host5.1--2.example.com", ""},
    {"h9.x.1-0.example.com", ""},
    {"host5-.1-2.example.com", ""},
    {"host5.-1.example.com", ""},
    {"host5.1-.example.com", ""},

    // rule 5: five levels, of which the first two end with digits
    {"a1.b2.c.example.com", "5"},
    {"a1.b2.c3.example.com", "5"},
    {"host1.rack2.dc.example.com", "5"},
    {"host1.rack2.dc3.site.example.com", "5"},
    {"host1.rack2.example.co.uk", "5"},
    {"w2.net4.example.co.jp", "5"},
    {"p5.n3.dial.example.com", "5"},
    {"p5.n3.d.e.f.example.com", "5"},
    {"pl1234.nas931.p-osaka.example.ne.jp", "5"},
    {"host5.a1-b2.c.example.com", "5"},
    {"1.2.3.4.5", "5"},
    {"s1.s2.s3.s4.s5", "5"},
    {"a1.b2.c.com.", "5"},
    {"a1.b2.c...", "5"},
    {"c-203-0-113-9.hsd1.ca.example.net", "15"},
    {"ec2-192-0-2-1.compute-1.cloud.example.com", "15"},
    {"192.0.2.5.example.com", "35"},
    {"5.2.0.192.example.com", "35"},
    {"5.6.dial.example.com", "35"},
    {"203.0.113.9.static.example.org", "35"},
    {"1.0.0.127.in-addr.arpa", "35"},
    {"1.0.0.0.ip6.example.net", "35"},
    {"m15.163.mail.example.com", "35"},
    {"a1.b2.example.com", ""},
    {"a1.b.c.example.com", ""},
    {"a.b2.c.example.com", ""},
    {"host1.rack2.co.uk", ""},
    {"p5.n.d3.dial.example.com", ""},
    {"p5a.n3.dial.example.com", ""},
    {"p5.n3a.dial.example.com", ""},
    {"p5-.n3.dial.example.com", ""},
    {"s1.s2.s3.s4", ""},
    {"a1.b2..c.com", ""},
    {"a1.b2.c..com", ""},

    // rule 6: named after how lines are connected
    {"dhcp5.example.com", "6"},
    {"dhcp-5.example.com", "6"},
    {"dialup9.example.com", "6"},
    {"dialup-a9.example.com", "6"},
    {"ppp9.example.com", "6"},
    {"ppp-9.dialup.example.com", "6"},
    {"pppoe7.example.com", "6"},
    {"dsl7.example.com", "6"},
    {"adsl7.example.com", "6"},
    {"cdsl7.example.com", "6"},
    {"hdsl7.example.com", "6"},
    {"rdsl7.example.com", "6"},
    {"sdsl7.example.com", "6"},
    {"vdsl7.example.com", "6"},
    {"xdsl7.example.com", "6"},
    {"adsl-pool2.example.com", "6"},
    {"dslam1.example.com", "6"},
    {"dhcpd1.example.com", "6"},
    {"dsl1", "6"},
    {"ADSL7.Example.Com", "6"},
    {"dhcp-192-0-2-5.example.com", "16"},
    {"adsl-12-34.example.com", "16"},
    {"dialup12345.example.com", "26"},
    {"dsl1-2.3-4.pool.example.net", "13456"},
    {"dhcp.example.com", ""},
    {"dhcp.5.example.com", ""},
    {"dialup.example.com", ""},
    {"ppp.example.com", ""},
    {"pppoe.example.com", ""},
    {"adsl-pool.example.com", ""},
    {"bdsl7.example.com", ""},
    {"idsl7.example.com", ""},
    {"ydsl7.example.com", ""},
    {"aadsl7.example.com", ""},
    {"my-dhcp5.example.com", ""},
    {"mydsl7.example.com", ""},
    {"host-ppp9.example.com", ""},
    {"pp9.example.com", ""},
    {"dsl", ""},
};
// clang-format on

/// Source: H. Asami, "The Selective SMTP Rejection (S25R) Spam Blocking System".
struct published {
    char number;
    std::string_view expression;
    bool ignores_case;
};
constexpr published expressions[] = {
    {'1', R"(^[^.]*[0-9][^0-9.]+[0-9].*\.)", false},
    {'2', R"(^[^.]*[0-9]{5})", false},
    {'3', R"(^([^.]+\.)?[0-9][^.]*\.[^.]+\..+\.[a-z])", true},
    {'4', R"(^[^.]*[0-9]\.[^.]*[0-9]-[0-9])", false},
    {'5', R"(^[^.]*[0-9]\.[^.]*[0-9]\.[^.]+\..+\.)", false},
    {'6', R"(^(dhcp|dialup|ppp|[achrsvx]?dsl)[^.]*[0-9])", true},
};

std::string rules_met_by(std::string_view name) {
    std::string met;
    if (name == "unknown" || name.front() == '[') met += '0';
    for (auto const& one : expressions)
        if (pattern::compile(one.expression, one.ignores_case).value->matches(name))
            met += one.number;
    return met;
}

} // namespace

BOOST_AUTO_TEST_SUITE(s25r)

BOOST_AUTO_TEST_CASE(names_are_judged_as_in_the_table) {
    static_assert(std::size(rows) >= 200);
    for (auto const& one : rows) BOOST_TEST(is_s25r(one.name) == !one.rules.empty(), one.name);
}

BOOST_AUTO_TEST_CASE(published_expressions_say_the_same_of_each_rule) {
    for (auto const& one : rows)
        BOOST_TEST(rules_met_by(one.name) == one.rules, one.name << " meets " << one.rules);
}

BOOST_AUTO_TEST_CASE(each_rule_decides_alone_somewhere) {
    for (std::string_view const number : {"0", "1", "2", "3", "4", "5", "6"}) {
        bool is_there = false;
        for (auto const& one : rows) is_there = is_there || one.rules == number;
        BOOST_TEST(is_there, number);
    }
}

BOOST_AUTO_TEST_CASE(no_name_at_all_is_suspicious) { BOOST_TEST(is_s25r("")); }

BOOST_AUTO_TEST_SUITE_END()
