// SPDX-License-Identifier: BSL-1.0
// milter/compat/context.hpp - what is known of one connection: the SMFICTX that callbacks are given
//
// Touched by one thread at a time: the one that runs the connection's callbacks.
#pragma once

#include <milter/compat/description.hpp>
#include <milter/compat/peer.hpp>
#include <milter/proto/filter_session.hpp>

#include <algorithm>
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

inline constexpr std::size_t most_unwritten = std::size_t{256} * 1024; // bytes of edits kept back

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

    /// Writes what the session has to say. @return MI_SUCCESS, or MI_FAILURE: nothing can be written any more
    int flush() noexcept {
        if (session.output().empty()) return is_broken ? MI_FAILURE : MI_SUCCESS;
        milter::error_code ec;
        if (!is_broken) mta.write(session.output(), write_patience, ec);
        session.sent(session.output().size());
        if (ec) is_broken = true;
        return is_broken ? MI_FAILURE : MI_SUCCESS;
    }

    smfiDesc const& filter;
    milter::compat::peer mta;
    milter::proto::filter_session session;
    milter::proto::duration write_patience;
    void* private_data = nullptr;
    std::string reply; ///< of smfi_setreply(): stays until a verdict of its class takes it
    std::unique_ptr<milter::proto::macro_lists> wanted_macros; ///< of smfi_setsymlist()
    bool is_in_message = false; ///< xxfi_abort is owed when the message ends without a verdict
    bool is_closed = false;     ///< xxfi_close was called, and nothing came since
    bool is_broken = false;     ///< a write failed
};
