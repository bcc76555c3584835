// SPDX-License-Identifier: BSL-1.0
// tests/bench/load.hpp - what a driver is asked to do, and what it says of it
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

namespace bench {

/// DRIVER SOCKET SESSIONS CONCURRENCY BODY_BYTES
struct load {
    load(int argc, char** argv) {
        if (argc != 5) {
            std::fprintf(stderr, "usage: %s SOCKET SESSIONS CONCURRENCY BODY_BYTES\n", argv[0]);
            std::exit(64);
        }
        socket = argv[1];
        sessions = std::strtoul(argv[2], nullptr, 10);
        concurrency = std::max(1UL, std::strtoul(argv[3], nullptr, 10));
        body_bytes = std::strtoul(argv[4], nullptr, 10);
    }

    std::string socket;
    std::size_t sessions =
        0; ///< 0: opens as many as `concurrency`, goes up to HELO, holds them until its input ends
    std::size_t concurrency = 1;
    std::size_t body_bytes = 0;
};

using clock = std::chrono::steady_clock;

class tally {
public:
    explicit tally(std::size_t sessions) { latencies_.reserve(sessions); }

    /// A session ended. @param begin  when it began to connect
    void ended(clock::time_point begin, bool well) {
        latencies_.push_back(
            std::chrono::duration<double, std::micro>(clock::now() - begin).count());
        if (!well) ++failed_;
    }
    std::size_t count() const noexcept { return latencies_.size(); }

    /// One line of JSON. @return the exit code
    int print() {
        auto const count = std::max<std::size_t>(latencies_.size(), 1);
        std::chrono::duration<double> const elapsed = clock::now() - begin_;
        auto const cpu = cpu_time() - begin_cpu_;
        std::sort(latencies_.begin(), latencies_.end());
        auto const at = [&](std::size_t percent) {
            return latencies_.empty() ? 0.0 : latencies_[(latencies_.size() - 1) * percent / 100];
        };
        std::printf("{\"sessions\": %zu, \"failed\": %zu, \"seconds\": %.6f, \"cpu_us\": %.2f, "
                    "\"p50_us\": %.1f, \"p99_us\": %.1f}\n",
                    latencies_.size(), failed_, elapsed.count(), cpu / static_cast<double>(count),
                    at(50), at(99));
        return failed_ == 0 ? 0 : 1;
    }

private:
    static double cpu_time() { // us of this process
        timespec spent{};
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
        return static_cast<double>(spent.tv_sec) * 1e6 + static_cast<double>(spent.tv_nsec) / 1e3;
    }

    std::vector<double> latencies_;
    std::size_t failed_ = 0;
    clock::time_point begin_ = clock::now();
    double begin_cpu_ = cpu_time();
};

} // namespace bench
