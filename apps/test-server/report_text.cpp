// SPDX-License-Identifier: BSL-1.0
// test-server/report_text.cpp - outcomes of sessions for people, in the shape of the older milter-test-server
#include "cli/printable.hpp"
#include "test-server/report.hpp"

#include <fmt/format.h>

#include <chrono>
#include <string_view>

namespace milter::test_server {

namespace {

using cli::printable;
using mark = changed_line::mark;

constexpr std::size_t ruler_width = 39; // columns

/// `550 5.7.1 text` as ` [550]<5.7.1>(text)`.
std::string reply_parts(std::string_view reply) {
    if (reply.size() < 3) return {};
    auto const code = reply.substr(0, 3);
    auto text = reply.substr(std::min<std::size_t>(4, reply.size()));
    auto const end = text.find(' ');
    auto word = text.substr(0, end);
    bool const extended = word.size() >= 5 && word[0] == code[0] && word[1] == '.' &&
                          word.find_first_not_of("0123456789.") == word.npos;
    if (extended) text.remove_prefix(end == text.npos ? text.size() : end + 1);
    return fmt::format(" [{}]<{}>({})", code, extended ? word : "", printable(text));
}

std::string status_text(answer const& given) {
    return std::string(name_of(given.what)) + reply_parts(given.reply);
}

class writer {
public:
    explicit writer(text_style style) : style_(style) {}

    void line(std::string_view text) { out_.append(text).append("\n"); }

    void marked(mark how, std::string_view text) {
        char const sign = how == mark::added ? '+' : how == mark::removed ? '-' : ' ';
        for (std::size_t begin = 0; begin <= text.size();) { // folded headers take several lines
            auto const end = std::min(text.find('\n', begin), text.size());
            colored(how, fmt::format("{} {}", sign, text.substr(begin, end - begin)));
            begin = end + 1;
        }
    }

    void ruler(std::string_view name) {
        line(fmt::format("{:-<{}}", std::string(name) + ":", ruler_width));
    }

    void colored(mark how, std::string_view text) {
        if (!style_.color || how == mark::same) return line(text);
        line(fmt::format("\x1b[{}m{}\x1b[0m", how == mark::added ? 32 : 31, text));
    }

    void status(answer const& given) {
        if (!style_.color) return line("status: " + status_text(given));
        bool const good = given.what == status::pass || given.what == status::accept;
        line(fmt::format("status: \x1b[{}m{}\x1b[0m", good ? 32 : 31, status_text(given)));
    }

    std::string take() { return std::move(out_); }

private:
    using answer = test_server::answer;
    using status_kind = test_server::status;

    text_style style_;
    std::string out_;
};

void write_envelope(writer& out, message_outcome const& one) {
    out.ruler("Envelope");
    if (one.old_sender)
        out.marked(mark::removed, "MAIL FROM:" + printable(one.old_sender->address));
    out.marked(one.old_sender ? mark::added : mark::same,
               "MAIL FROM:" + printable(one.sender.address));
    for (auto const& recipient : one.recipients)
        out.marked(recipient.how, "RCPT TO:" + printable(recipient.text));
}

void write_headers(writer& out, message::headers const& headers) {
    out.ruler("Header");
    auto const text = [](std::string_view name, std::string_view value) {
        return cli::printable_lines(std::string(name) + ":" + std::string(value));
    };
    headers.for_each([&](message::header_field const& field) {
        if (field.slot || (!field.live && !field.original())) return;
        if (!field.live || field.changed) out.marked(mark::removed, text(field.name, field.value));
        if (!field.live) return;
        auto const how = field.changed || !field.original() ? mark::added : mark::same;
        out.marked(how, text(field.now_name(), field.now_value()));
    });
}

void write_message(writer& out, message_outcome const& one) {
    out.line("");
    write_envelope(out, one);
    write_headers(out, one.headers);
    out.ruler("Body");
    out.line(cli::printable_lines(one.body));
}

void write_details(writer& out, message_outcome const& one) {
    if (one.quarantine)
        out.line(fmt::format("Quarantine reason: <{}>", printable(*one.quarantine)));
    bool const all_refused = one.recipients.empty() && one.refused.size() == 1;
    for (auto const& recipient : one.refused)
        if (!all_refused)
            out.line(fmt::format("refused recipient: {} {}", printable(recipient.address),
                                 status_text(recipient.given)));
}

} // namespace

std::string report_text(session_outcome const& outcome, text_style style) {
    writer out(style);
    auto const elapsed = fmt::format("elapsed-time: {:.6f} seconds",
                                     std::chrono::duration<double>(outcome.elapsed).count());
    bool const several = outcome.messages.size() > 1;
    for (std::size_t i = 0; i < outcome.messages.size(); ++i) {
        auto const& one = outcome.messages[i];
        if (several) out.line(fmt::format("message: {}", i + 1));
        out.status(one.verdict);
        if (!several) out.line(elapsed);
        write_details(out, one);
        if (style.with_message && one.verdict.what != status::error) write_message(out, one);
    }
    bool const told =
        !outcome.messages.empty() && outcome.messages.back().verdict.what == status::error;
    if (outcome.ended_early) out.status(*outcome.ended_early);
    if (outcome.failed && !told) out.status({status::error, wire::command_code::connect, {}});
    if (outcome.messages.size() != 1) out.line(elapsed);
    for (auto const& one : outcome.unknown_commands)
        out.line("unknown command: " + status_text(one));
    if (outcome.failed) {
        out.line("");
        out.ruler("Error");
        out.line(printable(outcome.failed->text));
    }
    return out.take();
}

} // namespace milter::test_server
