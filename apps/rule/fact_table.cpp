// SPDX-License-Identifier: BSL-1.0
// rule/fact_table.cpp
#include "rule/fact_table.hpp"

#include <algorithm>

namespace milter::rule {

namespace {

using enum argument_kind;
using enum quantity;

// clang-format off
constexpr fact_row rows[] = {
    {fact::listener, "listener", type::text, stage::start,
        "socket of [[listen]] at which the MTA came in, as the configuration spells it", R"(listener == "inet:10025@127.0.0.1")"},
    {fact::profile, "profile", type::text, stage::start,
        "profile of that listener; empty: none", R"(profile == "submission")"},
    {fact::load_sessions, "load.sessions", type::integer, stage::start,
        "MTA connections at the moment it came, itself included", "load.sessions > 800"},
    {fact::load_listener_sessions, "load.listener_sessions", type::integer, stage::start,
        "the same of its listener alone", "load.listener_sessions >= 100"},
    {fact::load_cpu, "load.cpu", type::percent, stage::start,
        "share of the machine's CPUs that was busy in the last second; unavailable when the system does not say", "load.cpu > 90%"},
    {fact::load_busy, "load.busy()", type::percent, stage::start,
        "sessions at the milter, of its max_sessions; 0% without that limit", R"(load.busy("spamassassin") >= 80%)", argument_kind::milter},
    {fact::load_process_limit, "load.process_limit", type::integer, stage::start,
        "how many SMTP servers Postfix may run; unavailable with other MTAs", "load.sessions >= or_else(load.process_limit, 1000)"},
    {fact::load_of_limit, "load.of_limit", type::percent, stage::start,
        "MTA connections, of load.process_limit; unavailable with other MTAs", "or_else(load.of_limit, 0%) >= 75%"},

    {fact::client_address, "client.address", type::ip, stage::connect,
        "IP address of the SMTP client; unavailable when it has none", R"(client.address in "192.0.2.0/24")"},
    {fact::client_name, "client.name", type::domain, stage::connect,
        "its name, as the MTA found it: \"unknown\" or the address in brackets when it found none", R"(client.name under "example.com")"},
    {fact::client_port, "client.port", type::integer, stage::connect,
        "its port; 0 when the MTA does not say", "client.port < 1024"},
    {fact::client_family, "client.family", type::text, stage::connect,
        "how it came", R"(client.family == "inet6")", none, one, "inet inet6 unix unknown"},
    {fact::client_ptr, "client.ptr", type::domain, stage::connect,
        "name of its address, not checked the other way round: macro {client_ptr}; empty when the MTA does not say", R"(client.ptr under "dyn.example.net")"},
    {fact::client_resolved, "client.resolved", type::boolean, stage::connect,
        "its name was found, and leads back to its address", "not client.resolved"},
    {fact::mta_name, "mta.name", type::text, stage::connect,
        "which MTA this is", R"(mta.name == "postfix")", none, one, "postfix sendmail"},
    {fact::mta_version, "mta.version", type::text, stage::connect,
        "what it says about itself: macro v", R"(mta.version starts_with "8.17")"},
    {fact::dnsbl, "dnsbl()", type::boolean, stage::connect,
        "the client is in the block list [dnsbl.\"ZONE\"]; unavailable when that does not answer", R"(dnsbl("zen.spamhaus.org"))", zone},
    {fact::dnswl, "dnswl()", type::boolean, stage::connect,
        "the client is in the allow list [dnswl.\"ZONE\"]; unavailable when that does not answer", R"(not dnswl("list.dnswl.org"))", zone},

    {fact::helo, "helo", type::domain, stage::helo,
        "what the client calls itself", R"(helo == "localhost")"},

    {fact::sender, "sender", type::mail, stage::mail,
        "address of MAIL FROM, without brackets", R"(sender in ["news@example.com", "<>"])"},
    {fact::sender_local, "sender.local", type::text, stage::mail,
        "what stands in front of the last @ in it", R"(sender.local starts_with "bounce-")"},
    {fact::sender_domain, "sender.domain", type::domain, stage::mail,
        "what stands behind it; empty when nothing does", R"(sender.domain under ["example.com", "example.org"])"},
    {fact::sender_null, "sender.null", type::boolean, stage::mail,
        "it is <>, as in a bounce", "sender.null"},
    {fact::sender_parameter, "sender.parameter()", type::text, stage::mail,
        "value of an ESMTP parameter of MAIL; empty when it is not there", R"(sender.parameter("BODY") == "8BITMIME")", parameter},
    {fact::declared_size, "declared_size", type::size, stage::mail,
        "size that the client announced (SIZE=); unavailable when it did not", "or_else(declared_size, 0B) > 10MiB"},
    {fact::tls_present, "tls.present", type::boolean, stage::mail,
        "the client uses TLS: macro {tls_version}", "not tls.present"},
    {fact::tls_version, "tls.version", type::text, stage::mail,
        "its version; empty without TLS, as the others", R"(tls.version == "TLSv1.3")"},
    {fact::tls_cipher, "tls.cipher", type::text, stage::mail,
        "its cipher", R"(tls.cipher contains "CHACHA20")"},
    {fact::tls_bits, "tls.bits", type::integer, stage::mail,
        "bits of its key; 0 without TLS", "tls.bits < 128"},
    {fact::tls_subject, "tls.subject", type::text, stage::mail,
        "whose certificate it has", R"(tls.subject == "partner.example.com")"},
    {fact::tls_issuer, "tls.issuer", type::text, stage::mail,
        "who issued it", R"(tls.issuer contains "Example CA")"},
    {fact::auth_present, "auth.present", type::boolean, stage::mail,
        "the client has logged in: macro {auth_type} or {auth_authen}", "auth.present"},
    {fact::auth_type, "auth.type", type::text, stage::mail,
        "how; empty when it has not, as the others", R"(auth.type == "PLAIN")"},
    {fact::auth_user, "auth.user", type::text, stage::mail,
        "as whom: macro {auth_authen}", R"(auth.user in ["newsletter", "crm"])"},
    {fact::auth_author, "auth.author", type::text, stage::mail,
        "for whom, where that is another: macro {auth_author}", R"(auth.author == "boss@example.com")"},
    {fact::auth_ssf, "auth.ssf", type::integer, stage::mail,
        "strength of the login's own encryption; 0: none", "auth.ssf > 0"},
    {fact::now, "now", type::time, stage::mail,
        "when the message began, one time for all rules of it", R"(now in "Mon-Fri 08:00-18:00")"},

    {fact::recipient, "recipient", type::mail, stage::rcpt,
        "address of a RCPT TO", R"(any(recipient == "postmaster@example.com"))", none, each_recipient},
    {fact::recipient_local, "recipient.local", type::text, stage::rcpt,
        "what stands in front of the last @ in it", R"(any(recipient.local == "abuse"))", none, each_recipient},
    {fact::recipient_domain, "recipient.domain", type::domain, stage::rcpt,
        "what stands behind it", R"(any(recipient.domain in @av_domains))", none, each_recipient},
    {fact::recipient_parameter, "recipient.parameter()", type::text, stage::rcpt,
        "value of an ESMTP parameter of RCPT", R"(none(recipient.parameter("NOTIFY") == "NEVER"))", parameter, each_recipient},
    {fact::recipients_count, "recipients.count", type::integer, stage::data,
        "how many there are", "recipients.count > 50"},

    {fact::header, "header()", type::text, stage::headers,
        "a header field of this name, without the space in front", R"(any(header("Subject") matches /^\[SPAM\]/))", argument_kind::header, each_header},
    {fact::has_header, "has_header()", type::boolean, stage::headers,
        "there is such a field", R"(has_header("List-Id"))", argument_kind::header},
    {fact::headers_count, "headers.count", type::integer, stage::headers,
        "how many fields there are", "headers.count > 200"},
    {fact::content_type, "content_type", type::text, stage::headers,
        "type of the message, in lower case and without parameters; \"text/plain\" when it does not say", R"(content_type starts_with "multipart/")"},

    {fact::body_size, "body.size", type::size, stage::message,
        "size of the body", "body.size > 5MiB"},
    {fact::message_size, "message.size", type::size, stage::message,
        "size of headers and body with all line ends, as SIZE= counts it", "message.size <= 1MiB"},
    {fact::macro, "macro()", type::text, stage::message,
        "a macro of the MTA as it was last sent; empty when it was not. Known with the stage at which MTAs send it, of one they do not know at the end", R"(macro("{daemon_name}") == "MTA-v6")", argument_kind::macro},

    {fact::milter_ran, "milter().ran", type::boolean, stage::message,
        "the milter has judged the message", R"(milter("dkim").ran)", argument_kind::milter},
    {fact::milter_verdict, "milter().verdict", type::text, stage::message,
        "its last word on it", R"(milter("spf").verdict != "accept")", argument_kind::milter, one, "none continue accept reject tempfail discard error"},
    {fact::milter_failed, "milter().failed", type::boolean, stage::message,
        "it could not be asked, or did not answer", R"(milter("dkim").failed)", argument_kind::milter},
    {fact::milter_quarantined, "milter().quarantined", type::boolean, stage::message,
        "it has the message put into quarantine", R"(not milter("rspamd").quarantined)", argument_kind::milter},
    {fact::milter_changed_body, "milter().changed_body", type::boolean, stage::message,
        "it has replaced the body", R"(milter("disclaimer").changed_body)", argument_kind::milter},
    {fact::milter_latency, "milter().latency", type::duration, stage::message,
        "how long it was waited for", R"(milter("rspamd").latency > 5s)", argument_kind::milter},
    {fact::added_header, "added_header()", type::text, stage::message,
        "a header field that a milter added: of this milter, with this name", R"(any(added_header("dkim", "Authentication-Results") contains "dkim=pass"))", milter_and_header, each_added_header},
};
// clang-format on

static_assert(std::size(rows) == fact_count);

constexpr bool is_in_order() {
    for (std::size_t i = 0; i < fact_count; ++i)
        if (rows[i].id != static_cast<fact>(i)) return false;
    return true;
}
static_assert(is_in_order());

} // namespace

std::span<fact_row const> fact_rows() noexcept { return rows; }

fact_row const* find_fact(std::string_view name) noexcept {
    auto const* const found = std::find_if(std::begin(rows), std::end(rows),
                                           [&](auto const& one) { return one.name == name; });
    return found == std::end(rows) ? nullptr : found;
}

} // namespace milter::rule
