// SPDX-License-Identifier: BSL-1.0
// test-server/session_options.hpp - the options that say who the client is, which macros there are, and how long to wait
#pragma once

#include "test-server/plan.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace CLI { // NOLINT(readability-identifier-naming): CLI11 is called so
class App;
class Option;
} // namespace CLI

namespace milter::test_server {

// As given; what they mean is found out when all are there. They outlive the parsing.

struct client_texts {
    std::string address;
};

struct macro_texts {
    static constexpr std::size_t stages = 7;
    std::vector<std::string> of_stage[stages];
    std::string authenticated_name, authenticated_type, authenticated_author;
};

struct timeout_texts {
    std::string connection = "300", reading = "10", writing = "10", end = "300";
    std::string all, negotiate, command, content;
};

void add_client(CLI::App& app, session_plan& plan, client_texts& given);
void add_macros(CLI::App& app, macro_texts& given);
void add_timeouts(CLI::App& app, timeout_texts& given);

/// An option that may be repeated.
CLI::Option* add_list(CLI::App& app, std::string const& names, std::vector<std::string>& into,
                      std::string const& type, std::string const& help);

// All of these: @throws std::invalid_argument

void settle_client(session_plan& plan, client_texts const& given);
void settle_macros(session_plan& plan, macro_texts const& given);
void settle_timeouts(session_plan& plan, timeout_texts const& given, CLI::App const& app);

/// A time that was given to an option.
proto::duration time_of(char const* name, std::string const& text);

} // namespace milter::test_server
