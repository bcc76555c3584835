// SPDX-License-Identifier: BSL-1.0
// tests/fuzz/negotiation.cpp - any offer, any wish: the answer is one that a strict MTA takes
//
// Input: six u32 - version, actions and steps of the offer; actions needed, actions and steps wanted - then
// the macro list for each stage that is wanted, each ended by NUL.

#include "invariant.hpp"
#include <milter/proto/negotiation.hpp>

namespace proto = milter::proto;
namespace wire = milter::wire;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    wire::cursor in(fuzz::view(data, size));
    wire::negotiate offer;
    offer.version = in.u32();
    offer.actions = static_cast<wire::action>(in.u32());
    offer.steps = static_cast<wire::step>(in.u32());
    proto::wish wish;
    wish.needs = static_cast<wire::action>(in.u32());
    wish.actions = static_cast<wire::action>(in.u32());
    wish.steps = static_cast<wire::step>(in.u32());
    if (in.failed()) return 0;
    for (auto& list : wish.lists)
        if (!in.empty()) list.emplace(in.zstr());

    auto const filter = proto::answer_offer(offer, wish);
    if (!filter) {
        require(filter.error() == milter::condition::violation, "a refusal says what is wrong");
        return 0;
    }
    require(filter->version <= wire::newest_version && filter->version <= offer.version,
            "version is within the offer");
    if (offer.actions == wire::action::none || offer.steps == wire::step::none)
        return 0; // read as more: statement 43
    require(wire::has(offer.actions, filter->actions), "actions are within the offer");
    require(wire::has(filter->actions, wish.needs & ~wire::action::set_macro_list),
            "what is needed is granted");
    require(wire::has(offer.steps, filter->steps), "steps are within the offer");

    auto const mta = proto::check_answer(offer, to_reply(*filter), proto::strictness::strict);
    auto const unknown = ~(wire::step::all | wire::step::all_data_sizes);
    require(mta.has_value(), "a strict MTA takes the answer");
    require(mta->version == filter->version && mta->actions == filter->actions,
            "both sides agree on version and actions");
    require((mta->steps & ~proto::absent_before(mta->version)) ==
                (filter->steps & ~unknown & ~proto::absent_before(mta->version)),
            "both sides agree on the steps");
    require(mta->data_limit == filter->data_limit, "both sides agree on the size");
    require(mta->lists == filter->lists, "both sides agree on the macro lists");
    for (auto const& row : wire::command_rows)
        require(mta->answers(row.code) == filter->answers(row.code),
                "both sides agree on what is answered");
    return 0;
}
