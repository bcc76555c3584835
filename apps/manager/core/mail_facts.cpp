// SPDX-License-Identifier: BSL-1.0
// manager/core/mail_facts.cpp - the readers of the fact table's rows
#include "manager/core/mail_facts.hpp"

#include "manager/core/mta_kind.hpp"
#include "rule/domain.hpp"
#include "rule/macro_stage.hpp"
#include "rule/text_compare.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace milter::manager {

using rule::fact;
using rule::knowledge;
using rule::stage;
using rule::value;

namespace {

value flag(bool is_so) noexcept { return rule::known_number(is_so ? 1 : 0); }

/// Of what the MTA spelled; 0 when it is no number.
std::int64_t number_in(std::string_view text) noexcept {
    std::int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

std::string_view without_blanks(std::string_view text) noexcept {
    constexpr std::string_view blanks = " \t\r\n";
    auto const first = text.find_first_not_of(blanks);
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// Of a Content-Type, without parameters.
std::string type_in(std::string_view value) {
    std::string type(without_blanks(value.substr(0, value.find(';'))));
    for (char& c : type) c = to_lower(c);
    return type;
}

/// The value of NAME=VALUE among ESMTP parameters.
std::string_view parameter_in(std::vector<std::string> const& parameters,
                              std::string_view name) noexcept {
    for (std::string_view const one : parameters) {
        auto const equals = std::min(one.find('='), one.size());
        if (rule::same_text(one.substr(0, equals), name))
            return equals == one.size() ? std::string_view() : one.substr(equals + 1);
    }
    return {};
}

std::string_view name_of_family(wire::family of) noexcept {
    switch (of) {
    case wire::family::inet: return "inet";
    case wire::family::inet6: return "inet6";
    case wire::family::unix_path: return "unix";
    default: return "unknown";
    }
}

wire::command_code command_of(stage at) noexcept {
    return at == stage::connect ? wire::command_code::connect
           : at == stage::mail  ? wire::command_code::mail
                                : wire::command_code::end_of_message;
}

} // namespace

mail_facts::mail_facts(config const& settings, proto::macro_store const& macros,
                       milters const& others)
    : settings_(settings), macros_(macros), milters_(others), lists_(settings.list_count()) {}

// ---- what is known

void mail_facts::begins(std::string_view listener, std::string_view profile,
                        surroundings const& known) {
    listener_ = listener;
    profile_ = profile;
    surroundings_ = known;
    if (!settings_.book->needs().has(fact::load_busy)) return;
    for (auto const& one : settings_.milters) {
        auto const most = most_sessions(one);
        busy_.push_back(most == 0 ? 0
                                  : static_cast<unsigned>(std::min<std::size_t>(
                                        one.seats->taken() * 10'000 / most, 10'000)));
    }
}

void mail_facts::client(wire::connect const& who) {
    client_name_ = rule::normal_domain(who.hostname);
    client_family_ = who.family;
    client_port_ = who.port;
    auto const address = rule::parse_ip(who.address);
    has_ip_ = address.has_value();
    if (address) client_ip_ = *address;
    auto const ptr = proto::find_macro(macros_.at(wire::command_code::connect), "{client_ptr}");
    client_ptr_ = ptr ? rule::normal_domain(*ptr) : std::string();
}

void mail_facts::helo(std::string_view name) { helo_ = rule::normal_domain(name); }

std::unique_ptr<mail_facts::envelope_address> mail_facts::taken_apart(std::string_view address,
                                                                      wire::zstr_list parameters) {
    auto made = std::make_unique<envelope_address>();
    made->as_sent = address;
    made->parts = rule::parse_mail_address(made->as_sent);
    made->domain = rule::normal_domain(made->parts.domain);
    for (auto const one : parameters) made->parameters.emplace_back(one);
    return made;
}

void mail_facts::sender(wire::mail const& from, proto::time_point now) {
    forget_message();
    sender_ = taken_apart(from.address, from.args);
    began_ = minute_of_week(surroundings_, now);
}

void mail_facts::add_recipient(wire::rcpt const& to) {
    auto const& needs = settings_.book->needs();
    if (needs.has(fact::recipient) || needs.has(fact::recipients_count))
        recipients_.push_back(taken_apart(to.address, to.args));
}

void mail_facts::take_recipient_back() noexcept {
    if (!recipients_.empty()) recipients_.pop_back();
}

void mail_facts::content(message::headers const* headers, std::size_t body_bytes,
                         std::size_t message_bytes) {
    headers_ = headers;
    body_bytes_ = body_bytes;
    message_bytes_ = message_bytes;
    content_type_.clear();
    if (!headers || !settings_.book->needs().has(fact::content_type)) return;
    rule::argument const name{"Content-Type", 0};
    rule::cursor at;
    bool const says = next(rule::quantity::each_header, &name, at);
    content_type_ = says ? type_in(at.element.text()) : "text/plain";
}

void mail_facts::forget_message() noexcept {
    sender_.reset();
    recipients_.clear();
    headers_ = nullptr;
    body_bytes_ = message_bytes_ = 0;
}

void mail_facts::forget_client() noexcept {
    forget_message();
    newest_ = stage::start;
    has_ip_ = false;
    std::fill(lists_.begin(), lists_.end(), list_state::unasked);
    wants_lists_ = false;
}

// ---- DNS lists

void mail_facts::list_answered(std::size_t zone, knowledge state, bool is_listed) noexcept {
    if (lists_[zone] != list_state::asked) return; // about a client that is gone
    lists_[zone] = state != knowledge::known ? list_state::failed
                   : is_listed               ? list_state::listed
                                             : list_state::not_listed;
}

std::vector<std::size_t> mail_facts::take_wanted_lists() {
    std::vector<std::size_t> wanted;
    if (!std::exchange(wants_lists_, false)) return wanted;
    for (std::size_t i = 0; i < lists_.size(); ++i)
        if (lists_[i] == list_state::wanted) {
            lists_[i] = list_state::asked;
            wanted.push_back(i);
        }
    return wanted;
}

bool mail_facts::waits_for_lists() const noexcept {
    return std::find(lists_.begin(), lists_.end(), list_state::asked) != lists_.end();
}

value mail_facts::of_list(std::size_t zone) const noexcept {
    auto& state = lists_[zone];
    if (!has_ip_) return rule::not_available();
    switch (state) {
    case list_state::listed: return flag(true);
    case list_state::not_listed: return flag(false);
    case list_state::failed: return rule::not_available();
    case list_state::unasked:
        if (only_read_) break;
        state = list_state::wanted;
        wants_lists_ = true;
        break;
    case list_state::wanted:
    case list_state::asked: break;
    }
    return rule::not_yet();
}

// ---- reading

bool mail_facts::has_reached(fact which) const noexcept {
    return newest_ >= rule::row_of(which).from;
}

value mail_facts::read(fact which, rule::argument const* with,
                       rule::cursor const* at) const noexcept {
    if (which == fact::macro) return macro_value(with->text);
    if (at && which >= fact::recipient && which <= fact::recipient_parameter)
        return of_recipient(which, with, at->index);
    if (which >= fact::milter_ran) return of_milter(which, with->index);
    if (!has_reached(which)) return rule::not_yet();
    if (which < fact::client_address) return of_session(which, with);
    if (which < fact::sender) return of_client(which, with);
    if (which < fact::tls_present) return of_sender(which, with);
    return which < fact::recipient ? of_login(which) : of_message(which, with);
}

value mail_facts::of_session(fact which, rule::argument const* with) const noexcept {
    auto const counted = [](std::size_t n) {
        return rule::known_number(static_cast<std::int64_t>(n));
    };
    switch (which) {
    case fact::listener: return rule::known_text(listener_);
    case fact::profile: return rule::known_text(profile_);
    case fact::load_sessions: return counted(surroundings_.sessions);
    case fact::load_listener_sessions: return counted(surroundings_.listener_sessions);
    case fact::load_cpu:
        if (!surroundings_.cpu_percent) return rule::not_available();
        return rule::known_number(std::int64_t{*surroundings_.cpu_percent} * 100);
    case fact::load_process_limit:
        if (!surroundings_.process_limit) return rule::not_available();
        return counted(*surroundings_.process_limit);
    case fact::load_of_limit:
        if (surroundings_.process_limit.value_or(0) == 0) return rule::not_available();
        return counted(surroundings_.sessions * 10'000 / *surroundings_.process_limit);
    default: return rule::known_number(busy_[with->index]);
    }
}

value mail_facts::of_client(fact which, rule::argument const* with) const noexcept {
    switch (which) {
    case fact::client_address: return has_ip_ ? rule::known_ip(client_ip_) : rule::not_available();
    case fact::client_name: return rule::known_text(client_name_);
    case fact::client_port: return rule::known_number(client_port_);
    case fact::client_family: return rule::known_text(name_of_family(client_family_));
    case fact::client_ptr: return rule::known_text(client_ptr_);
    case fact::client_resolved: {
        auto const said = macro_at(stage::connect, "{client_resolve}");
        if (!said.empty()) return flag(said == "OK");
        return flag(!client_name_.empty() && client_name_ != "unknown" &&
                    client_name_.front() != '[');
    }
    case fact::mta_name: return rule::known_text(is_postfix() ? "postfix" : "sendmail");
    case fact::mta_version: return rule::known_text(macro_at(stage::connect, "v"));
    case fact::dnsbl: return of_list(with->index);
    case fact::dnswl: return of_list(settings_.block_lists.size() + with->index);
    default: return rule::known_text(helo_);
    }
}

value mail_facts::of_sender(fact which, rule::argument const* with) const noexcept {
    if (!sender_) return rule::not_yet();
    auto const& from = *sender_;
    switch (which) {
    case fact::sender: return rule::known_mail(from.parts);
    case fact::sender_local: return rule::known_text(from.parts.local);
    case fact::sender_domain: return rule::known_text(from.domain);
    case fact::sender_null: return flag(from.parts.is_null);
    case fact::sender_parameter: return rule::known_text(parameter_in(from.parameters, with->text));
    default: {
        auto const size = parameter_in(from.parameters, "SIZE");
        return size.empty() ? rule::not_available() : rule::known_number(number_in(size));
    }
    }
}

value mail_facts::of_login(fact which) const noexcept {
    auto const text = [&](std::string_view name) {
        return rule::known_text(macro_at(stage::mail, name));
    };
    auto const number = [&](std::string_view name) {
        return rule::known_number(number_in(macro_at(stage::mail, name)));
    };
    switch (which) {
    case fact::tls_present: return flag(!macro_at(stage::mail, "{tls_version}").empty());
    case fact::tls_version: return text("{tls_version}");
    case fact::tls_cipher: return text("{cipher}");
    case fact::tls_bits: return number("{cipher_bits}");
    case fact::tls_subject: return text("{cert_subject}");
    case fact::tls_issuer: return text("{cert_issuer}");
    case fact::auth_present:
        return flag(!macro_at(stage::mail, "{auth_type}").empty() ||
                    !macro_at(stage::mail, "{auth_authen}").empty());
    case fact::auth_type: return text("{auth_type}");
    case fact::auth_user: return text("{auth_authen}");
    case fact::auth_author: return text("{auth_author}");
    case fact::auth_ssf: return number("{auth_ssf}");
    default: return rule::known_number(began_);
    }
}

value mail_facts::of_recipient(fact which, rule::argument const* with,
                               std::size_t index) const noexcept {
    auto const& to = *recipients_[index];
    switch (which) {
    case fact::recipient: return rule::known_mail(to.parts);
    case fact::recipient_local: return rule::known_text(to.parts.local);
    case fact::recipient_domain: return rule::known_text(to.domain);
    default: return rule::known_text(parameter_in(to.parameters, with->text));
    }
}

value mail_facts::of_message(fact which, rule::argument const* with) const noexcept {
    auto const counted = [](std::size_t n) {
        return rule::known_number(static_cast<std::int64_t>(n));
    };
    switch (which) {
    case fact::recipients_count: return counted(recipients_.size());
    case fact::has_header: {
        rule::cursor at;
        return flag(next(rule::quantity::each_header, with, at));
    }
    case fact::headers_count: return headers_ ? counted(headers_->original_count()) : counted(0);
    case fact::content_type: return rule::known_text(content_type_);
    case fact::body_size: return counted(body_bytes_);
    default: return counted(message_bytes_);
    }
}

value mail_facts::of_milter(fact which, std::size_t place) const noexcept {
    auto const outcome = milters_.outcome_of(place);
    if (!outcome.is_final) return rule::not_yet();
    switch (which) {
    case fact::milter_ran: return flag(outcome.ran);
    case fact::milter_verdict: return rule::known_text(outcome.verdict);
    case fact::milter_failed: return flag(outcome.failed);
    case fact::milter_quarantined: return flag(outcome.quarantined);
    case fact::milter_changed_body: return flag(outcome.changed_body);
    default:
        return rule::known_number(
            std::chrono::duration_cast<std::chrono::milliseconds>(outcome.latency).count());
    }
}

// ---- several values

/// Fields as the MTA sent them, whatever milters made of them since: or what they added.
bool mail_facts::next(rule::quantity of, rule::argument const* with,
                      rule::cursor& at) const noexcept {
    if (of == rule::quantity::each_recipient) {
        at.index = at.mark++;
        return at.index < recipients_.size();
    }
    bool const is_added = of == rule::quantity::each_added_header;
    auto const author = is_added ? milters_.outcome_of(with->index).author : 0;
    if (!headers_ || (is_added && author == 0)) return false;
    auto const* const field = headers_->next_of(author, with->text, at.mark);
    if (!field) return false;
    at.element = rule::known_text(
        message::shown_value(author == 0 ? field->value : field->now_value(), false));
    return true;
}

knowledge mail_facts::is_complete(rule::quantity of, rule::argument const* with) const noexcept {
    auto const when = [](bool is_so) { return is_so ? knowledge::known : knowledge::pending; };
    switch (of) {
    case rule::quantity::each_recipient: return when(newest_ >= stage::data);
    case rule::quantity::each_added_header: return when(milters_.outcome_of(with->index).is_final);
    default: return when(newest_ >= stage::headers);
    }
}

// ---- macros and what is made of them

/// What came with the stages up to `by`, so that no later one turns an answer.
std::string_view mail_facts::macro_at(stage by, std::string_view name) const noexcept {
    return macros_.find_up_to(command_of(by), name).value_or(std::string_view());
}

value mail_facts::macro_value(std::string_view name) const noexcept {
    auto const by = rule::settled_by(name);
    if (newest_ >= by) return rule::known_text(macro_at(by, name));
    return rule::not_yet();
}

bool mail_facts::is_postfix() const noexcept { return milter::manager::is_postfix(macros_); }

} // namespace milter::manager
