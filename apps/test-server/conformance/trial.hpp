// SPDX-License-Identifier: BSL-1.0
// test-server/conformance/trial.hpp - one case of the suite: what it is, and how it is run
#pragma once

#include "cli/case_report.hpp"
#include "test-server/conformance/walk.hpp"

#include <deque>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace milter::test_server {

/// A case under way. It fails when nothing is said: a function that forgets to judge must not pass.
class trial {
public:
    trial(conformance_subject const& of, walks& sessions, cli::case_head head)
        : subject(of), walked(sessions) {
        result_.head = std::move(head);
    }

    conformance_subject const& subject;
    walks& walked;

    unsigned statement() const noexcept { return result_.head.statement; }

    /// A fresh connection, whose packets are told with the case.
    dialogue& talk();
    /// The same, negotiated; when that does not work the case has been decided.
    dialogue* opened(wire::negotiate const& offer = {});
    /// The same, with CONNECT and HELO said. Null also when the milter lets the client go there.
    dialogue* greeted(wire::negotiate const& offer = {});

    void pass() { decide(cli::case_verdict::pass, {}); }
    void fail(std::string found) { decide(cli::case_verdict::fail, std::move(found)); }
    void skip(std::string why) { decide(cli::case_verdict::skipped, std::move(why)); }
    void leave_open(std::string why) { decide(cli::case_verdict::inconclusive, std::move(why)); }

    /// Whether nothing was found about these statements in a talk; else the case fails with it.
    bool is_clean(dialogue& one, std::initializer_list<unsigned> statements);
    void pass_if(bool holds, std::string otherwise);
    /// Whether a new connection is served as ever; fails when not.
    bool is_alive();
    void show(std::vector<std::string> packets) { shown_ = std::move(packets); }

    cli::case_result take();

private:
    void decide(cli::case_verdict verdict, std::string found);

    cli::case_result result_;
    transcript_lines log_;
    std::deque<dialogue> talks_; ///< kept until the end: a case may have several at once
    std::vector<std::string> shown_;
    bool decided_ = false;
};

struct conformance_case {
    char const* id;
    unsigned statement;
    cli::level binds;
    char const* title;
    char const* expected;
    void (*run)(trial&);
};

std::span<conformance_case const> packet_cases() noexcept;
std::span<conformance_case const> negotiation_cases() noexcept;
std::span<conformance_case const> command_cases() noexcept;
std::span<conformance_case const> reply_cases() noexcept;
std::span<conformance_case const> state_cases() noexcept;
std::span<conformance_case const> endurance_cases() noexcept;

} // namespace milter::test_server
