// SPDX-License-Identifier: BSL-1.0
// manager/rules/request.hpp - what a verb of `milter-manager rules` is asked for, and what it has to say
#pragma once

#include <string>
#include <vector>

namespace milter::manager {

enum class rules_verb { facts, check, test, fmt, explain, coverage, simulate };

enum class fmt_way {
    text, ///< one expression, as text
    json, ///< the same, as JSON
    check_files,
    write_files
};

struct rules_request {
    rules_verb verb = rules_verb::facts;
    std::string config_file;
    bool json = false;
    std::string name;                 ///< facts: one of them, or a group; empty: all
    std::string filter;               ///< test: part of the names of tests
    bool verbose = false;             ///< test: also those that pass
    fmt_way way = fmt_way::text;      ///< fmt
    bool from_json = false;           ///< fmt: the expression is JSON
    std::vector<std::string> texts;   ///< fmt: an expression or "-", or files
    std::string test;                 ///< explain: the name of one
    std::vector<std::string> given;   ///< explain: KEY=VALUE
    std::string milter;               ///< explain: this one alone
    std::string log;                  ///< explain: a decision log ...
    std::string queue_id;             ///< ... and a message in it
    std::vector<std::string> corpora; ///< coverage, simulate: files
    std::string new_file;             ///< simulate: the other configuration
    std::vector<std::string> listed;  ///< simulate: ZONE=IP,IP
    bool all = false;                 ///< simulate: show each message that changes
};

/// What goes to both outputs, and the exit status.
struct rules_answer {
    int status = 0;
    std::string out;
    std::string err;
};

} // namespace milter::manager
