// SPDX-License-Identifier: BSL-1.0
// test-server/profile.cpp - Postfix, Sendmail, and what no MTA is
#include "test-server/profile.hpp"

#include <milter/proto/negotiation.hpp>

#include <algorithm>
#include <stdexcept>

namespace milter::test_server {

namespace {

using code = wire::command_code;

constexpr auto actions_of_v2 = static_cast<wire::action>(0x3f); // protocol.md 2.2
constexpr char const* tls_macros =
    "{tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer}";
constexpr char const* host = "mail.example.com";
constexpr char const* address = "192.168.123.1";

mta_profile postfix(std::string name, std::string about, std::string_view version) {
    mta_profile one;
    one.name = std::move(name);
    one.about = std::move(about);
    one.macros = {
        {code::connect, "j {daemon_name} {daemon_addr} v _"},
        {code::helo, tls_macros},
        {code::mail,
         "i {auth_type} {auth_authen} {auth_author} {mail_addr} {mail_host} {mail_mailer}"},
        {code::rcpt, "i {rcpt_addr} {rcpt_host} {rcpt_mailer}"},
        {code::data, "i"},
        {code::end_of_headers, "i"},
        {code::end_of_message, "i"}};
    one.values = {{"j", host},
                  {"{daemon_name}", host},
                  {"{daemon_addr}", address},
                  {"{daemon_port}", "25"},
                  {"v", "Postfix " + std::string(version)},
                  {"{mail_mailer}", "smtp"},
                  {"{rcpt_mailer}", "local"}};
    one.macros_for_each_command = true;
    one.aborts_each_message = true;
    one.aborts_before_quit = true;
    one.quits_with_the_refused = false;
    one.skip_ends_headers = true;
    one.longest_header = 60'000;
    return one;
}

mta_profile sendmail() {
    mta_profile one;
    one.name = "sendmail-8.17";
    one.about = "Sendmail 8.17.1";
    one.rules = message::header_rules::sendmail;
    one.how = proto::strictness::strict;
    one.macros = {{code::connect, "j _ {daemon_name} {if_name} {if_addr}"},
                  {code::helo, tls_macros},
                  {code::mail, "i {auth_type} {auth_authen} {auth_ssf} {auth_author} {mail_mailer} "
                               "{mail_host} {mail_addr}"},
                  {code::rcpt, "{rcpt_mailer} {rcpt_host} {rcpt_addr}"},
                  {code::end_of_message, "{msg_id}"}};
    one.values = {{"j", host},
                  {"{daemon_name}", "MTA"},
                  {"{daemon_addr}", address},
                  {"{daemon_port}", "25"},
                  {"{if_name}", host},
                  {"{if_addr}", address},
                  {"v", "8.17.1"},
                  {"{mail_mailer}", "esmtp"},
                  {"{rcpt_mailer}", "local"}};
    one.id_with_sender = true;
    one.tags_ipv6 = true;
    one.most_headers = 32'768;
    one.replies.reject_early = "550 5.0.0 Command rejected";
    one.replies.reject_content = "554 5.7.1 Command rejected";
    one.replies.tempfail = "451 4.3.2 Please try again later";
    one.replies.drops_the_malformed = false;
    one.replies.replaces_lone_percent = true;
    one.replies.names_the_address = true;
    return one;
}

/// What the protocol asks of every milter, and nothing besides.
mta_profile minimal() {
    auto one = postfix("minimal-v2",
                       "version 2 of the protocol: no DATA, no SKIP, no lists of macros", "");
    one.offer.version = 2;
    one.offer.actions = actions_of_v2;
    one.offer.steps = proto::steps_of(2);
    std::erase_if(one.values, [](auto const& value) { return value.first == "v"; });
    one.aborts_before_quit = false;
    one.skip_ends_headers = false;
    one.longest_header = 0;
    one.replies.drops_the_malformed = false;
    return one;
}

mta_profile strict() {
    auto one = postfix("strict", "takes no answer beyond what it offered, whoever would", "3.7.11");
    one.how = proto::strictness::strict;
    return one;
}

} // namespace

std::vector<mta_profile> const& mta_profiles() {
    static std::vector<mta_profile> const all = {
        postfix("postfix-3.7", "Postfix 3.7.11", "3.7.11"),
        postfix("postfix-3.11", "Postfix 3.11 (from its source, not measured)", "3.11.0"),
        sendmail(),
        minimal(),
        strict(),
    };
    return all;
}

mta_profile const& find_profile(std::string_view name) {
    auto const& all = mta_profiles();
    auto const found =
        std::find_if(all.begin(), all.end(), [&](auto const& one) { return one.name == name; });
    if (found != all.end()) return *found;
    std::string known;
    for (auto const& one : all) known += (known.empty() ? "" : ", ") + one.name;
    throw std::invalid_argument("there is no MTA \"" + std::string(name) + "\", only " + known +
                                "; or a file, FILE.toml");
}

mta_profile with_usual_macros(mta_profile base) {
    base.replies.drops_the_malformed = false; // they are shown
    base.macros[code::connect] +=
        " {client_addr} {client_name} {client_port} {client_ptr} {client_resolve}";
    for (auto const& [name, value] :
         {std::pair("{tls_version}", "TLSv1.3"), std::pair("{cipher}", "TLS_AES_256_GCM_SHA384"),
          std::pair("{cipher_bits}", "256")})
        base.values.emplace_back(name, value);
    return base;
}

} // namespace milter::test_server
