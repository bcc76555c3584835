// SPDX-License-Identifier: BSL-1.0
// manager/service/dns_lists.hpp - whether an address stands in a block or allow list, asked by workers, answered to them
//
// One for the process, with one thread that speaks DNS (service/dns_channel.hpp) and waits for nobody. What is known is
// answered at once; what is being asked for is asked for once; an answer comes by the deadline of the question, and be
// it "failed". A zone that fails again and again is not asked until its breaker tries it (core/breaker.hpp).
#pragma once

#include "manager/core/breaker.hpp"
#include "manager/core/dns_settings.hpp"
#include "manager/core/dns_zone.hpp"
#include "manager/service/poller.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace milter::manager {

/// Of one zone, since the start.
struct dns_zone_status {
    std::string name;
    breaker::state state = breaker::state::closed;
    breaker::experience last = breaker::experience::none; ///< what came of the last question
    proto::duration pause{};                              ///< until it is asked again
    std::uint64_t asked = 0;  ///< questions of sessions; all others are parts of these
    std::uint64_t cached = 0; ///< answered at once from what was known
    std::uint64_t sent = 0;   ///< to the name servers
    std::uint64_t listed = 0; ///< answers from the cache included, as in the next two
    std::uint64_t not_listed = 0;
    std::uint64_t failed = 0;
    std::uint64_t skipped = 0;     ///< of those that failed: the breaker was open
    std::uint64_t crowded_out = 0; ///< of those that failed: too many questions at once
    std::string reason;            ///< of the last failure
};

struct dns_status {
    std::vector<dns_zone_status> zones; ///< in the order of their numbers
    std::size_t remembered = 0;         ///< answers
    std::size_t outstanding = 0;        ///< questions that name servers work at
};

class dns_lists {
public:
    using zone_number = std::uint32_t;
    using answer = std::function<void(listing)>;

    static constexpr std::size_t most_waiting =
        10'000; ///< for one question; whoever comes later has failed

    /// @param settings  for as long as this lives: others take another one
    /// @param log  told when a breaker opens or closes, by the thread that speaks DNS
    explicit dns_lists(dns_settings const& settings,
                       std::function<void(std::string const&)> log = {});
    dns_lists(dns_lists const&) = delete;
    dns_lists& operator=(dns_lists const&) = delete;
    ~dns_lists();

    /// Makes a zone known; one that is known already keeps its number, its answers and its breaker, so that a reload
    /// costs nothing. The first one starts the thread. Reads resolv.conf; throws std::runtime_error when there is
    /// nobody to ask, std::system_error when there are no descriptors or threads.
    zone_number know(dns_zone const& zone);

    /// @param address  of the client: 4 or 16 bytes in network order
    /// @param tell  called by the thread of `whom`, which this is, too: at once, or when there is an answer; not after
    ///              close(). It must bear that who asked has ended.
    void ask(zone_number zone, std::span<std::uint8_t const> address, poller& whom, answer tell);

    /// Nobody is told anything any more; waits for nothing but the thread's next turn. Before the pollers of those who
    /// asked die.
    void close();

    dns_status status() const;

private:
    class work;

    std::unique_ptr<work> work_;
};

} // namespace milter::manager
