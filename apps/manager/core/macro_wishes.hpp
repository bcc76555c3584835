// SPDX-License-Identifier: BSL-1.0
// manager/core/macro_wishes.hpp - the macros that a milter asked for when it last negotiated
//
// The MTA is told once, at the beginning, which macros to send. A milter that has not negotiated by then - it joins late,
// it is slow, it is evaluated - has most likely the wishes that it had before. Nothing else is taken from the past.
// Source: docs/protocol.md 9.2; docs/architecture.md
#pragma once

#include <milter/proto/negotiation.hpp>

#include <atomic>
#include <memory>
#include <utility>

namespace milter::manager {

/// Shared by all sessions, of all threads, without a lock: what was once said is kept, for whoever looks at it.
class macro_wishes {
public:
    static constexpr unsigned most_changes = 32; ///< a milter that says something else each time

    macro_wishes() = default;
    macro_wishes(macro_wishes const&) = delete;
    macro_wishes& operator=(macro_wishes const&) = delete;
    ~macro_wishes() {
        for (auto const* one = last_.load(); one;) delete std::exchange(one, one->before);
    }

    void note(proto::macro_lists const& wished) {
        auto const* const known = last();
        if ((known && *known == wished) || changes_.fetch_add(1) >= most_changes) return;
        auto added = std::make_unique<entry>(entry{wished, nullptr});
        auto* const mine = added.release();
        mine->before = last_.exchange(mine); // read by the destructor alone
    }
    /// Null: it has not negotiated yet. Lives as long as this.
    proto::macro_lists const* last() const noexcept {
        auto const* const found = last_.load();
        return found ? &found->wished : nullptr;
    }

private:
    struct entry {
        proto::macro_lists wished;
        entry const* before;
    };

    std::atomic<entry const*> last_ = nullptr;
    std::atomic<unsigned> changes_ = 0;
};

} // namespace milter::manager
