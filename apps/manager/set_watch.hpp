// SPDX-License-Identifier: BSL-1.0
// manager/set_watch.hpp - reads sets whose files have changed, in a thread of its own
//
// Files of sets change more often than the configuration, and by other hands: no mail waits for one that is large, for a
// database that is locked, or for a file system that hangs.
#pragma once

#include "manager/config/config_set.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>

namespace milter::manager {

class set_watch {
public:
    /// @param of  as look() got it
    using listener = std::function<void(std::shared_ptr<config const> const& of, changed_sets)>;

    /// @param context  of the thread that makes and calls us, and is told
    set_watch(boost::asio::io_context& context, listener changed);
    set_watch(set_watch const&) = delete;
    set_watch& operator=(set_watch const&) = delete;
    /// Who still reads is left alone.
    ~set_watch();

    /// Nothing happens while the last look goes on.
    void look(std::shared_ptr<config const> of);

private:
    struct shared;

    static void read(std::shared_ptr<shared> const& kept, std::shared_ptr<config const> const& of,
                     unreadable_sets unreadable);

    std::shared_ptr<shared> shared_;
    unsigned looks_ = 0;
};

} // namespace milter::manager
