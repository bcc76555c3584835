// SPDX-License-Identifier: BSL-1.0
// test-server/bench_mail.cpp - the messages of a load
#include "test-server/bench_mail.hpp"

#include "cli/corpus_file.hpp"
#include "cli/file.hpp"
#include <milter/message/headers.hpp>
#include <milter/wire/reply.hpp>

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <utility>
#include <variant>

namespace milter::test_server {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t line_bytes = 72; // without its end: a usual width of mail

/// The files of a folder, by name.
std::vector<fs::path> files_in(fs::path const& folder) {
    std::vector<fs::path> all;
    for (auto const& one : fs::recursive_directory_iterator(folder))
        if (one.is_regular_file()) all.push_back(one.path());
    std::sort(all.begin(), all.end());
    auto const is_other = [](fs::path const& one) { return one.extension() != ".eml"; };
    if (!std::all_of(all.begin(), all.end(), is_other)) std::erase_if(all, is_other);
    if (all.empty()) throw std::runtime_error(folder.string() + ": there is no mail in it");
    return all;
}

/// Takes the messages out of one conversation: what the MTA sent from MAIL to end of message.
class message_reader {
public:
    std::vector<message_plan> read(corpus::conversation const& talk) {
        for (auto const& one : talk.events)
            if (one.kind == corpus::event_kind::packet) take(one);
        return std::move(found_);
    }

private:
    void take(corpus::event const& one) {
        error_code ec;
        auto const frame = corpus::frame_of(one);
        if (one.from == corpus::side::filter) {
            auto const reply = wire::decode_reply(frame, ec);
            auto const* answer = reply ? std::get_if<wire::negotiate_reply>(&*reply) : nullptr;
            if (answer) leading_space_ = wire::any(answer->steps, wire::step::leading_space);
        } else if (auto const command = wire::decode_command(frame, ec)) {
            std::visit([&](auto const& known) { note(known); }, *command);
        }
    }

    void note(wire::mail const& one) { current_ = {path_of(one), {}, {}, {}}; }
    void note(wire::rcpt const& one) { current_.recipients.push_back(path_of(one)); }
    void note(wire::header const& one) {
        current_.headers.push_back(
            {std::string(one.name), message::raw_value(one.value, leading_space_)});
    }
    void note(wire::body const& one) { current_.chunks.emplace_back(one.bytes); }
    void note(wire::end_of_message const&) {
        bool const whole = !current_.recipients.empty() && !current_.headers.empty();
        if (whole) found_.push_back(std::move(current_));
        current_ = {};
    }
    void note(wire::abort const&) { current_ = {}; }
    template <class Other> void note(Other const&) {}

    template <class Envelope> static smtp_path path_of(Envelope const& one) {
        smtp_path path{std::string(one.address), {}};
        for (auto const arg : one.args) path.args.emplace_back(arg);
        return path;
    }

    message_plan current_;
    bool leading_space_ = false;
    std::vector<message_plan> found_;
};

void replace_envelope(message_plan& one, message_texts const& said) {
    if (!said.sender.empty()) one.sender = parse_path(said.sender);
    if (said.recipients.empty()) return;
    one.recipients.clear();
    for (auto const& text : said.recipients) one.recipients.push_back(parse_path(text));
}

std::vector<message_plan> mail_of_corpus(std::string const& path, message_texts const& said) {
    std::vector<message_plan> all;
    cli::corpus_events events;
    events.header = [](auto const&) {};
    events.conversation = [&](corpus::conversation&& talk) {
        for (auto& one : message_reader().read(talk)) {
            replace_envelope(one, said);
            all.push_back(std::move(one));
        }
    };
    events.problem = [](std::string const& what) { throw std::runtime_error(what); };
    cli::read_corpus(path, events);
    if (all.empty()) throw std::runtime_error(path + ": there is no whole message in it");
    return all;
}

void add_lines(message_plan& one, std::size_t lines) {
    if (lines == 0) return;
    if (one.chunks.empty()) one.chunks.emplace_back();
    auto const line = std::string(line_bytes, 'x') + "\r\n";
    for (std::size_t i = 0; i < lines; ++i) one.chunks.back() += line;
}

} // namespace

std::vector<message_plan> gather_mail(std::vector<std::string> const& paths,
                                      message_texts const& said, std::size_t lines) {
    std::vector<message_plan> all;
    auto const add_file = [&](std::string const& path) {
        all.push_back(compose(parse_mail(cli::read_file(path)), said));
    };
    for (auto const& path : paths) {
        if (fs::is_directory(path)) {
            for (auto const& one : files_in(path)) add_file(one.string());
        } else if (path.ends_with(".jsonl")) {
            auto found = mail_of_corpus(path, said);
            std::move(found.begin(), found.end(), std::back_inserter(all));
        } else {
            add_file(path);
        }
    }
    if (all.empty()) all.push_back(compose(said));
    for (auto& one : all) add_lines(one, lines);
    return all;
}

} // namespace milter::test_server
