// SPDX-License-Identifier: BSL-1.0
// manager/core/config.hpp - everything the manager can be told, with its defaults and units
//
// Read once, checked as a whole, then shared by all sessions and never changed. docs/configuration.md lists the keys.
#pragma once

#include "manager/core/dns_settings.hpp"
#include "manager/core/dns_zone.hpp"
#include "manager/core/endpoint_pool.hpp"
#include "manager/core/macro_wishes.hpp"
#include "manager/core/sample.hpp"
#include "manager/core/seat.hpp"
#include "manager/core/selection.hpp"
#include "rule/book.hpp"
#include "rule/fact_table.hpp"
#include "rule/set.hpp"
#include "rule/stage.hpp"
#include <milter/endpoint.hpp>
#include <milter/message/body_store.hpp>
#include <milter/message/edit.hpp>
#include <milter/message/headers.hpp>
#include <milter/proto/negotiation.hpp>
#include <milter/proto/timeouts.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace milter::manager {

/// What a milter's failure means for the message. Nothing fails open unless `accept` was asked for.
enum class on_error { tempfail, accept, reject, quarantine, shutdown };

/// What a failure of the manager itself means: accept is not among them.
enum class on_internal_error { tempfail, reject, shutdown };

/// What it means when a milter that joins late refuses a recipient that the MTA was told is taken.
enum class late_rcpt_reject {
    message,          ///< it refuses the message: nothing is lost, as the client hears of it
    delete_recipient, ///< the message does not go to this recipient, and nobody hears of it
    ignore            ///< the message goes to this recipient all the same
};

/// Whether what a milter says counts.
enum class milter_mode {
    enforce,
    evaluate ///< it runs behind a copy of what the MTA says; its verdicts are compared, and nobody hears them
};

/// Whose habits govern header edits; `automatic` decides by the macros of CONNECT.
enum class header_rules_setting { automatic, postfix, sendmail };

struct milter_timeouts {
    proto::duration connect = std::chrono::seconds(3);
    proto::duration negotiate = std::chrono::seconds(5);
    proto::duration command = std::chrono::seconds(20);
    proto::duration content = std::chrono::seconds(60);
    proto::duration end_of_message =
        std::chrono::seconds(180); ///< restarted by every reply, PROGRESS included
};

struct milter_config {
    std::string name;
    std::string description;       ///< for people alone
    std::vector<endpoint> sockets; ///< one or more, at most max_endpoints
    manager::balance balance = manager::balance::fail_over;
    breaker_settings breaker; ///< of each of the sockets
    manager::on_error on_error = manager::on_error::tempfail;
    milter_timeouts timeouts;
    bool enabled = true;
    milter_mode mode = milter_mode::enforce;
    std::optional<std::string> when; ///< expression; empty: always, but for rules
    bool runs_if_unknown = true;     ///< what it means when that will never be known
    manager::sample sample;          ///< of the mail that it applies to
    bool read_only = false;  ///< it only judges: an edit of headers or body is a failure of it
    bool concurrent = false; ///< asked together with the one before it at CONNECT, HELO, MAIL, DATA
    bool parallel_rcpt = false; ///< the same at RCPT
    manager::late_rcpt_reject late_rcpt_reject = manager::late_rcpt_reject::message;
    bool lenient = false; ///< an edit that was not agreed on is left out instead of being a failure
    std::size_t max_sessions = 0;        ///< connected to it at once; 0: any number
    std::shared_ptr<seat_counter> seats; ///< those sessions; from with_endpoints()
    std::shared_ptr<endpoint_pool>
        endpoints; ///< the sockets as sessions found them; from with_endpoints()
    std::shared_ptr<macro_wishes> wishes; ///< of its last negotiation; from with_endpoints()
};

/// The milters behind some of the listeners.
struct profile_config {
    std::string name;
    std::vector<std::string> milters; ///< as they were written, each once
    std::optional<bool> serial;       ///< empty: as config::serial
    std::vector<std::size_t> order;   ///< in which they are asked, by index; from with_endpoints()
};

struct listen_config {
    endpoint socket;
    std::optional<unsigned> mode; ///< of a unix socket
    std::string group;            ///< of a unix socket; empty: as created
    std::string profile;          ///< empty: all milters
    std::string spelled;          ///< `socket` as it was written; empty: by nobody
};

