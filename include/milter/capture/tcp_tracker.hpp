// SPDX-License-Identifier: BSL-1.0
// milter/capture/tcp_tracker.hpp - captured packets to milter connections
#pragma once

#include <milter/capture/milter_flow.hpp>

#include <array>
#include <cstddef>
#include <map>
#include <utility>
#include <vector>

namespace milter::capture {

struct tracker_options {
    std::vector<std::uint16_t>
        ports; ///< connections that have one of them at either end; none: all
    std::size_t max_connections = 4096; ///< open at a time; the one that was silent longest goes
};

/// What was seen and not used.
struct tracker_statistics {
    std::size_t packets = 0;
    std::array<std::size_t, 5> skipped{}; ///< by capture::skipped
    std::size_t other_ports = 0;          ///< segments of connections that were not asked for
    std::size_t other_protocols = 0;      ///< connections that are no milter's
    std::size_t milters = 0;              ///< connections that are
    std::size_t evicted = 0;              ///< connections given up for max_connections
};

/// `make_sink(number, tcp_end first, tcp_end second, at)` makes the sink of a new connection (see milter_flow), and
/// `done(milter_flow&, at)` gets each connection that turned out to be a milter's when it is over.
template <class Sink, class MakeSink, class Done> class tcp_tracker {
public:
    tcp_tracker(tracker_options options, MakeSink make_sink, Done done)
        : options_(std::move(options)), make_sink_(std::move(make_sink)), done_(std::move(done)) {}

    /// @param on_wire  the packet's size before the capture cut it, bytes
    /// @param at       when it was captured, microseconds
    void packet(link_type link, std::string_view bytes, std::size_t on_wire, std::int64_t at) {
        ++statistics_.packets;
        auto const found = read_packet(link, bytes, on_wire);
        if (auto const* why = std::get_if<skipped>(&found)) {
            ++statistics_.skipped[static_cast<std::size_t>(*why)];
            return;
        }
        segment(std::get<tcp_segment>(found), at);
    }

    /// The capture is over.
    void finish(std::int64_t at) {
        std::map<std::size_t, typename flows::iterator> in_order;
        for (auto one = flows_.begin(); one != flows_.end(); ++one)
            in_order.emplace(one->second.number, one);
        for (auto const& [number, one] : in_order) close(one->second, at);
        flows_.clear();
    }

    tracker_statistics const& statistics() const noexcept { return statistics_; }

private:
    using key = std::pair<tcp_end, tcp_end>; ///< in ascending order
    struct tracked {
        std::size_t number;
        std::int64_t last;
        std::optional<milter_flow<Sink>> flow; ///< none once it is over
    };
    using flows = std::map<key, tracked>;

    void segment(tcp_segment const& one, std::int64_t at) {
        if (!wanted(one)) {
            ++statistics_.other_ports;
            return;
        }
        key const ends = std::minmax(one.source, one.destination);
        auto known = flows_.find(ends);
        bool const opens = one.syn && !one.ack;
        if (known != flows_.end() && opens && !known->second.flow) {
            flows_.erase(known); // the same ports again
            known = flows_.end();
        }
        if (known == flows_.end()) known = open(ends, one, at);
        auto& [number, last, flow] = known->second;
        last = at;
        if (!flow) return; // it was over: a late copy
        flow->add(one, at);
        if (flow->closed()) close(known->second, at);
    }

    bool wanted(tcp_segment const& one) const noexcept {
        auto const& ports = options_.ports;
        auto const has = [&](std::uint16_t port) {
            return std::find(ports.begin(), ports.end(), port) != ports.end();
        };
        return ports.empty() || has(one.source.port) || has(one.destination.port);
    }

    typename flows::iterator open(key const& ends, tcp_segment const& first, std::int64_t at) {
        if (flows_.size() >= options_.max_connections) evict(at);
        auto const number = next_++;
        milter_flow<Sink> flow(first.source, first.destination,
                               make_sink_(number, first.source, first.destination, at));
        return flows_.emplace(ends, tracked{number, at, std::move(flow)}).first;
    }

    void evict(std::int64_t at) {
        auto const silent = std::min_element(flows_.begin(), flows_.end(), [](auto& a, auto& b) {
            return a.second.last < b.second.last;
        });
        if (silent == flows_.end()) return;
        if (silent->second.flow) ++statistics_.evicted;
        close(silent->second, at);
        flows_.erase(silent);
    }

    void close(tracked& one, std::int64_t at) {
        if (!one.flow) return;
        one.flow->finish(at);
        if (one.flow->state() == flow_state::milter) {
            ++statistics_.milters;
            done_(*one.flow, at);
        } else {
            ++statistics_.other_protocols;
        }
        one.flow.reset();
    }

    tracker_options options_;
    MakeSink make_sink_;
    Done done_;
    tracker_statistics statistics_;
    flows flows_;
    std::size_t next_ = 0;
};

} // namespace milter::capture
