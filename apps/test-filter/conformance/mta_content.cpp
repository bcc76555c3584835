// SPDX-License-Identifier: BSL-1.0
// test-filter/conformance/mta_content.cpp - one session with the MTA that is judged: what its commands hold
#include "test-filter/conformance/mta_judge.hpp"
#include <milter/wire/describe.hpp>

#include <fmt/format.h>

#include <arpa/inet.h>

namespace milter::test_filter {

namespace {

bool is_address(int family, std::string_view text) {
    unsigned char room[sizeof(in6_addr)];
    return ::inet_pton(family, std::string(text).c_str(), room) == 1;
}

} // namespace

void mta_judge::judge_content(wire::any_command const& command) {
    if (auto const* client = std::get_if<wire::connect>(&command)) return judge_client(*client);
    if (auto const* sender = std::get_if<wire::mail>(&command)) return judge_args(sender->args);
    if (auto const* recipient = std::get_if<wire::rcpt>(&command))
        return judge_args(recipient->args);
    if (auto const* header = std::get_if<wire::header>(&command)) return judge_header(*header);
    if (auto const* chunk = std::get_if<wire::body>(&command)) return judge_body(chunk->bytes);
    if (auto const* line = std::get_if<wire::unknown>(&command)) {
        seen_.saw("94");
        if (line->line.find_first_of("\r\n") != line->line.npos)
            seen_.found("94", wire::quoted(line->line));
    }
}

void mta_judge::judge_client(wire::connect const& client) {
    auto const words = wire::describe(wire::any_command(client));
    switch (client.family) {
    case wire::family::unknown: return seen_.saw("66");
    case wire::family::unix_path:
        seen_.saw("67");
        if (client.port != 0) seen_.found("67", words);
        return;
    case wire::family::inet:
        seen_.saw("65");
        seen_.saw("72");
        if (!is_address(AF_INET, client.address)) seen_.found("65", words);
        return;
    case wire::family::inet6: {
        seen_.saw("68");
        auto const bare = wire::without_ipv6_tag(client.address);
        if (!is_address(AF_INET6, bare)) seen_.found("68", words);
        if (bare.substr(0, 7) == "::ffff:") seen_.found("72", words);
        return;
    }
    }
}

/// As what is behind it is left aside when it is decoded.
void mta_judge::judge_end_of(wire::connect const& client, std::size_t payload_bytes) {
    if (client.family != wire::family::unknown) return;
    auto const whole = client.hostname.size() + 2; // its NUL, and the family
    if (payload_bytes > whole)
        seen_.found("66", fmt::format("{} bytes behind the family", payload_bytes - whole));
}

void mta_judge::judge_args(wire::zstr_list args) {
    for (auto const one : args) {
        seen_.saw("75");
        if (one.find(' ') != one.npos) seen_.found("75", wire::quoted(one));
    }
}

void mta_judge::judge_header(wire::header const& header) {
    seen_.saw("81");
    if (header.name.empty() || header.name.find(':') != header.name.npos)
        seen_.found("81", wire::quoted(header.name));
    auto const value = header.value;
    seen_.saw("82");
    bool folded_well = value.find('\r') == value.npos;
    for (auto at = value.find('\n'); at != value.npos; at = value.find('\n', at + 1))
        folded_well =
            folded_well && at + 1 < value.size() && (value[at + 1] == ' ' || value[at + 1] == '\t');
    if (!folded_well) seen_.found("82", wire::quoted(value));
    ++values_;
    if (!value.empty() && value.front() == ' ') ++blank_values_;
    constexpr std::size_t enough = 3; // of one header the blank may be the sender's
    if (values_ < enough) return;
    bool const as_it_stands = wire::any(agreed_.steps, wire::step::leading_space);
    auto const* id = as_it_stands ? "85" : "84";
    seen_.saw(id);
    if (as_it_stands && blank_values_ == 0) seen_.found(id, "no value begins with a blank");
    if (!as_it_stands && blank_values_ == values_)
        seen_.found(id, "each value begins with a blank");
}

void mta_judge::judge_body(std::string_view bytes) {
    seen_.saw("88");
    seen_.saw("89");
    if (bytes.empty()) seen_.found("89", "an empty chunk");
    if (bytes.size() > wire::default_data_limit)
        seen_.found("89", fmt::format("{} bytes", bytes.size()));
    for (char const c : bytes) {
        if (c == '\n' && last_byte_ != '\r') seen_.found("88", "LF without CR");
        if (c != '\n' && last_byte_ == '\r') seen_.found("88", "CR without LF");
        last_byte_ = c;
    }
}

} // namespace milter::test_filter
