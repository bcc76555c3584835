// SPDX-License-Identifier: BSL-1.0
// load/tally.cpp - what came of many sessions
#include "load/tally.hpp"

#include <milter/proto/smtp_reply.hpp>

#include <numeric>

namespace milter::load {

std::string_view name_of(outcome one) noexcept {
    switch (one) {
    case outcome::pass: return "pass";
    case outcome::accept: return "accept";
    case outcome::reject: return "reject";
    case outcome::temporary_failure: return "temporary-failure";
    case outcome::discard: return "discard";
    case outcome::quarantine: return "quarantine";
    case outcome::shutdown: return "shutdown";
    case outcome::connection_failure: return "connection-failure";
    case outcome::error: return "error";
    }
    return "error";
}

outcome outcome_of(wire::reply_code verdict, std::string_view text) noexcept {
    switch (verdict) {
    case wire::reply_code::accept: return outcome::accept;
    case wire::reply_code::reject: return outcome::reject;
    case wire::reply_code::tempfail: return outcome::temporary_failure;
    case wire::reply_code::discard: return outcome::discard;
    case wire::reply_code::shutdown: return outcome::shutdown;
    case wire::reply_code::connection_failed: return outcome::connection_failure;
    case wire::reply_code::reply_text:
        return proto::reply_class(text) == 4 ? outcome::temporary_failure : outcome::reject;
    default: return outcome::pass;
    }
}

std::uint64_t tally::messages() const noexcept {
    return std::accumulate(outcomes.begin(), outcomes.end(), std::uint64_t{0});
}

double tally::throughput() const noexcept {
    auto const seconds = std::chrono::duration<double>(elapsed).count();
    return seconds > 0 ? static_cast<double>(with_verdict()) / seconds : 0;
}

histogram tally::felt_at_least() const {
    auto all = message.felt();
    all.merge(waits);
    return all;
}

void tally::note_refusal(stage at, std::string_view text) {
    auto key = std::string(name_of(at)) + ": " + std::string(text.substr(0, most_reply_bytes));
    if (text.size() > most_reply_bytes) key += "...";
    auto const known = refusals.find(key);
    if (known != refusals.end())
        ++known->second;
    else if (refusals.size() < most_replies)
        refusals.emplace(std::move(key), 1);
    else
        ++refusals["(others)"];
}

void tally::merge(tally const& other) {
    for (std::size_t i = 0; i < stages.size(); ++i) stages[i].merge(other.stages[i]);
    message.merge(other.message);
    session.merge(other.session);
    for (std::size_t i = 0; i < outcomes.size(); ++i) outcomes[i] += other.outcomes[i];
    for (auto const& [code, count] : other.edits) edits[code] += count;
    for (auto const& [kind, count] : other.errors) errors[kind] += count;
    for (auto const& [text, count] : other.refusals) {
        bool const fits = refusals.contains(text) || refusals.size() < most_replies;
        refusals[fits ? text : "(others)"] += count;
    }
    sessions += other.sessions;
    refused_recipients += other.refused_recipients;
    keepalives += other.keepalives;
    answers += other.answers;
    bytes_sent += other.bytes_sent;
    message_bytes += other.message_bytes;
    crowded += other.crowded;
    waits.merge(other.waits);
    processor += other.processor;
}

} // namespace milter::load
