// SPDX-License-Identifier: BSL-1.0
// manager/service/rule_desk.hpp - where sessions learn what rules ask about the world: DNS lists, load, time
//
// One for each configuration in force; sessions keep that of their own.
#pragma once

#include "manager/core/config.hpp"
#include "manager/core/surroundings.hpp"
#include "manager/service/dns_lists.hpp"
#include "manager/service/machine_load.hpp"
#include "manager/service/poller.hpp"
#include "manager/service/relay_sinks.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace milter::manager {

class rule_desk {
public:
    /// @param before  the one in force until now, whose answers go on; may be null
    /// @param load  outlives all sessions; null: nobody asks for it
    rule_desk(config const& settings, rule_desk const* before, machine_load const* load,
              relay_sinks const& sinks);
    rule_desk(rule_desk const&) = delete;
    rule_desk& operator=(rule_desk const&) = delete;
    ~rule_desk() = default;

    /// Of any thread.
    surroundings look(std::size_t sessions, std::size_t listener_sessions,
                      proto::time_point now) const;

    /// @param list  as the configuration counts them
    /// @param address  4 or 16 bytes in network order
    /// @param tell  called by the thread of `whom`, which this is, too: at once, or when there is an answer
    void ask(std::size_t list, std::string_view address, poller& whom,
             std::function<void(listing)> tell) const;

    /// Nobody is told anything any more. Before the pollers of those who asked die.
    void close() const;

    /// How its lists are, in the order of the configuration; without any when they cannot be asked. Of any thread.
    dns_status status() const;

    /// Null: no lists are used.
    dns_lists const* lists() const noexcept { return lists_.get(); }

private:
    void know_lists(config const& settings, rule_desk const* before, relay_sinks const& sinks);

    dns_settings dns_;
    std::shared_ptr<dns_lists> lists_;
    std::vector<dns_lists::zone_number>
        numbers_; ///< of the configuration's lists; none: they cannot be asked
    machine_load const* load_;
    std::optional<std::size_t> process_limit_;
    bool tells_time_ = false;
};

} // namespace milter::manager
