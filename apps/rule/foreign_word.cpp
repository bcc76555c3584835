// SPDX-License-Identifier: BSL-1.0
// rule/foreign_word.cpp
#include "rule/foreign_word.hpp"

#include <algorithm>

namespace milter::rule {

namespace {

// clang-format off
constexpr foreign_word names[] = {
    {"address", "client.address"},         {"addr", "client.address"},
    {"ip", "client.address"},              {"client.ip", "client.address"},
    {"client.addr", "client.address"},     {"client_addr", "client.address"},
    {"client_address", "client.address"},  {"client_ip", "client.address"},
    {"remote_addr", "client.address"},     {"remote.address", "client.address"},
    {"name", "client.name"},               {"host", "client.name"},
    {"hostname", "client.name"},           {"rdns", "client.name"},
    {"client.host", "client.name"},        {"client.hostname", "client.name"},
    {"client.domain", "client.name"},      {"client.rdns", "client.name"},
    {"client_name", "client.name"},        {"client_ptr", "client.ptr"},
    {"port", "client.port"},               {"client_port", "client.port"},
    {"ehlo", "helo"},                      {"helo_name", "helo"},
    {"helo.name", "helo"},                 {"client.helo", "helo"},

    {"from", "sender"},                    {"mail_from", "sender"},
    {"mail.from", "sender"},               {"envelope_from", "sender"},
    {"envelope.from", "sender"},           {"return_path", "sender"},
    {"sender.address", "sender"},          {"sender_domain", "sender.domain"},
    {"from_domain", "sender.domain"},      {"sender.host", "sender.domain"},
    {"sender.user", "sender.local"},       {"sender.localpart", "sender.local"},
    {"sender.empty", "sender.null"},       {"sender.is_null", "sender.null"},
    {"size", "message.size"},              {"mail.size", "message.size"},
    {"message_size", "message.size"},      {"body.length", "body.size"},
    {"sender.size", "declared_size"},      {"size.declared", "declared_size"},

    {"auth", "auth.present"},              {"logged_in", "auth.present"},
    {"is_authenticated", "auth.present"},  {"auth.ok", "auth.present"},
    {"sasl", "auth.present"},              {"sasl_user", "auth.user"},
    {"user", "auth.user"},                 {"username", "auth.user"},
    {"auth.name", "auth.user"},            {"auth.username", "auth.user"},
    {"auth.login", "auth.user"},           {"sasl_username", "auth.user"},
    {"tls", "tls.present"},                {"encrypted", "tls.present"},
    {"tls.active", "tls.present"},         {"tls.protocol", "tls.version"},
    {"time", "now"},                       {"hour", "now"},
    {"date", "now"},                       {"cpu", "load.cpu"},

    {"to", "recipient"},                   {"rcpt", "recipient"},
    {"rcpt_to", "recipient"},              {"recipients", "recipient"},
    {"envelope.to", "recipient"},          {"recipient.address", "recipient"},
    {"recipients.domain", "recipient.domain"}, {"rcpt.domain", "recipient.domain"},
    {"recipient.user", "recipient.local"}, {"recipient.localpart", "recipient.local"},
    {"recipient.count", "recipients.count"}, {"rcpt_count", "recipients.count"},
    {"nrcpts", "recipients.count"},        {"recipients.size", "recipients.count"},

    {"subject", "header(\"Subject\")"},    {"header.subject", "header(\"Subject\")"},
    {"content.type", "content_type"},      {"mime_type", "content_type"},
    {"header.count", "headers.count"},

    {"rbl()", "dnsbl()"},                  {"headers()", "header()"},
    {"exists()", "has_header()"},          {"len()", "length()"},
    {"is_private()", "private()"},         {"random()", "sample()"},
};

constexpr foreign_word words[] = {
    {"&", "write and"},
    {"|", "write or"},
    {"!", "write not"},
    {"~", "write matches"},
    {"'", R"(write "...")"},
    {"\xe2\x80\x9c", R"(write "...")"}, // curly quotes
    {"\xe2\x80\x9d", R"(write "...")"},
    {"\xe2\x80\x9e", R"(write "...")"},
    {"\xe2\x80\x98", R"(write "...")"},
    {"\xe2\x80\x99", R"(write "...")"},
    {"{", R"(a list is ["a", "b"], a macro macro("{name}"))"},
    {"$", R"(a macro is macro("{name}"))"},
    {"#", "a comment stands outside of the expression"},
    {"-", R"(no name has a "-": milters and header fields stand in quotes)"},
    {"is", "write ==, or sender.null for the null sender"},
    {"eq", "write =="},
    {"equals", "write =="},
    {"ne", "write !="},
    {"gt", "write >"},
    {"ge", "write >="},
    {"lt", "write <"},
    {"le", "write <="},
    {"like", R"(write matches /.../, or contains "...")"},
    {"match", "write matches /.../"},
    {"regex", "write matches /.../"},
    {"regexp", "write matches /.../"},
    {"has", R"(write contains "...")"},
    {"include", R"(write contains "...")"},
    {"includes", R"(write contains "...")"},
    {"contain", R"(write contains "...")"},
    {"startswith", R"(write starts_with "...")"},
    {"begins_with", R"(write starts_with "...")"},
    {"endswith", R"(write ends_with "...")"},
    {"within", "write in"},
    {"inside", "write in"},
    {"below", "write under"},
    {"xor", "write a != b for two facts that are true or false"},
    {"then", "what a rule does stands in keys of its own: use, skip, reject, ..."},
};
// clang-format on

std::string_view meant_in(std::span<foreign_word const> table, std::string_view word) noexcept {
    auto const found = std::find_if(table.begin(), table.end(),
                                    [&](auto const& one) { return one.written == word; });
    return found == table.end() ? std::string_view() : found->meant;
}

} // namespace

std::span<foreign_word const> foreign_names() noexcept { return names; }

std::string_view name_meant_by(std::string_view written) noexcept {
    return meant_in(names, written);
}

std::string_view hint_for_word(std::string_view word) noexcept { return meant_in(words, word); }

std::string_view truth_meant_by(std::string_view word) noexcept {
    if (word == "yes" || word == "on") return "true";
    return word == "no" || word == "off" ? "false" : "";
}

bool says_nothing(std::string_view word) noexcept {
    constexpr std::string_view all[] = {"null", "none", "nil", "empty", "undef", "undefined"};
    return std::find(std::begin(all), std::end(all), word) != std::end(all);
}

} // namespace milter::rule
