// SPDX-License-Identifier: BSL-1.0
// test-server/bench_refusal.cpp - options of the older load generator that only make sense over SMTP
#include "test-server/bench_refusal.hpp"

#include <string_view>

namespace milter::test_server {

namespace {

struct refused_option {
    std::string_view name;
    std::string_view instead;
};

constexpr std::string_view load_of_mta = "smtp-source -s 10 -m 100 HOST:PORT";
constexpr std::string_view with_tls = "swaks --server HOST:PORT --tls";
constexpr std::string_view with_auth =
    "swaks --server HOST:PORT --tls --auth PLAIN --auth-user USER --auth-password PASSWORD";

constexpr refused_option refused[] = {
    {"--smtp-server", load_of_mta},
    {"--smtp-port", load_of_mta},
    {"--starttls", with_tls},
    {"--auth-user", with_auth},
    {"--auth-password", with_auth},
    {"--auth-mechanism", with_auth},
    {"--auth-map", with_auth},
    {"--force-from", "smtp-source -f FROM HOST:PORT; here -f replaces the sender of all messages"},
    {"--force-recipient",
     "smtp-source -t RCPT HOST:PORT; here -r replaces the recipients of all messages"},
};

} // namespace

std::optional<std::string> refusal_of(int argc, char const* const* argv) {
    for (int i = 1; i < argc; ++i) {
        std::string_view const word = argv[i];
        if (word == "--") return std::nullopt;
        auto const name = word.substr(0, word.find('='));
        for (auto const& one : refused)
            if (one.name == name)
                return std::string(name) + " is for SMTP, and bench talks to a milter; use " +
                       std::string(one.instead);
    }
    return std::nullopt;
}

} // namespace milter::test_server
