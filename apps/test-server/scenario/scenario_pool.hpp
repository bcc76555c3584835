// SPDX-License-Identifier: BSL-1.0
// test-server/scenario/scenario_pool.hpp - plays scenarios, some at the same time, until all are done or a signal comes
#pragma once

#include "test-server/scenario/run_options.hpp"
#include "test-server/scenario/scenario_report.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace milter::test_server {

/// In one thread. What it is given must outlive it.
class scenario_pool {
public:
    /// @param tell  is given each that is done, in the order of `all`; may be empty
    scenario_pool(std::vector<played_scenario>& all, run_options const& wanted,
                  std::function<void(played_scenario const&)> tell)
        : all_(all), wanted_(wanted), tell_(std::move(tell)), done_(all.size()) {}

    /// Interrupted by SIGINT or SIGTERM, `all` has those that were done. @return whether it was not
    bool run();

private:
    boost::asio::awaitable<void> play_some();
    boost::asio::awaitable<void> explain(std::string& unreachable) const;
    void finish(std::size_t which);
    transcript log_of(played_scenario const& one) const;
    void keep_what_is_done();

    std::vector<played_scenario>& all_;
    run_options const& wanted_;
    std::function<void(played_scenario const&)> tell_;
    std::vector<bool> done_; ///< by index
    std::size_t next_ = 0, told_ = 0, working_ = 0;
};

} // namespace milter::test_server
