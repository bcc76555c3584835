// SPDX-License-Identifier: BSL-1.0
// manager/core/body_flow.cpp - how much of a body is kept, and when the MTA is to wait with the next piece
//
// An MTA sends a body without waiting for answers, mostly faster than milters take it. What all have been shown is dropped,
// unless another milter is to be shown it later; and while they work on what is there, the MTA is not read, so that a
// message of any size goes through little memory and no file. But an MTA gives a filter up that does not read (Sendmail,
// after 10 s), so it never waits for longer than `longest_wait`; and where a milter that is behind takes nothing, all has to
// be kept for that one anyway, so then the MTA is read freely.
#include "manager/core/session.hpp"

#include <algorithm>

namespace milter::manager {

namespace {

constexpr std::size_t most_behind = std::size_t{512} << 10; // bytes of a body
constexpr auto longest_pause = std::chrono::milliseconds(250);
constexpr auto longest_wait = std::chrono::seconds(2);

bool needs_body(link const& one) noexcept {
    if (!one.in_message || one.held || one.content.skips_body) return false;
    if (one.pending()) return true;
    return one.state == link_state::ready && one.protocol.sends(wire::command_code::body);
}

} // namespace

/// After milters have been shown what there is. @param shown  how many of them: the rest has to wait for its turn
void session::let_body_flow(std::size_t shown, proto::time_point now) {
    auto& t = *transaction_;
    bool const is_little = t.body.kept() <= wire::default_data_limit;
    if (t.verdict || is_little) return read_on();
    auto lowest = t.body.size();
    auto until = proto::never;
    for (auto const& one : links_) {
        if (!one->undecided() && !needs_body(*one)) continue;
        bool const comes_later = one->undecided() || one->index >= shown;
        if (comes_later) return read_on();
        auto const offset = one->content.body_offset;
        lowest = std::min(lowest, offset);
        if (t.body.size() - offset > enough_for(*one))
            until = std::min(until, std::max(one->content.body_at, t.body_since) + longest_pause);
    }
    if (!t.body_replaced) t.body.drop_before(lowest);
    if (until != proto::never) until = std::min(until, t.body_at + longest_wait);
    t.mta_waits_until = now < until && !t.body_complete ? until : proto::never;
}

/// How much of the body a milter has to have before it, for the MTA to wait: bytes.
std::size_t session::enough_for(link const& one) const noexcept {
    auto const most = std::min(most_behind, config_->spool.memory_bytes / 2);
    return one.protocol.agreed().data_limit + (holds_mta_back() ? most / 2 : most);
}

void session::read_on() noexcept { transaction_->mta_waits_until = proto::never; }

} // namespace milter::manager
