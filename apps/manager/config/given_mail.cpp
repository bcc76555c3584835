// SPDX-License-Identifier: BSL-1.0
// manager/config/given_mail.cpp
#include "manager/config/given_mail.hpp"

#include "rule/domain.hpp"
#include "rule/macro_stage.hpp"
#include <milter/ascii.hpp>

#include <algorithm>
#include <initializer_list>
#include <limits>

namespace milter::manager {

using rule::fact;
using rule::known_number;
using rule::known_text;
using rule::quantity;
using rule::stage;
using rule::value;

namespace {

/// Nothing can stand in for these: a test that depends on them says them.
bool has_no_default(fact which) noexcept {
    return which == fact::client_address || which == fact::client_family || which == fact::helo ||
           which == fact::sender || which == fact::sender_local || which == fact::sender_domain ||
           which == fact::sender_null || which == fact::now;
}

/// What is missing when one of these is.
fact source_of(fact which) noexcept {
    switch (which) {
    case fact::client_family: return fact::client_address;
    case fact::sender_local:
    case fact::sender_domain:
    case fact::sender_null: return fact::sender;
    default: return which;
    }
}

std::string_view trimmed(std::string_view text) noexcept {
    auto const first = text.find_first_not_of(" \t\r\n");
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

} // namespace

given_mail::given_mail(config const& of, test_config const& test)
    : config_(of), runs_(of.milters.size()) {
    for (auto const& one : test.given) take(one);
    for (auto const& one : test.unavailable) facts_[key_of_given(one)] = rule::not_available();
    derive();
}

void given_mail::take(given_fact const& one) {
    switch (one.which) {
    case fact::recipient:
        for (auto const& text : one.texts) {
            auto const& mail = mails_.emplace_back(rule::parse_mail_address(keep(text)));
            recipients_.push_back({&mail, keep(rule::normal_domain(mail.domain))});
        }
        return;
    case fact::header:
    case fact::added_header:
        for (auto const& text : one.texts)
            fields_.push_back({to_lower(one.with), text, one.milter});
        return;
    default: facts_[key_of_given(one)] = value_of(one);
    }
}

/// As programs of rules call it.
given_mail::key given_mail::key_of_given(given_fact const& one) {
    if (one.which == fact::macro) return {one.which, {}, rule::braced(one.with)};
    auto name = one.with;
    if (one.which == fact::sender_parameter)
        for (auto& c : name) c = to_upper(c);
    return {one.which, one.milter, std::move(name)};
}

value given_mail::value_of(given_fact const& one) {
    switch (rule::row_of(one.which).is) {
    case rule::type::text: return known_text(keep(one.texts.front()));
    case rule::type::domain: return known_text(keep(rule::normal_domain(one.texts.front())));
    case rule::type::mail:
        return known_mail(mails_.emplace_back(rule::parse_mail_address(keep(one.texts.front()))));
    case rule::type::ip:
        return known_ip(addresses_.emplace_back(*rule::parse_ip(one.texts.front())));
    default: return known_number(one.number);
    }
}

// ---- what follows from what was given

void given_mail::derive() {
    derive_load();
    derive_client();
    derive_sender();
    derive_content_type();
    derive_presence(fact::auth_present, {fact::auth_user, fact::auth_type});
    derive_presence(fact::tls_present, {fact::tls_version, fact::tls_cipher});
}

void given_mail::derive_load() {
    auto const* const limit = find({fact::load_process_limit, {}, {}});
    if (!limit || has(fact::load_of_limit)) return;
    auto const* const sessions = find({fact::load_sessions, {}, {}});
    auto const of_them = sessions ? sessions->number : 0;
    bool const is_there = limit->is_known() && limit->number > 0;
    constexpr std::int64_t whole = 10'000; // hundredths of a percent
    bool const fits = of_them <= std::numeric_limits<std::int64_t>::max() / whole;
    set(fact::load_of_limit,
        is_there && fits ? known_number(of_them * whole / limit->number) : rule::not_available());
}

/// Who came by no network has no address; who has no address, as far as that is said, came nobody knows how.
void given_mail::derive_client() {
    if (!has(fact::client_address)) {
        auto const* const family = find({fact::client_family, {}, {}});
        if (family && (family->text() == "unix" || family->text() == "unknown"))
            set(fact::client_address, rule::not_available());
    }
    if (auto const* const address = find({fact::client_address, {}, {}});
        address && !has(fact::client_family))
        set(fact::client_family, known_text(!address->is_known()      ? "unknown"
                                            : address->address->is_v6 ? "inet6"
                                                                      : "inet"));
    if (!has(fact::client_name)) set(fact::client_name, known_text("unknown"));
    auto const name = find({fact::client_name, {}, {}})->text();
    bool const is_name = !name.empty() && name != "unknown" && name.front() != '[';
    if (!has(fact::client_resolved)) set(fact::client_resolved, known_number(is_name ? 1 : 0));
}

void given_mail::derive_sender() {
    auto const* const sender = find({fact::sender, {}, {}});
    if (!sender) return;
    if (!sender->is_known()) {
        for (auto const one : {fact::sender_local, fact::sender_domain, fact::sender_null})
            set(one, rule::not_available());
        return;
    }
    auto const& mail = *sender->mail;
    set(fact::sender_local, known_text(mail.local));
    set(fact::sender_domain, known_text(keep(rule::normal_domain(mail.domain))));
    set(fact::sender_null, known_number(mail.is_null ? 1 : 0));
}

void given_mail::derive_content_type() {
    std::string_view type = "text/plain";
    for (auto const& one : fields_)
        if (one.name == "content-type" && one.milter.empty())
            type = trimmed(std::string_view(one.value).substr(0, one.value.find(';')));
    set(fact::content_type, known_text(keep(to_lower(type))));
}

void given_mail::derive_presence(fact present, std::initializer_list<fact> of) {
    if (has(present)) return;
    bool const is_there = std::any_of(of.begin(), of.end(), [&](fact one) {
        auto const* const found = find({one, {}, {}});
        return found && !found->text().empty();
    });
    set(present, known_number(is_there ? 1 : 0));
}

// ---- as far as it is known

void given_mail::go_to(stage at, std::size_t recipients) {
    at_ = at;
    named_ = std::min(recipients, recipients_.size());
}

std::string given_mail::macro(std::string const& name) const {
    auto const* const found = find({fact::macro, {}, rule::braced(name)});
    return found ? std::string(found->text()) : std::string();
}

value const* given_mail::find(key const& which) const {
    auto const found = facts_.find(which);
    return found == facts_.end() ? nullptr : &found->second;
}

given_mail::key given_mail::key_of(fact which, rule::argument const* with) const {
    using enum rule::argument_kind;
    if (!with) return {which, {}, {}};
    switch (rule::row_of(which).takes) {
    case milter: return {which, config_.milters[with->index].name, {}};
    case zone: {
        auto const& lists = which == fact::dnswl ? config_.allow_lists : config_.block_lists;
        return {which, lists[with->index].zone.name, {}};
    }
    default: return {which, {}, with->text};
    }
}

value given_mail::read(fact which, rule::argument const* with,
                       rule::cursor const* at) const noexcept {
    auto const& row = rule::row_of(which);
    auto const from = which == fact::macro ? rule::settled_by(with->text) : row.from;
    if (row.of == quantity::each_recipient && at) return of_recipient(which, at->index);
    if (at_ < from) return rule::not_yet();
    if (auto const* const given = find(key_of(which, with))) return *given;
    switch (which) {
    case fact::recipients_count: return known_number(static_cast<std::int64_t>(recipients_.size()));
    case fact::headers_count: return known_number(static_cast<std::int64_t>(own_fields()));
    case fact::has_header: return known_number(has_header(to_lower(with->text)) ? 1 : 0);
    case fact::milter_ran:
    case fact::milter_verdict:
    case fact::milter_failed:
    case fact::milter_quarantined:
    case fact::milter_changed_body:
    case fact::milter_latency: return of_milter(which, with->index);
    default: return default_of(which);
    }
}

std::size_t given_mail::own_fields() const noexcept {
    auto const is_own = [](field const& one) { return one.milter.empty(); };
    return static_cast<std::size_t>(std::count_if(fields_.begin(), fields_.end(), is_own));
}

bool given_mail::has_no_address() const noexcept {
    auto const* const address = find({fact::client_address, {}, {}});
    return address && !address->is_known();
}

value given_mail::default_of(fact which) const noexcept {
    if (has_no_default(which)) {
        missing_.emplace(rule::row_of(source_of(which)).name);
        return rule::not_yet();
    }
    switch (which) {
    case fact::declared_size:
    case fact::load_process_limit: return rule::not_available();
    case fact::dnsbl:
    case fact::dnswl: // as the manager, which has nothing to ask about
        return has_no_address() ? rule::not_available() : known_number(0);
    case fact::mta_name: return known_text("postfix");
    default: break;
    }
    return rule::is_textual(rule::row_of(which).is) ? known_text({}) : known_number(0);
}

/// One that ran let the message pass, where nothing else is said.
value given_mail::of_milter(fact which, std::size_t milter) const noexcept {
    auto const& runs = runs_[milter];
    if (!runs) return rule::not_yet();
    if (which == fact::milter_ran) return known_number(*runs ? 1 : 0);
    if (which == fact::milter_verdict) return known_text(*runs ? "continue" : "none");
    return known_number(0);
}

value given_mail::of_recipient(fact which, std::size_t index) const noexcept {
    auto const& one = recipients_[index];
    switch (which) {
    case fact::recipient: return known_mail(*one.mail);
    case fact::recipient_local: return known_text(one.mail->local);
    case fact::recipient_domain: return known_text(one.domain);
    default: return known_text({});
    }
}

bool given_mail::has_header(std::string const& name) const noexcept {
    return std::any_of(fields_.begin(), fields_.end(),
                       [&](field const& one) { return one.milter.empty() && one.name == name; });
}

// ---- several values

bool given_mail::next(quantity of, rule::argument const* with, rule::cursor& at) const noexcept {
    if (of == quantity::each_recipient) {
        at.index = at.mark++;
        return at.index < named_;
    }
    bool const added = of == quantity::each_added_header;
    if (at_ < (added ? stage::message : stage::headers)) return false;
    auto const name = to_lower(with->text);
    auto const milter = added ? config_.milters[with->index].name : std::string();
    while (at.mark < fields_.size()) {
        auto const& one = fields_[at.mark++];
        if (one.name != name || one.milter != milter) continue;
        at.element = known_text(one.value);
        return true;
    }
    return false;
}

rule::knowledge given_mail::is_complete(quantity of, rule::argument const* with) const noexcept {
    using enum rule::knowledge;
    switch (of) {
    case quantity::each_recipient: return at_ >= stage::data ? known : pending;
    case quantity::each_header: return at_ >= stage::headers ? known : pending;
    case quantity::each_added_header:
        return at_ >= stage::message && runs_[with->index] ? known : pending;
    case quantity::one: break;
    }
    return known;
}

} // namespace milter::manager
