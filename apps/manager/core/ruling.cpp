// SPDX-License-Identifier: BSL-1.0
// manager/core/ruling.cpp - what rules say besides who applies: verdicts, macros, times, words for the record
//
// A rule that refuses comes before the milters: nobody is asked about what it refuses. DNS lists are asked about as soon
// as an answer that is still open names them, and waited for at the end of the message only.
// Source: docs/rules.md
#include "manager/core/session.hpp"

#include <algorithm>

namespace milter::manager {

using wire::command_code;

namespace {

rule::stage stage_of(command_code code) noexcept {
    switch (code) {
    case command_code::connect: return rule::stage::connect;
    case command_code::helo: return rule::stage::helo;
    case command_code::mail: return rule::stage::mail;
    case command_code::rcpt: return rule::stage::rcpt;
    case command_code::data: return rule::stage::data;
    case command_code::end_of_headers: return rule::stage::headers;
    case command_code::end_of_message: return rule::stage::message;
    default: return rule::stage::start;
    }
}

rule::knowledge knowledge_of(listing what) noexcept {
    return what == listing::failed ? rule::knowledge::unavailable : rule::knowledge::known;
}

/// In network order, four bytes of IPv4.
std::string_view bytes_of(rule::ip const& address) noexcept {
    std::string_view const all(reinterpret_cast<char const*>(address.bytes.data()),
                               address.bytes.size());
    return address.is_v6 ? all : all.substr(rule::v4_offset / 8);
}

void append_pair(std::string& to, std::string_view name, std::string_view value) {
    to.append(name).append(1, '\0').append(value).append(1, '\0');
}

} // namespace

// ---- what is known

/// `stage` has become known.
void session::reach(command_code stage) {
    newest_ = stage;
    if (!rules_) return;
    rules_->facts().reached(stage_of(stage));
    rules_->changed();
    rules_->ask_for_tags();
    apply_timeouts();
}

void session::forget_transaction() {
    transaction_.reset();
    if (!rules_) return;
    rules_->replaced().forget_message();
    reach(command_code::helo);
}

link const* session::link_of(std::size_t place) const noexcept {
    auto const found = std::find_if(links_.begin(), links_.end(),
                                    [&](auto const& one) { return one->place == place; });
    return found == links_.end() ? nullptr : found->get();
}

/// Known when all before it, and it, have judged the message; or when it has nothing to do with it. A shadow knows nothing
/// of other milters.
milter_outcome session::outcome_of(std::size_t place) const noexcept {
    milter_outcome outcome;
    auto const* const one = link_of(place);
    if (!one) {
        outcome.is_final = !grant_;
        return outcome;
    }
    bool const has_judged =
        transaction_ && transaction_->body_complete && one->index < transaction_->turn;
    outcome.is_final = has_judged || one->applies == applicability::no;
    auto const& record = one->record;
    outcome.failed = record.verdict == "error";
    outcome.ran = !outcome.failed && record.verdict != "not asked" && record.verdict != "no answer";
    if (outcome.ran || outcome.failed) outcome.verdict = record.verdict;
    outcome.quarantined = one->quarantined;
    outcome.changed_body = one->changed_body;
    outcome.latency = record.time;
    outcome.author = static_cast<std::uint32_t>(one->index + 1);
    return outcome;
}

// ---- DNS lists

void session::ask_lists() {
    if (!rules_) return;
    auto& facts = rules_->facts();
    for (auto const list : facts.take_wanted_lists())
        effects_.push_back(
            {effect::kind::look_up, list, std::string(bytes_of(*facts.client_ip()))});
}

/// A milter that came in the middle of a command would miss it, and between messages others have no answers that count: who
/// applies is asked again with the next command then.
void session::list_answered(std::size_t list, std::string_view address, listing what,
                            proto::time_point now) {
    if (over_ || !rules_) return;
    auto& facts = rules_->facts();
    if (!facts.client_ip() || bytes_of(*facts.client_ip()) != address) return;
    facts.list_answered(list, knowledge_of(what), what == listing::listed);
    rules_->changed();
    bool const may_join = !event_ && transaction_ && !transaction_->verdict && !session_verdict_;
    for (auto const& one : links_)
        if (may_join) choose(*one, newest_, now);
    ask_lists();
    resume(now);
}

/// At the end of the message, for what may still make the milter apply, or not.
bool session::waits_for_lists(link& one) {
    if (!rules_) return false;
    rules_->changed();
    bool const is_open = judged(one, command_code::end_of_message) == applicability::undecided;
    ask_lists();
    return is_open && rules_->facts().waits_for_lists();
}

// ---- verdicts

/// @return true: a rule has refused the client, or the message
bool session::rule_decides(proto::time_point now) {
    if (!rules_ || grant_ || session_verdict_ || (transaction_ && transaction_->verdict))
        return false;
    auto const* const rule = rules_->verdict();
    ask_lists();
    if (!rule || rule->verdict == rule::verdict_kind::accept) return false;
    auto const by = "rule " + rule->name;
    auto const refusal = reply_with(rule->reply);
    if (transaction_) {
        refuse(refusal, by, now);
        return true;
    }
    session_verdict_ = refusal;
    session_decided_by_ = by;
    session_reason_.clear();
    leave_milters();
    if (event_) conclude(refusal, by, now);
    return true;
}

/// All milters have judged the message: no rule can refuse it any more, or nothing that it waits for will come.
bool session::rules_have_spoken(proto::time_point now) {
    if (!rules_ || grant_ || transaction_->verdict) return true;
    rules_->changed();
    if (rule_decides(now)) return true;
    return rules_->verdict_is_out() || !rules_->facts().waits_for_lists();
}

// ---- macros, times, words

void session::apply_timeouts() {
    if (!config_->book->sets_timeouts()) return;
    for (auto const& one : links_) {
        auto const times = link_options(*one).timeouts;
        one->protocol.timeouts(times);
    }
}

/// Behind what the MTA has sent: the first of two equal names would count, so those are left out there.
void session::add_rule_macros(std::string& pairs, link const& one, command_code code) {
    auto const sent = [&](std::string_view name) {
        auto const there = proto::find_macro(wire::zstr_list(pairs), name);
        auto const value = there ? there : mta_.macros().find_up_to(code, name);
        return value && !value->empty();
    };
    auto const added = rules_->macros_for(one.place, sent);
    if (added.empty()) return;
    std::string merged;
    wire::zstr_list const list(pairs);
    for (auto at = list.begin(); at != list.end(); ++at) {
        auto const name = *at;
        if (++at == list.end()) break;
        bool const is_replaced = std::any_of(added.begin(), added.end(), [&](auto const& other) {
            return proto::same_macro(other.name, name);
        });
        if (!is_replaced) append_pair(merged, name, *at);
    }
    for (auto const& macro : added) append_pair(merged, macro.name, macro.value);
    pairs = std::move(merged);
}

/// Nothing is asked for the sake of the record.
void session::note_rules() {
    if (!rules_ || grant_) return;
    auto& record = transaction_->record;
    rules_->changed();
    auto const quiet = rules_->facts().only_read();
    record.conditions = rules_->conditions();
    record.rules = rules_->holding();
    record.tags = rules_->tags();
}

} // namespace milter::manager