/// A file as it was when it was read.
struct file_state {
    std::string path;
    bool exists = false;
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t size = 0;    ///< bytes
    std::int64_t modified = 0; ///< nanoseconds since 1970
    std::int64_t changed = 0;  ///< the same of its inode: a copy may bring an old time along

    friend bool operator==(file_state const&, file_state const&) = default;
};

/// A named set, as it was written: one of its sources is there.
struct set_config {
    using list = std::optional<std::vector<std::string>>;

    std::string name;
    std::string description;
    list cidr, domains, mail, strings, hours;
    std::string file;                              ///< an entry a line
    std::string table;                             ///< Postfix: "cidr:/etc/postfix/clients"
    std::vector<std::string> counts;               ///< results of the table that count; empty: all
    std::string sqlite;                            ///< file of a database ...
    std::string query;                             ///< ... and what it is asked
    std::optional<rule::set_kind> kind;            ///< of the last three
    std::vector<file_state> sources;               ///< that it was read from
    std::chrono::system_clock::time_point read_at; ///< when what is in force was read
    bool is_unreadable = false; ///< the last time, for a reason outside of what its sources say
    std::string problem;        ///< why its sources, as they are now, cannot be; empty: they could
};

/// A block or allow list in DNS.
struct list_config {
    dns_zone zone;
    std::string description;
};

/// What a test says about a fact.
struct given_fact {
    rule::fact which{};
    std::string milter;             ///< that it is about, or its zone
    std::string with;               ///< header, macro or parameter
    std::vector<std::string> texts; ///< of a header, recipients: several; else one
    std::int64_t number = 0;        ///< as in rule::value
    std::string key;                ///< as it stands in the file: client.address
    std::string written;            ///< its value there
};

/// What a test expects; what is empty may be anything.
struct expectation {
    std::optional<std::vector<std::string>> milters; ///< all that run, in their order
    std::vector<std::string> runs;                   ///< some of them
    std::vector<std::string> not_milters;
    std::optional<rule::stage> decided_at;
    std::optional<rule::verdict_kind> verdict; ///< by a rule
    std::string reply;
    std::optional<std::vector<std::string>> tags;
    std::vector<std::pair<std::string, bool>> conditions;
    std::vector<std::pair<std::string, std::vector<rule::macro_text>>> macros; ///< by milters
};

/// A mail that is made up, and what the rules are to say about it.
struct test_config {
    std::string name;
    std::vector<given_fact> given;
    std::vector<given_fact> unavailable; ///< without values
    expectation expect;
    std::string file; ///< where it stands
    unsigned line = 0;
    unsigned column = 0;
};

struct limits {
    std::size_t headers = 100'000;              ///< of one message
    std::size_t header_bytes = 16UL << 20;      ///< names and values of one message
    std::size_t recipients = 50'000;            ///< of one message
    std::size_t sessions = 10'000;              ///< at once, all listeners together
    std::size_t sessions_per_address = 0;       ///< at once, of one TCP peer; 0: any number
    std::size_t memory = 256UL << 20;           ///< for bodies and headers of all messages together
    std::size_t evaluation_memory = 64UL << 20; ///< the same, of all copies for evaluated milters
    message::edit_limits edits;                 ///< of one milter in one message
};

struct config;

/// A milter in mode evaluate.
struct evaluated_milter {
    std::size_t place = 0;               ///< among the milters
    std::shared_ptr<config const> alone; ///< of its copies of sessions: no other milter, no budget
};

