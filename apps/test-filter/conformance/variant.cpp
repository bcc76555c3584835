// SPDX-License-Identifier: BSL-1.0
// test-filter/conformance/variant.cpp - what the filter that judges an MTA negotiates and answers
#include "test-filter/conformance/variant.hpp"

namespace milter::test_filter {

namespace {

using code = wire::command_code;
using reply = wire::reply_code;
using wire::step;

constexpr variant variants[] = {
    {.name = "everything"},
    {.name = "skip",
     .steps = step::leading_space | step::skip,
     .stage = code::body,
     .says = reply::skip},
    {.name = "no replies", .steps = step::all_nr},
    {.name = "no commands", .steps = step::all_no},
    {.name = "version 2", .version = 2},
    {.name = "version 3", .version = 3},
    {.name = "macro lists", .asks_for_macros = true},
    {.name = "slow", .slow = true},
    {.name = "progress and edits", .progress = true, .edits = true},
    {.name = "a recipient refused", .stage = code::rcpt, .says = reply::reject},
    {.name = "accept at MAIL", .stage = code::mail, .says = reply::accept},
    {.name = "discard at MAIL", .stage = code::mail, .says = reply::discard},
    {.name = "accept at CONNECT", .stage = code::connect, .says = reply::accept},
    {.name = "no headers", .steps = step::no_header | step::rejected_rcpt},
    {.name = "content without replies",
     .steps = step::nr_header | step::nr_end_of_headers | step::nr_body | step::leading_space},
};

} // namespace

std::span<variant const> all_variants() noexcept { return variants; }

} // namespace milter::test_filter
