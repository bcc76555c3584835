// SPDX-License-Identifier: BSL-1.0
// test-server/conformance/transcript.cpp - the packets of a case both ways, in words and as bytes
#include "test-server/conformance/transcript.hpp"

#include "cli/packet_line.hpp"
#include <milter/wire/describe.hpp>

#include <fmt/format.h>

#include <utility>

namespace milter::test_server {

void transcript_lines::add(std::string line) {
    if (lines_.size() == most_lines) line = "(and more)";
    if (lines_.size() <= most_lines) lines_.push_back(std::move(line));
}

void transcript_lines::sent(std::string_view bytes) {
    if (is_full()) return;
    if (!wire::ends_with_a_frame(bytes) || bytes.empty())
        return add(cli::packet_line('>', fmt::format("{} bytes", bytes.size()), bytes));
    error_code ec;
    while (auto const frame = wire::first_frame(bytes, UINT32_MAX, ec)) {
        add(cli::packet_line('>', wire::describe_command(*frame), frame->raw));
        bytes.remove_prefix(frame->raw.size());
    }
}

void transcript_lines::received(std::string_view bytes) {
    if (is_full()) return;
    error_code ec;
    if (auto const frame = wire::first_frame(bytes, UINT32_MAX, ec))
        add(cli::packet_line('<', wire::describe_reply(*frame), bytes));
    else
        add(cli::packet_line('<', fmt::format("{} bytes", bytes.size()), bytes));
}

void transcript_lines::note(std::string_view what) { add(fmt::format("- {}", what)); }

} // namespace milter::test_server
