// SPDX-License-Identifier: BSL-1.0
// tests/manager/endpoints_fixture.hpp - a manager before one milter of several endpoints
#pragma once

#include <boost/test/unit_test.hpp>

#include <support/manager_rig.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace endpoints_test {

using namespace support;
using arrival = scripted_filter::arrival;
using list = std::vector<std::string>;
inline constexpr auto per_element = boost::test_tools::per_element();

inline constexpr std::string_view tempfail =
    "reply \"451 4.7.1 Service unavailable - try again later\"";
inline constexpr std::string_view a_is_down = "cannot connect to unix:/run/a: Connection refused";

/// The first milter with the sockets of this many filters; no other milters.
inline void make_one_of_all(manager_rig& rig, std::size_t filters) {
    rig.config.milters.resize(1);
    for (std::size_t k = 1; k < filters; ++k)
        rig.config.milters[0].sockets.push_back(manager_rig::socket_of(k));
}

struct several : manager_rig {
    explicit several(std::size_t filters = 2) : manager_rig(filters) {
        make_one_of_all(*this, filters);
    }
    manager::milter_config& milter() { return config.milters[0]; }
    void is_down(std::size_t k, arrival how = arrival::refused) {
        filter(k).arrivals.assign(100, how);
    }
    std::string mail() { return send(wire::mail{"<a@client.test>", {}}); }
    std::size_t dialled(std::size_t k) { return filter(k).connections(); }
};

} // namespace endpoints_test
