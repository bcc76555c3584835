// SPDX-License-Identifier: BSL-1.0
// manager/set_watch.hpp - reads sets whose files have changed, in a thread of its own
//
// Files of sets change more often than the configuration, and by other hands: no mail waits for one that is large, for a
// database that is locked, or for a file system that hangs. While one hangs no set is read anew, which is told.
#pragma once

#include "manager/config/config_set.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace milter::manager {

class set_watch {
public:
    using time_point = std::chrono::steady_clock::time_point;

    struct listener {
        /// @param of  as look() got it
        std::function<void(std::shared_ptr<config const> const& of, changed_sets)> changed;
        std::function<void(std::string)> say; ///< a line of the log
    };

    /// Blocks, in the other thread. Null: nothing has changed.
    using reader = std::function<std::shared_ptr<changed_sets>(config const&, unreadable_sets,
                                                               file_listener const&)>;

    /// So long a look may take without a word.
    static constexpr auto patience = std::chrono::seconds(60);

    /// @param context  of the thread that makes and calls us, and is told
    set_watch(boost::asio::io_context& context, listener told);
    set_watch(boost::asio::io_context& context, listener told, reader reads);
    set_watch(set_watch const&) = delete;
    set_watch& operator=(set_watch const&) = delete;
    /// Who still reads is left alone.
    ~set_watch();

    /// Nothing is read while the last look goes on; the first time that it takes too long that is told.
    void look(std::shared_ptr<config const> of, time_point now = std::chrono::steady_clock::now());

    /// The file of which has been told that its reading does not come back, until it does; empty: none.
    std::string overdue() const;

private:
    struct shared;

    bool begin(time_point now);
    static void read(std::shared_ptr<shared> const& kept, std::shared_ptr<config const> const& of,
                     unreadable_sets unreadable);

    std::shared_ptr<shared> shared_;
    unsigned looks_ = 0;
};

} // namespace milter::manager