struct config {
    std::vector<listen_config> listens;
    listen_config control{{}, 0600, {}, {}, {}}; ///< where administrators ask; no path: nowhere
    std::vector<milter_config> milters;          ///< as they were written
    std::vector<std::size_t>
        order; ///< in which they are asked, but for profiles; from with_endpoints()
    std::vector<profile_config> profiles;
    std::vector<rule::condition_text> conditions;
    std::vector<rule::rule_text> rules;
    std::vector<set_config> named_sets;
    std::vector<list_config> block_lists;
    std::vector<list_config> allow_lists;
    std::vector<test_config> tests;
    std::string folder; ///< of the main file, in which relative paths begin; empty: the current one
    dns_settings dns;
    std::shared_ptr<rule::book const>
        book; ///< rules about the milters, which it counts as here; none: there are none
    std::vector<std::shared_ptr<rule::set const>> sets; ///< named_sets, in their order
    std::optional<std::size_t>
        process_limit; ///< SMTP servers that Postfix may run; empty: not known
    std::shared_ptr<manager::selection const> selection; ///< none: every milter applies always
    std::vector<evaluated_milter> evaluated;             ///< from with_endpoints()
    /// Of all copies, also of those that a configuration before this one had; from with_endpoints()
    std::shared_ptr<message::memory_budget> evaluation_budget;
    manager::on_internal_error on_internal_error = manager::on_internal_error::tempfail;
    header_rules_setting header_rules = header_rules_setting::automatic;
    std::optional<proto::duration>
        command_budget; ///< of one upstream command; empty: by the MTA, see below
    proto::duration end_of_message_budget = std::chrono::seconds(240); // below Sendmail's E: 5 min
    proto::duration negotiation_wait =
        std::chrono::seconds(2); // both MTAs wait 10 s or more for the answer
    proto::duration idle_timeout = proto::filter_idle_timeout;
    proto::duration drain = std::chrono::seconds(30); ///< after SIGTERM, until sessions are cut off
    manager::limits limits;
    message::spool_options spool;
    std::array<std::string, wire::macro_stage_count>
        macros; ///< what the administrator has each stage send
    std::array<std::string, wire::macro_stage_count>
        mta_macros; ///< in place of default_macros, where the MTA of this machine has more; empty: these
    std::array<std::vector<std::string>, wire::macro_stage_count>
        rule_macros; ///< what the book needs to know with each stage; from with_endpoints()
    wire::step rule_steps =
        wire::step::none;     ///< NO bits that the book stands against; from with_endpoints()
    bool serial = false;      ///< one milter at a time is shown the content of a message
    std::string decision_log; ///< file; empty: standard output
    unsigned workers = 1;

    /// DNS lists, the allow lists behind the block lists.
    std::size_t list_count() const noexcept { return block_lists.size() + allow_lists.size(); }
};

/// An evaluated milter without max_sessions is connected to so many times at once.
inline constexpr std::size_t evaluation_sessions = 200;

/// In force, for one that has none of its own, too; 0: any number.
inline std::size_t most_sessions(milter_config const& of) noexcept {
    bool const unset = of.max_sessions == 0 && of.mode == milter_mode::evaluate;
    return unset ? evaluation_sessions : of.max_sessions;
}

/// The configuration, ready for sessions: with the states of its endpoints, and what sessions count together.
/// @param before  the one that was in force: what was found out about a socket stays with it, where milter and settings
///                of the breaker are the same; its sessions go on being counted
std::shared_ptr<config const> with_endpoints(config what, config const* before = nullptr);

/// Places of its milters as they were written. @param profile  null: none, so all milters
std::vector<std::size_t> written_order(config const& in, profile_config const* profile);
/// The same as they are asked: each behind those that its rules ask about.
std::vector<std::size_t> asked_order(config const& in, profile_config const* profile);

/// Whether mail of the profile goes through the milter. @param profile  null: none
bool is_in(profile_config const* profile, std::size_t place) noexcept;

/// Null: there is none of this name.
profile_config const* find_profile(config const& in, std::string_view name) noexcept;

inline constexpr proto::duration sendmail_command_budget =
    std::chrono::seconds(8); // Sendmail R: 10 s
inline constexpr proto::duration postfix_command_budget =
    std::chrono::seconds(25); // milter_command_timeout 30 s

/// What both MTAs send by themselves; asked for along with the milters' own lists, so that no milter loses a macro.
/// @source  protocol.md 5.2
inline constexpr std::array<std::string_view, wire::macro_stage_count> default_macros = {
    "j _ v {daemon_name} {daemon_addr} {if_name} {if_addr}",
    "{tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer}",
    "i {auth_type} {auth_authen} {auth_ssf} {auth_author} {mail_mailer} {mail_host} {mail_addr}",
    "i {rcpt_mailer} {rcpt_host} {rcpt_addr}",
    "i",
    "i {msg_id}",
    "i",
};

} // namespace milter::manager
