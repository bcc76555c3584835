// SPDX-License-Identifier: BSL-1.0
// manager/server.hpp - a manager that runs: its mail, its signals, what administrators order, and what it says
#pragma once

#include "manager/options.hpp"
#include "manager/service/control.hpp"
#include "manager/service/counters.hpp"
#include "manager/service/gateway.hpp"
#include "manager/service/line_writer.hpp"
#include "manager/service/periodic.hpp"
#include "manager/service/supervisor.hpp"
#include "manager/set_watch.hpp"

#include <boost/asio/signal_set.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace milter::manager {

/// Everything that only one thread of one process does.
class server {
public:
    /// Throws line_writer::cannot_open, and what the system says when there are no descriptors or threads.
    /// @param supervisor  outlives us
    server(options const& options, std::shared_ptr<config const> const& settings,
           supervisor const& supervisor, inherited_sockets inherited);

    /// Until it has been told to end. @return the exit status
    int serve();

private:
    control_actions actions();
    std::string listen();
    void say_where_it_listens();
    void say(std::string text);
    void decided(decision&& one);
    void evaluated(evaluation&& one);
    template <class Record> void record(Record one);
    void logged(log_event&& one);
    void await_signal();

    // the end
    void end();
    void drain(proto::duration patience);
    drain_outcome ordered_drain(control_peer const& by, std::optional<proto::duration> patience);
    std::string last_words() const;

    // other settings
    reload_outcome ordered_reload(control_peer const& by);
    reload_outcome reload();
    reload_outcome read_and_take_over();
    void take_sets(std::shared_ptr<config const> const& of, changed_sets read);
    void warn(reload_outcome& of, std::string const& what);

    status_report status() const;

    static constexpr auto set_watch_period = std::chrono::seconds(2);

    std::string file_; ///< of the configuration
    std::shared_ptr<config const> started_with_;
    std::shared_ptr<config const> settings_; ///< of new sessions
    supervisor const& supervisor_;
    inherited_sockets inherited_;
    counters counters_;
    line_writer messages_;
    line_writer decisions_;
    gateway gateway_;
    std::shared_ptr<control> control_;
    boost::asio::signal_set signals_;
    set_watch sets_{gateway_.context(),
                    {[this](std::shared_ptr<config const> const& of, changed_sets read) {
                         take_sets(of, std::move(read));
                     },
                     [this](std::string what) { say(std::move(what)); }}};
    periodic watch_of_sets_{gateway_.context(), set_watch_period, [this] {
                                if (!draining_) sets_.look(settings_);
                            }};
    wall_time started_at_ = std::chrono::system_clock::now();
    wall_time loaded_at_ = started_at_;
    std::optional<reload_status> last_reload_;
    proto::duration patience_{}; ///< of the drain
    bool draining_ = false;
    bool impatient_ = false; ///< a second signal came
};

} // namespace milter::manager
