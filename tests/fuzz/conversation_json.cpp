// SPDX-License-Identifier: BSL-1.0
// tests/fuzz/conversation_json.cpp - lines of a corpus, and conversations as such lines
//
// Input: 1 byte - bit 0: bytes of a conversation or text of a corpus, bit 1: bytes that are large leave the JSON -, then
// the turns (turns.hpp; one without bytes ends that direction) or the text.

#include "turns.hpp"
#include <milter/corpus/conversation_json.hpp>
#include <milter/corpus/recorder.hpp>

#include <support/exact_copy.hpp>

#include <string>
#include <vector>

namespace corpus = milter::corpus;
using corpus::side;
using fuzz::require;

namespace {

/// Keeps what leaves the JSON.
class shelf {
public:
    explicit shelf(bool used) {
        if (!used) return;
        access.inline_limit = 20;
        access.store = [this](std::string_view bytes) {
            kept_.emplace_back(bytes);
            return corpus::blob{"blobs", kept_.size() - 1, bytes.size()};
        };
        access.load = [this](corpus::blob const& where) -> std::optional<std::string> {
            if (where.file != "blobs" || where.at >= kept_.size()) return std::nullopt;
            return kept_[where.at];
        };
    }
    shelf(shelf const&) = delete;
    shelf& operator=(shelf const&) = delete;
    ~shelf() = default;

    corpus::blob_access access;

private:
    std::vector<std::string> kept_;
};

corpus::conversation written_and_read(corpus::conversation const& talk,
                                      corpus::blob_access const& blobs) {
    auto const line = corpus::to_line(corpus::to_json(talk, blobs));
    require(line.find('\n') == line.npos, "a conversation is one line");
    corpus::json_problem problem;
    auto const value = corpus::parse_json(line, problem);
    require(value && !problem, "what was written is JSON");
    auto again = corpus::read_conversation(*value, blobs, problem);
    require(!problem, "what was written is a conversation");
    return again;
}

void check_text(std::string_view text, corpus::blob_access const& blobs) {
    corpus::json_problem problem;
    auto const value = corpus::parse_json(text, problem);
    require(value.has_value() == !problem, "JSON or a problem, never both");
    if (!value) return;
    if (corpus::is_corpus_header(*value)) {
        auto const header = corpus::read_corpus_header(*value, problem);
        if (problem) return;
        auto const line = corpus::to_line(corpus::to_json(header));
        auto const second = corpus::parse_json(line, problem);
        require(second && corpus::is_corpus_header(*second), "what was written is a header");
        require(corpus::read_corpus_header(*second, problem) == header && !problem,
                "header is read as it was written");
        return;
    }
    auto const talk = corpus::read_conversation(*value, blobs, problem);
    if (problem) return;
    for (auto const& one : talk.events) fuzz::require_harmless(corpus::describe(one));
    require(written_and_read(talk, blobs) == talk, "conversation is read as it was written");
}

corpus::conversation record(std::vector<fuzz::turn> const& turns) {
    corpus::recorder recorder;
    std::int64_t at = 0;
    bool reset = false;
    for (auto const& one : turns) {
        at += 7;
        if (one.bytes.empty())
            recorder.ended(one.from,
                           std::exchange(reset, !reset) ? corpus::event_kind::reset
                                                        : corpus::event_kind::end,
                           at);
        else
            recorder.received(one.from, support::exact_copy(one.bytes).view(), at);
    }
    return recorder.finish();
}

void check_bytes(std::string_view input, corpus::blob_access const& blobs) {
    auto const turns = fuzz::read_turns(input);
    auto const talk = record(turns);
    auto const again = written_and_read(talk, blobs);
    require(again == talk, "conversation is read as it was recorded");
    for (auto const from : {side::mta, side::filter})
        require(corpus::wire_of(again, from) == fuzz::said_by(from, turns),
                "conversation gives back what was said");
    for (auto const& one : talk.events) fuzz::require_harmless(corpus::describe(one));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    if (size == 0) return 0;
    shelf const blobs((data[0] & 2) != 0);
    support::exact_copy const input(fuzz::view(data + 1, size - 1));
    if ((data[0] & 1) != 0)
        check_bytes(input.view(), blobs.access);
    else
        check_text(input.view(), blobs.access);
    return 0;
}
