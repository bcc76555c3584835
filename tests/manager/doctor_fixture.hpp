// SPDX-License-Identifier: BSL-1.0
// tests/manager/doctor_fixture.hpp - what the doctor might see, made up
#pragma once

#include "manager/config/config_toml.hpp"
#include "manager/doctor/examination.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace doctor_test {

using namespace milter::manager::doctor;
using milter::manager::listing;
using milter::manager::parse_config;
using milter::manager::postfix_settings;
using milter::manager::problem_weight;
using milter::manager::with_endpoints;
namespace wire = milter::wire;
namespace proto = milter::proto;
using namespace std::chrono_literals;

/// `weight: what` of each finding in a line, then why and lines, indented, as --verbose shows them.
inline std::string told(std::vector<finding> const& all) {
    auto text = to_text(all, shown::everything);
    text.resize(text.rfind('\n', text.size() - 2) + 1); // without the line that counts
    return text;
}

/// A Postfix as it comes.
inline postfix_settings usual_postfix() {
    postfix_settings made;
    made.found = true;
    made.smtpd_process_limit = 100;
    made.milter_macros = {
        "j {daemon_name} {daemon_addr} v _",
        "{tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer}",
        "i {auth_type} {auth_authen} {auth_author} {mail_addr} {mail_host} {mail_mailer}",
        "i {rcpt_addr} {rcpt_host} {rcpt_mailer}",
        "i",
        "i",
        "i"};
    made.milter_connect_timeout = made.milter_command_timeout = 30s;
    made.milter_content_timeout = 300s;
    made.milter_protocol = "6";
    made.milter_default_action = "tempfail";
    made.smtpd_milters = "inet:127.0.0.1:10025";
    made.message_size_limit = 10'240'000;
    made.smtpd_recipient_limit = 1000;
    made.queue_directory = "/var/spool/postfix";
    made.mail_owner = "postfix";
    return made;
}

inline constexpr std::string_view listener_part = "[[listen]]\nsocket = \"inet:10025@127.0.0.1\"\n";

inline std::string milter_part(std::string const& name, std::string const& more = {}) {
    return "[[milter]]\nname = \"" + name + "\"\nsocket = \"/run/" + name + ".sock\"\n" + more;
}

/// All that is looked at is as it should be; nothing is known of the milters.
inline facts facts_of(std::string const& text, postfix_settings postfix = usual_postfix()) {
    auto const loaded = parse_config(text, "m.toml");
    for (auto const& one : loaded.problems)
        if (one.weight == problem_weight::error) BOOST_ERROR(to_string(one) + "\n" + text);
    BOOST_REQUIRE(loaded.config);
    facts made;
    made.settings = with_endpoints(*loaded.config);
    made.user = "milter-manager";
    made.postfix = std::move(postfix);
    made.mta_user = "postfix";
    for (auto const& one : made.settings->milters) made.milters.emplace_back(one.sockets.size());
    made.listeners.resize(made.settings->listens.size());
    return made;
}

/// With a milter that answers.
inline void answers(facts& in, std::size_t milter, wire::action actions,
                    proto::macro_lists lists = {}) {
    proto::agreement agreed;
    agreed.actions = actions;
    agreed.lists = std::move(lists);
    for (auto& one : in.milters[milter]) one.heard = probe_result{{}, {}, agreed};
}

} // namespace doctor_test
