// SPDX-License-Identifier: BSL-1.0
// test-server/plan.cpp - what one session is to send
#include "test-server/plan.hpp"

#include "cli/flag_names.hpp"

#include <stdexcept>

namespace milter::test_server {

namespace {

/// Where the address ends: behind its bracket, or at the first blank outside of quotes.
std::size_t end_of_address(std::string_view text) noexcept {
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\')
            ++i;
        else if (text[i] == '"')
            quoted = !quoted;
        else if (!quoted && text[i] == '>')
            return i + 1;
        else if (!quoted && text[i] == ' ')
            return i;
    }
    return text.size();
}

} // namespace

smtp_path parse_path(std::string_view text) {
    auto const end = end_of_address(text);
    smtp_path path{std::string(text.substr(0, end)), {}};
    if (path.address.empty() || path.address.front() != '<')
        path.address = "<" + path.address + ">";
    text.remove_prefix(end);
    while (!text.empty()) {
        auto const blank = text.find(' ');
        if (blank != 0) path.args.emplace_back(text.substr(0, blank));
        if (blank == text.npos) break;
        text.remove_prefix(blank + 1);
    }
    return path;
}

wire::command_code parse_session_stage(std::string_view text) {
    try {
        auto const stage = cli::parse_stage(text);
        bool const passed = wire::row_of(stage).answered && stage != wire::command_code::negotiate;
        if (passed) return stage;
    } catch (std::invalid_argument const&) { // its list has stages that do not count here
    }
    throw std::invalid_argument(
        "unknown stage \"" + std::string(text) +
        "\"; there are connect, helo, unknown, mail, rcpt, data, header, end_of_headers, body, "
        "end_of_message");
}

} // namespace milter::test_server
