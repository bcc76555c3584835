// SPDX-License-Identifier: BSL-1.0
// tests/support/dns_packet.hpp - packets of name servers, good and bad
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace support {

constexpr unsigned dns_a = 1, dns_cname = 5, dns_soa = 6, dns_txt = 16;
constexpr unsigned dns_servfail = 2, dns_nxdomain = 3, dns_refused = 5;

inline std::string big_endian(std::uint64_t value, int size) {
    std::string bytes;
    for (int shift = 8 * (size - 1); shift >= 0; shift -= 8)
        bytes.push_back(static_cast<char>(value >> shift & 0xff));
    return bytes;
}

/// With the root at its end.
inline std::string dns_name(std::string_view dotted) {
    std::string bytes;
    while (!dotted.empty()) {
        auto const label = dotted.substr(0, dotted.find('.'));
        bytes.push_back(static_cast<char>(label.size()));
        bytes += label;
        dotted.remove_prefix(label.size() < dotted.size() ? label.size() + 1 : label.size());
    }
    return bytes + '\0';
}

struct dns_record {
    std::string owner; ///< as in the packet; empty: a pointer to the question
    unsigned type = dns_a;
    unsigned ttl = 300;
    std::string data;

    std::string bytes() const {
        return (owner.empty() ? std::string("\xc0\x0c") : owner) + big_endian(type, 2) +
               big_endian(1, 2) + big_endian(ttl, 4) + big_endian(data.size(), 2) + data;
    }
};

inline dns_record address_record(std::uint32_t address, unsigned ttl = 300,
                                 std::string owner = {}) {
    return {std::move(owner), dns_a, ttl, big_endian(address, 4)};
}

inline dns_record authority_record(unsigned ttl, unsigned minimum) {
    return {{},
            dns_soa,
            ttl,
            std::string("\xc0\x0c\xc0\x0c", 4) + std::string(16, '\1') + big_endian(minimum, 4)};
}

struct dns_packet {
    unsigned id = 0;
    unsigned rcode = 0;
    unsigned more_flags = 0; ///< besides "response, recursion desired and available"
    std::string question;    ///< name, type and class, as in the packet
    std::vector<dns_record> answers;
    std::vector<dns_record> authorities;

    std::string bytes() const {
        auto all = big_endian(id, 2) + big_endian(0x8180 | more_flags | rcode, 2) +
                   big_endian(question.empty() ? 0 : 1, 2) + big_endian(answers.size(), 2) +
                   big_endian(authorities.size(), 2) + big_endian(0, 2) + question;
        for (auto const& one : answers) all += one.bytes();
        for (auto const& one : authorities) all += one.bytes();
        return all;
    }
};

inline std::string dns_question_bytes(std::string_view name) {
    return dns_name(name) + big_endian(dns_a, 2) + big_endian(1, 2);
}

} // namespace support
