// SPDX-License-Identifier: BSL-1.0
// tests/net/name_service.cpp - stands in front of the C library's getaddrinfo, which Asio calls
#include "name_service.hpp"

#include <dlfcn.h>
#include <netdb.h>

#include <string_view>

namespace {

int ask_system(char const* host, char const* service, addrinfo const* hints, addrinfo** found) {
    using function = int (*)(char const*, char const*, addrinfo const*, addrinfo**);
    static auto const next = reinterpret_cast<function>(::dlsym(RTLD_NEXT, "getaddrinfo"));
    return next(host, service, hints, found);
}

int two_addresses(char const* service, addrinfo const* hints, addrinfo** found) {
    for (auto const* host : {"127.0.0.1", "127.0.0.2", "127.0.0.1"}) {
        if (int const error = ask_system(host, service, hints, found)) return error;
        while (*found) found = &(*found)->ai_next; // freeaddrinfo() frees the whole chain
    }
    return 0;
}

} // namespace

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): theirs are reserved
extern "C" int getaddrinfo(char const* host, char const* service, addrinfo const* hints,
                           addrinfo** found) {
    auto* const service_of_test = name_service::current.load();
    if (!service_of_test || !host) return ask_system(host, service, hints, found);
    ++service_of_test->asked;
    std::string_view const name = host;
    if (name == "none.test") return EAI_NONAME;
    if (name == "two.test") return two_addresses(service, hints, found);
    if (name != "hanging.test") return ask_system(host, service, hints, found);
    service_of_test->is_let_go.wait();
    return EAI_AGAIN;
}
