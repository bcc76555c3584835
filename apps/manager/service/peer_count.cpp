// SPDX-License-Identifier: BSL-1.0
// manager/service/peer_count.cpp
#include "manager/service/peer_count.hpp"

namespace milter::manager {

namespace ip = boost::asio::ip;

namespace {

ip::address plain(ip::address const& who) {
    if (!who.is_v6() || !who.to_v6().is_v4_mapped()) return who;
    return ip::make_address_v4(ip::v4_mapped, who.to_v6());
}

} // namespace

peer_count::ticket peer_count::enter(ip::address const& who, std::size_t most, refusal* why) {
    auto const refused = [why](refusal because) {
        if (why) *why = because;
        return ticket();
    };
    auto const address = plain(who);
    std::lock_guard const guard(table_->lock);
    auto& sessions = table_->sessions;
    auto const known = sessions.find(address);
    if (known == sessions.end()) {
        if (sessions.size() >= table_->capacity) return refused(refusal::too_many_addresses);
        sessions.emplace(address, 1);
    } else {
        if (most != 0 && known->second >= most) return refused(refusal::too_many_sessions);
        ++known->second;
    }
    return {table_, address};
}

void peer_count::ticket::leave() noexcept {
    auto const of = std::exchange(of_, nullptr);
    if (!of) return;
    std::lock_guard const guard(of->lock);
    auto const known = of->sessions.find(who_);
    if (--known->second == 0) of->sessions.erase(known);
}

std::size_t peer_count::of(ip::address const& who) const {
    std::lock_guard const guard(table_->lock);
    auto const known = table_->sessions.find(plain(who));
    return known == table_->sessions.end() ? 0 : known->second;
}

std::size_t peer_count::size() const {
    std::lock_guard const guard(table_->lock);
    return table_->sessions.size();
}

} // namespace milter::manager
