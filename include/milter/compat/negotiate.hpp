// SPDX-License-Identifier: BSL-1.0
// milter/compat/negotiate.hpp - the option negotiation as libmilter does it
//
// Source: libmilter engine.c st_optionneg(), listener.c; statements 27, 36-43, 54.
#pragma once

#include <milter/compat/context.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>

namespace milter::compat {

/// Stages whose callbacks are missing: not to be sent.
inline wire::step unwanted_steps(smfiDesc const& filter) noexcept {
    auto steps = wire::step::none;
    auto const unless = [&steps](bool has_callback, wire::step bit) {
        if (!has_callback) steps = steps | bit;
    };
    unless(filter.xxfi_connect, wire::step::no_connect);
    unless(filter.xxfi_helo, wire::step::no_helo);
    unless(filter.xxfi_envfrom, wire::step::no_mail);
    unless(filter.xxfi_envrcpt, wire::step::no_rcpt);
    unless(filter.xxfi_header, wire::step::no_header);
    unless(filter.xxfi_eoh, wire::step::no_end_of_headers);
    unless(filter.xxfi_body, wire::step::no_body);
    unless(filter.xxfi_unknown || filter.xxfi_version <= 2, wire::step::no_unknown);
    unless(filter.xxfi_data || filter.xxfi_version <= 3, wire::step::no_data);
    return steps;
}

/// Whether that version of the structure has the member.
inline bool has_negotiate(smfiDesc const& filter) noexcept {
    return filter.xxfi_version > 4 && filter.xxfi_negotiate;
}

namespace detail {

struct wishes {
    wire::action actions;
    wire::step steps; ///< what the filter goes by, whether or not the MTA hears of it
};

/// What xxfi_negotiate makes of the offer; empty: the connection ends.
inline std::optional<wishes> ask_for_wishes(SMFICTX& context, wire::action offered_actions,
                                            wire::step offered_steps) {
    auto const own = unwanted_steps(context.filter);
    auto const skip = offered_steps & wire::step::skip;
    if (!has_negotiate(context.filter))
        return wishes{static_cast<wire::action>(context.filter.xxfi_flags), own};
    auto const bits = [](auto value) {
        return static_cast<unsigned long>(static_cast<std::uint32_t>(value));
    };
    unsigned long actions = bits(offered_actions), steps = bits(own | skip), more = 0, most = 0;
    auto const said = context.filter.xxfi_negotiate(&context, bits(offered_actions),
                                                    bits(offered_steps | wire::step::all_nr), 0, 0,
                                                    &actions, &steps, &more, &most);
    if (said == SMFIS_ALL_OPTS) return wishes{offered_actions, own | skip};
    if (said != SMFIS_CONTINUE) return std::nullopt;
    return wishes{static_cast<wire::action>(actions), static_cast<wire::step>(steps)};
}

} // namespace detail

/// Answers the offer, asking xxfi_negotiate if there is one; false: there is no answer to be given, the connection is
/// to end.
inline bool answer_offer(SMFICTX& context, wire::negotiate const& offer) {
    if (offer.version < wire::oldest_version) return false;
    auto const actions = offer.actions == wire::action::none
                             ? static_cast<wire::action>(SMFI_V1_ACTS)
                             : offer.actions;
    auto const steps = offer.steps == wire::step::none
                           ? static_cast<wire::step>(SMFI_V1_PROT)
                           : offer.steps & ~static_cast<wire::step>(SMFI_INTERNAL);
    auto const wanted = detail::ask_for_wishes(context, actions, steps);
    if (!wanted || !wire::has(actions, wanted->actions)) return false;
    constexpr auto left_out_where_unknown =
        wire::step::all_nr | wire::step::no_data | wire::step::no_unknown;
    auto const said = wanted->steps & ~(left_out_where_unknown & ~steps);
    if (!wire::has(steps, said)) return false;

    proto::agreement agreed;
    agreed.version = std::min(offer.version, wire::newest_version);
    agreed.actions = wanted->actions;
    agreed.steps = said;
    agreed.emulated = wanted->steps & wire::step::all_nr & ~steps;
    if (context.wanted_macros && wire::any(actions, wire::action::set_macro_list))
        agreed.lists = std::move(*context.wanted_macros);
    context.wanted_macros.reset();
    error_code ec;
    context.session.negotiate(agreed, ec);
    return !ec;
}

} // namespace milter::compat
