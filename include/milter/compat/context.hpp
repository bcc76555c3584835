// SPDX-License-Identifier: BSL-1.0
// milter/compat/context.hpp - what is known of one connection: the SMFICTX that callbacks are given
//
// Touched by one thread at a time: the one that runs the connection's callbacks.
#pragma once

#include <milter/compat/description.hpp>
#include <milter/compat/peer.hpp>
#include <milter/proto/filter_session.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <string>

namespace milter::compat {

/// What holds for all connections of a process.
struct limits {
    proto::duration patience =
        proto::filter_idle_timeout; ///< for the next command: smfi_settimeout
    std::size_t max_command_bytes = wire::default_data_limit; ///< smfi_setmaxdatasize
};

/// Bytes of answers and edits kept back, and what the last one of them adds.
inline constexpr std::size_t most_unwritten = std::size_t{256} * 1024;

} // namespace milter::compat

struct smfi_str {
    smfi_str(int descriptor, smfiDesc const& registered, milter::compat::limits const& limits)
        : filter(registered), mta(descriptor), session(options(limits)),
          write_patience(std::min(limits.patience, milter::proto::filter_write_timeout)) {}

    static milter::proto::filter_options options(milter::compat::limits const& limits) {
        milter::proto::filter_options chosen;
        chosen.manual_negotiation = true;
        chosen.max_command_bytes = limits.max_command_bytes;
        return chosen;
    }

    /// In a callback: writes all that the session has to say; blocks, write_patience at most.
    /// @return MI_SUCCESS, or MI_FAILURE: nothing can be written any more
    int flush() noexcept {
        milter::error_code ec;
        if (!is_broken) mta.write_all(session.output(), write_patience, ec);
        if (ec) is_broken = true;
        session.sent(session.output().size());
        return is_broken ? MI_FAILURE : MI_SUCCESS;
    }

    /// Between callbacks: writes what the MTA takes now. It has until writes_until to take the rest.
    void write_some() noexcept {
        if (session.output().empty()) return;
        milter::error_code ec;
        auto size = is_broken ? 0 : mta.write_some(session.output(), ec);
        if (ec) is_broken = true;
        if (is_broken) size = session.output().size();
        session.sent(size);
        if (session.output().empty())
            writes_until = milter::proto::never;
        else if (!is_blocked())
            writes_until = milter::proto::after(milter::proto::clock::now(), write_patience);
    }

    /// Something is to be written that the MTA did not take.
    bool is_blocked() const noexcept { return writes_until != milter::proto::never; }

    smfiDesc const& filter;
    milter::compat::peer mta;
    milter::proto::filter_session session;
    milter::proto::duration write_patience;
    milter::proto::time_point writes_until = milter::proto::never;
    void* private_data = nullptr;
    std::string reply; ///< of smfi_setreply(): stays until a verdict of its class takes it
    std::unique_ptr<milter::proto::macro_lists> wanted_macros; ///< of smfi_setsymlist()
    bool is_in_message = false; ///< xxfi_abort is owed when the message ends without a verdict
    bool is_closed = false;     ///< xxfi_close was called, and nothing came since
    bool is_broken = false;     ///< a write failed
    bool is_ending = false;     ///< no more commands; the connection goes when all is written
    std::atomic<bool> is_left_behind = false; ///< smfi_main() has returned: no callback begins
};
