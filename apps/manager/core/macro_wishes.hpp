// SPDX-License-Identifier: BSL-1.0
// manager/core/macro_wishes.hpp - the macros that a milter asked for when it last negotiated
//
// The MTA is told once, at the beginning, which macros to send. A milter that has not negotiated by then - it joins late,
// it is slow, it is evaluated - has most likely the wishes that it had before. Nothing else is taken from the past.
// Source: docs/protocol.md 9.2; docs/architecture.md
#pragma once

#include <milter/proto/negotiation.hpp>

#include <memory>
#include <mutex>

namespace milter::manager {

/// Shared by all sessions, of all threads.
class macro_wishes {
public:
    using lists = std::shared_ptr<proto::macro_lists const>;

    void note(proto::macro_lists const& wished) {
        std::lock_guard const lock(mutex_);
        if (!last_ || *last_ != wished) last_ = std::make_shared<proto::macro_lists const>(wished);
    }
    /// Null: it has not negotiated yet.
    lists last() const {
        std::lock_guard const lock(mutex_);
        return last_;
    }

private:
    mutable std::mutex mutex_;
    lists last_;
};

} // namespace milter::manager
