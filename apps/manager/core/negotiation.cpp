// SPDX-License-Identifier: BSL-1.0
// manager/core/negotiation.cpp - one answer for the MTA from the answers of all milters; macros for each
//
// Source: docs/protocol.md 9.2-9.4; statements 218-227.
#include "manager/core/needed_commands.hpp"
#include "manager/core/session.hpp"

#include <algorithm>
#include <utility>

namespace milter::manager {

using wire::command_code;

namespace {

bool has_names(proto::macro_lists const& lists) noexcept {
    return std::any_of(lists.begin(), lists.end(),
                       [](auto const& one) { return one && !one->empty(); });
}

} // namespace

proto::mta_options session::link_options(link const& one) const {
    auto const t = rules_ ? rules_->timeouts_of(one.place) : one.config->timeouts;
    proto::mta_options options;
    options.offer.version = wire::newest_version;
    // what upstream does not offer cannot be asked of it; lists only choose among what comes
    options.offer.actions = offer_.actions | wire::action::set_macro_list;
    options.offer.steps = wire::step::all;
    for (auto const needs_upstream : {wire::step::rejected_rcpt, wire::step::leading_space})
        if (!wire::any(offer_.steps, needs_upstream)) options.offer.steps &= ~needs_upstream;
    if (!negotiating_) { // joins late: what was granted then is what there is
        options.offer.actions &= mta_.agreed().actions | wire::action::set_macro_list;
        if (!wire::any(mta_.agreed().steps, wire::step::rejected_rcpt))
            options.offer.steps &= ~wire::step::rejected_rcpt;
    }
    options.timeouts = {t.connect, t.negotiate,      t.command,
                        t.content, t.end_of_message, options.timeouts.write};
    if (one.config->lenient) options.edits = proto::strictness::lenient;
    options.max_body_piece = config_->limits.edits.body_bytes;
    return options;
}

/// Answers the offer once every milter has answered or failed, or the wait is over.
void session::negotiation_progress(proto::time_point now, bool waited_enough) {
    if (!negotiating_) return;
    bool const settled = grant_ || std::none_of(links_.begin(), links_.end(),
                                                [](auto const& one) { return one->pending(); });
    if (!settled && !waited_enough) return;
    negotiating_ = false;
    negotiation_deadline_ = proto::never;
    if (!settled)
        log(severity::warning, "mta", "negotiation goes on without waiting for " + pending());
    error_code ec;
    auto agreement = grant_ ? *grant_ : merged_agreement();
    if (grant_) agreement.actions |= offer_.actions; // edits that nobody makes need no leave
    mta_.negotiate(agreement, ec);
    pull(now);
}

/// The milters that have not negotiated yet, by name.
std::string session::pending() const {
    std::string names;
    for (auto const& one : links_)
        if (one->pending()) (names += names.empty() ? "" : ", ") += one->config->name;
    return names;
}

proto::agreement session::merged_agreement() {
    proto::agreement merged;
    merged.version = std::min(offer_.version, wire::newest_version);
    bool all_known = true, wants_rejected = false;
    bool lists = std::any_of(config_->macros.begin(), config_->macros.end(),
                             [](auto const& configured) { return !configured.empty(); });
    for (auto const& one : links_) {
        if (one->applies == applicability::no) continue; // whatever this connection brings
        all_known = all_known && one->state == link_state::ready;
        if (one->config->on_error == on_error::quarantine)
            merged.actions |= wire::action::quarantine;
        if (one->state != link_state::ready) continue;
        auto const& agreed = one->protocol.agreed();
        merged.actions |= agreed.actions;
        wants_rejected = wants_rejected || wire::any(agreed.steps, wire::step::rejected_rcpt);
        lists = lists || has_names(agreed.lists);
    }
    // a milter that is down now, or joins late, may come with any wish
    if (!all_known) merged.actions = wire::action::all;
    wants_rejected = wants_rejected || !all_known || !evaluated().empty();
    auto const to_come = wishes_to_come();
    for (auto const* const one : to_come) lists = lists || has_names(*one);
    for (std::size_t stage = 0; stage < wire::macro_stage_count; ++stage)
        lists = lists || rules_want_list(stage);
    merged.actions &= offer_.actions & ~wire::action::set_macro_list;

    auto const content =
        wire::step::nr_header | wire::step::nr_end_of_headers | wire::step::nr_body;
    merged.steps = (content | wire::step::skip | wire::step::leading_space) & offer_.steps;
    if (wants_rejected) merged.steps |= wire::step::rejected_rcpt & offer_.steps;
    if (all_known) merged.steps |= unneeded_commands() & offer_.steps;
    if (lists && wire::any(offer_.actions, wire::action::set_macro_list)) {
        for (std::size_t stage = 0; stage < wire::macro_stage_count; ++stage)
            if (auto names = merged_list(stage, to_come); !names.empty())
                merged.lists[stage] = std::move(names);
        merged.actions |= wire::action::set_macro_list;
    }
    return merged;
}

/// What the MTA need not send, as nobody in this session can have use for it. All milters have negotiated: wishes of other
/// sessions are not looked at, as a milter that has new ones would miss what it asks for.
wire::step session::unneeded_commands() const {
    if (overloaded_ || !evaluated().empty())
        return wire::step::none; // their shadows negotiate later
    auto unneeded = wire::step::none;
    for (auto const code : dispensable_commands) {
        bool const is_wanted = std::any_of(links_.begin(), links_.end(), [&](auto const& one) {
            return one->applies != applicability::no && one->protocol.agreed().sends(code);
        });
        if (!is_wanted) unneeded |= wire::row_of(code).suppressed_by;
    }
    // without DATA it cannot be told when milters in a message may have UNKNOWN no more
    if (!wire::any(unneeded, wire::step::no_unknown)) unneeded &= ~wire::step::no_data;
    return unneeded & ~config_->rule_steps;
}

/// What a milter on a fresh connection wants and the MTA was told not to send. The end of headers is known without it, and
/// DATA is made up for (tell_unsent_data).
std::string session::lacking_for(link const& one) const {
    std::string lacking;
    for (auto const code : {command_code::body, command_code::unknown}) {
        bool const is_kept_away = wire::any(mta_.agreed().steps, wire::row_of(code).suppressed_by);
        if (is_kept_away && one.protocol.agreed().sends(code))
            (lacking += lacking.empty() ? "" : " and ") += wire::name_of(code);
    }
    return lacking;
}

/// The connection is negotiated, perhaps long after the MTA got its answer.
void session::on_negotiated(link& one, proto::time_point now) {
    one.state = link_state::ready;
    one.note_wait(now);
    one.config->wishes->note(one.protocol.agreed().lists);
    if (one.way.worked())
        log(severity::info, one.config->name, to_string(one.way.where()) + " works again");
    if (negotiating_) return;
    auto const lacking = lacking_for(one);
    if (lacking.empty()) return;
    fail_saying(one, errc::not_negotiated,
                "wants " + lacking + ", which the MTA does not send in this session: no milter " +
                    "wanted it at its beginning",
                now);
}

/// Milters that watch a shadow of this session.
std::vector<milter_config const*> session::evaluated() const {
    std::vector<milter_config const*> found;
    for (auto const& one : config_->evaluated)
        if (is_in(profile_, one.place)) found.push_back(&config_->milters[one.place]);
    return found;
}

/// Of those who have not negotiated in this session, what they asked for before.
session::wish_lists session::wishes_to_come() const {
    wish_lists found;
    auto const add = [&](milter_config const& one) {
        if (auto const* const last = one.wishes->last()) found.push_back(last);
    };
    for (auto const& one : links_)
        if (one->applies != applicability::no && one->state != link_state::ready) add(*one->config);
    return found;
}

/// They add to a list and are no reason for one: where there is none, the MTA sends what it does by itself.
session::wish_lists session::wishes_of_evaluated() const {
    wish_lists found;
    for (auto const* const one : evaluated())
        if (auto const* const last = one->wishes->last()) found.push_back(last);
    return found;
}

/// For what the MTA does not send by itself.
bool session::rules_want_list(std::size_t stage) const noexcept {
    auto const& names = config_->rule_macros[stage];
    return std::any_of(names.begin(), names.end(), [&](auto const& wanted) {
        bool is_there = false;
        proto::for_each_name(administrators_list(stage),
                             [&](std::string_view name) { is_there = is_there || name == wanted; });
        return !is_there;
    });
}

std::string_view session::administrators_list(std::size_t stage) const noexcept {
    auto const& configured = config_->macros[stage];
    if (!configured.empty()) return configured;
    auto const& of_mta = config_->mta_macros[stage];
    return of_mta.empty() ? default_macros[stage] : std::string_view(of_mta);
}

/// What the milters want at the stage and what the administrator has it send; empty when nobody gave a list for it.
std::string session::merged_list(std::size_t stage, wish_lists const& to_come) {
    auto const wanted = [&](std::size_t index) {
        return !config_->macros[index].empty() || rules_want_list(index) ||
               std::any_of(links_.begin(), links_.end(),
                           [&](auto const& one) {
                               auto const& list = one->protocol.agreed().lists[index];
                               return one->state == link_state::ready && list && !list->empty();
                           }) ||
               std::any_of(to_come.begin(), to_come.end(), [&](auto const* one) {
                   auto const& list = (*one)[index];
                   return list && !list->empty();
               });
    };
    auto const eom = static_cast<std::size_t>(wire::macro_stage::end_of_message);
    auto const eoh = static_cast<std::size_t>(wire::macro_stage::end_of_headers);
    bool const end_stage = stage == eom || stage == eoh;
    // Sendmail takes an end-of-message list only along with one for end of headers (docs/protocol.md 2.5)
    if (!wanted(stage) && !(end_stage && (wanted(eom) || wanted(eoh)))) return {};
    std::string names;
    std::size_t count = 0;
    auto const add = [&](std::string_view name) {
        bool known = false;
        proto::for_each_name(names,
                             [&](std::string_view other) { known = known || other == name; });
        if (known || ++count > proto::max_macro_names) return;
        names.append(names.empty() ? "" : " ").append(name);
    };
    proto::for_each_name(administrators_list(stage), add);
    // what this side needs itself: who the MTA is, and which recipients it refused
    if (stage == static_cast<std::size_t>(wire::macro_stage::connect)) add("v");
    if (stage == static_cast<std::size_t>(wire::macro_stage::rcpt)) add("{rcpt_mailer}");
    for (auto const& name : config_->rule_macros[stage]) add(name);
    for (auto const& one : links_)
        if (one->state == link_state::ready && one->protocol.agreed().lists[stage])
            proto::for_each_name(*one->protocol.agreed().lists[stage], add);
    for (auto const& wishes : {to_come, wishes_of_evaluated()})
        for (auto const* const one : wishes)
            if (auto const& list = (*one)[stage]) proto::for_each_name(*list, add);
    if (count > proto::max_macro_names)
        log(severity::warning, "mta",
            std::to_string(count) + " macro names wanted in list " + std::to_string(stage) +
                ", the first " + std::to_string(proto::max_macro_names) + " asked for");
    return names;
}

/// The macros of a command as this milter is to have them.
/// @param recipient  where the command is an earlier RCPT than the last
void session::append_macros(link& one, command_code code, proto::time_point now,
                            kept_recipient const* recipient) {
    auto const stage = wire::macro_stage_index(code);
    auto const& macros = mta_.macros();
    if (stage == wire::macro_stage_count) return;
    bool const by_rules = rules_ && config_->book->sets_macros();
    bool const has_come = recipient ? recipient->has_macros : macros.present(code);
    if (!has_come && !by_rules) return;
    auto const& own = one.protocol.agreed().lists[stage];
    bool const has_own =
        own && !(own->empty() && postfix_rules()); // empty: none for Sendmail, default for Postfix
    auto const at_stage = recipient ? wire::zstr_list(recipient->macros) : macros.at(code);
    std::string packed;
    auto raw = at_stage.raw();
    if (has_own) {
        packed = proto::select_macros(*own, [&](std::string_view name) {
            if (!recipient) return macros.find_up_to(code, name);
            auto const found = proto::find_macro(at_stage, name);
            return found ? found : macros.find_up_to(command_code::mail, name);
        });
        raw = packed;
    } else if (mta_.agreed().lists[stage]) { // others' wishes are in the set
        packed = proto::select_macros(administrators_list(stage), [&](std::string_view name) {
            return proto::find_macro(at_stage, name);
        });
        raw = packed;
    }
    if (by_rules) {
        packed = std::string(raw);
        add_rule_macros(packed, one, code);
        raw = packed;
        if (!has_come && raw.empty()) return;
    }
    error_code ec;
    one.protocol.send(wire::macros{code, wire::zstr_list(raw)}, now, ec);
    if (ec)
        log(severity::warning, one.config->name,
            "macros of " + std::string(wire::name_of(code)) + " are left out: " + ec.message());
}

} // namespace milter::manager
