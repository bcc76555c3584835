// SPDX-License-Identifier: BSL-1.0
// test-filter/condition.hpp - when a rule applies, as data and as text
#pragma once

#include "test-filter/seen.hpp"
#include <milter/proto/macros.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace milter::test_filter {

struct condition {
    enum class field { client, helo, sender, rcpt, header, body, macro, command, message, session };
    enum class test { present, equals, contains };

    field what = field::rcpt;
    std::string name; ///< of a header or macro
    test how = test::present;
    std::string value;
    std::size_t number = 0; ///< of a message or session
    bool negated = false;
};

/// Reads `FIELD=VALUE`, `FIELD~PART`, `FIELD!=VALUE`, `FIELD!~PART`, or `FIELD` (it is there) and `!FIELD`; FIELD is
/// client, helo, sender, rcpt, header:NAME, body, macro:NAME, command, message or session.
/// @throws script_error
condition parse_condition(std::string_view text);

/// At RCPT and at a header only the one that came with the command counts, later any of the message.
/// Letter case and the angle brackets of addresses do not matter.
bool holds(condition const& one, seen const& state, proto::macro_store const& macros,
           wire::command_code stage);

std::string_view describe_conditions() noexcept;

} // namespace milter::test_filter
