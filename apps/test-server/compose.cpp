// SPDX-License-Identifier: BSL-1.0
// test-server/compose.cpp - the messages of a session, from mail files and from options
#include "test-server/compose.hpp"

#include <milter/message/envelope.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace milter::test_server {

namespace {

constexpr char const* usual_sender = "sender@example.com";
constexpr char const* usual_recipient = "receiver@example.org";
constexpr char const* usual_body = "A message of milter-test-server.\r\n";

bool has(std::vector<mail_header> const& headers, std::string_view name) {
    return std::any_of(headers.begin(), headers.end(),
                       [&](mail_header const& one) { return message::same_name(one.name, name); });
}

std::vector<std::string> addresses_of(std::vector<mail_header> const& headers,
                                      std::string_view name) {
    std::vector<std::string> all;
    for (auto const& one : headers)
        if (message::same_name(one.name, name))
            for (auto& address : addresses_in(one.value)) all.push_back(std::move(address));
    return all;
}

void add_envelope(message_plan& to, message_texts const& said) {
    auto from = addresses_of(to.headers, "From");
    from.emplace_back(usual_sender);
    to.sender = parse_path(said.sender.empty() ? from.front() : said.sender);
    auto recipients = said.recipients.empty() ? addresses_of(to.headers, "To") : said.recipients;
    if (recipients.empty()) recipients.emplace_back(usual_recipient);
    for (auto const& one : recipients) to.recipients.push_back(parse_path(one));
}

void add_headers(message_plan& to, message_texts const& said) {
    for (auto const& text : said.headers) {
        auto header = parse_header(text);
        if (header.name.empty())
            throw std::invalid_argument("--header: expected NAME:VALUE instead of \"" + text +
                                        "\"");
        to.headers.push_back(std::move(header));
    }
}

/// As the user cut them; the message ends with a line end.
void add_chunks(message_plan& to, message_texts const& said) {
    for (auto const& chunk : said.chunks) to.chunks.push_back(with_crlf(chunk));
    if (!to.chunks.empty() && !to.chunks.back().ends_with("\r\n")) to.chunks.back() += "\r\n";
}

} // namespace

message_plan compose(message_texts const& said) {
    message_plan one;
    std::vector<mail_header> given;
    add_headers(one, said);
    given = std::move(one.headers);
    one.headers.clear();
    auto const sender = parse_path(said.sender.empty() ? usual_sender : said.sender).address;
    auto const recipient =
        parse_path(said.recipients.empty() ? usual_recipient : said.recipients.front()).address;
    if (!has(given, "From")) one.headers.push_back({"From", " " + sender});
    if (!has(given, "To")) one.headers.push_back({"To", " " + recipient});
    one.headers.insert(one.headers.end(), given.begin(), given.end());
    add_envelope(one, said);
    add_chunks(one, said);
    if (said.chunks.empty()) one.chunks.emplace_back(usual_body);
    return one;
}

message_plan compose(mail file, message_texts const& said) {
    message_plan one;
    one.headers = std::move(file.headers);
    add_envelope(one, said);
    add_headers(one, said);
    if (said.chunks.empty() && !file.body.empty())
        one.chunks.push_back(std::move(file.body));
    else
        add_chunks(one, said);
    return one;
}

} // namespace milter::test_server
