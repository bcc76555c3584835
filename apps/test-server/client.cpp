// SPDX-License-Identifier: BSL-1.0
// test-server/client.cpp - the SMTP client that a milter is told of, from a text
#include "test-server/client.hpp"

#include <milter/endpoint.hpp>

#include <stdexcept>

namespace milter::test_server {

smtp_client parse_client(std::string const& host, std::string const& spec) {
    smtp_client client;
    client.host = host;
    if (spec.empty()) return client;
    if (spec == "unknown") {
        client.family = wire::family::unknown;
        return client;
    }
    auto const where = parse_endpoint(spec);
    if (!where)
        throw std::invalid_argument(
            "\"" + spec +
            "\" is no address; examples: inet:50443@192.168.123.123, inet6:25@[2001:db8::1], "
            "unix:/path, unknown");
    bool const is_path = where->family == endpoint::kind::unix_path;
    client.family = is_path                                  ? wire::family::unix_path
                    : where->family == endpoint::kind::inet6 ? wire::family::inet6
                                                             : wire::family::inet;
    client.address = is_path ? where->path : where->host;
    client.port = 0;
    if (is_path) return client;
    if (where->service.find_first_not_of("0123456789") != std::string::npos)
        throw std::invalid_argument("a port is a number here");
    client.port = static_cast<std::uint16_t>(std::stoul(where->service));
    return client;
}

} // namespace milter::test_server
