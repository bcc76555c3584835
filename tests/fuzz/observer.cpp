// SPDX-License-Identifier: BSL-1.0
// tests/fuzz/observer.cpp - both directions of a connection on which anything is said
//
// Input: 1 byte for the limits, 1 byte how the turns are cut, then the turns (turns.hpp).

#include "turns.hpp"

#include <support/exact_copy.hpp>

#include <array>
#include <string>

namespace proto = milter::proto;
namespace wire = milter::wire;
using fuzz::require;
using proto::side;

namespace {

struct outcome {
    std::string sightings; ///< one line each
    std::array<std::string, 2> packets;
    std::array<std::string, 2>
        rests; ///< behind the packets; after a loss only what is sure to be there
    std::array<std::optional<milter::errc>, 2> lost;
    bool operator==(outcome const&) const = default;
};

std::size_t index(side from) { return from == side::mta ? 0 : 1; }

/// Follows what the observer tells, and counts along.
class witness {
public:
    explicit witness(proto::observer_options const& options) : options_(options), watch_(options) {}

    void hear(side from, std::string_view bytes, proto::time_point now) {
        watch_.received(from, support::exact_copy(bytes).view());
        for (;;) {
            before_ = watch_.at();
            steps_ = watch_.agreed().steps;
            bool const negotiated = watch_.negotiated();
            auto const seen = watch_.next(now);
            require(watch_.negotiated() || !negotiated, "what was agreed stays");
            if (!seen) break;
            require(seen->from == from, "only bytes that came make a packet");
            note(*seen, now);
        }
    }

    outcome finish() {
        for (auto const from : {side::mta, side::filter}) {
            auto const rest = watch_.rest(from);
            result_.lost[index(from)] = watch_.lost(from);
            // what came after a loss is not looked at: how much of it is kept depends on the pieces
            result_.rests[index(from)] = watch_.lost(from) ? rest.substr(0, 4) : rest;
            require(watch_.lost(from) || rest.size() < wire::frame_header_size + limit(from),
                    "no more is kept than one packet may have");
        }
        return std::move(result_);
    }

private:
    std::size_t limit(side from) const {
        return from == side::mta ? options_.max_command_bytes : options_.max_reply_bytes;
    }

    void note(proto::sighting const& seen, proto::time_point now) {
        require(seen.frame.payload.size() <= limit(seen.from), "packet is within the limit");
        result_.packets[index(seen.from)] += seen.frame.raw;
        check_decoded(seen);
        if (seen.from == side::mta)
            check_command(seen);
        else
            check_reply(seen);
        if (seen.finished) {
            require(seen.finished->asked <= seen.finished->answered &&
                        seen.finished->answered == now,
                    "verdict comes after its command, and now");
            require(seen.finished->edits <= edits_, "edits are those that came");
        }
        require(watch_.awaited().has_value() == (unanswered_ != 0),
                "what is unanswered is awaited");
        result_.sightings += line_of(seen);
    }

    void check_decoded(proto::sighting const& seen) {
        milter::error_code ec;
        auto const command = seen.from == side::mta ? wire::decode_command(seen.frame, ec)
                                                    : std::optional<wire::any_command>();
        auto const reply = seen.from == side::filter ? wire::decode_reply(seen.frame, ec)
                                                     : std::optional<wire::any_reply>();
        require(seen.command == command && seen.reply == reply, "packet is what its bytes say");
        milter::error_code const finding =
            seen.finding == milter::errc{} ? milter::error_code() : seen.finding;
        if (ec)
            require(finding == ec && !seen.finished, "malformed packet is told, and ends nothing");
        else
            require(!finding || finding == milter::condition::violation,
                    "a packet in good form is against the rules at most");
    }

    void check_command(proto::sighting const& seen) {
        if (!seen.command) return;
        auto const code = wire::code_of(*seen.command);
        auto const move = proto::follow(before_, code, steps_);
        bool const out_of_order = move.how == proto::fit::out_of_order;
        require((seen.finding == milter::errc::out_of_sequence) == out_of_order,
                "finding is that of the automaton");
        require(watch_.at() == (out_of_order ? before_ : move.next),
                "conversation stands where the automaton does");
        require(seen.finished.has_value() == !watch_.agreed().answers(code),
                "command without a verdict is finished at once");
        if (seen.finished)
            require(seen.finished->command == code && !seen.finished->verdict,
                    "command is finished by itself");
        else
            unanswered_ = std::min(unanswered_ + 1, options_.max_unanswered);
    }

    void check_reply(proto::sighting const& seen) {
        if (!seen.reply) return;
        auto const& row = wire::row_of(wire::code_of(*seen.reply));
        bool const verdict =
            row.kind != wire::reply_kind::edit && row.kind != wire::reply_kind::keepalive;
        if (row.kind == wire::reply_kind::edit) ++edits_;
        require((seen.finding == milter::errc::reply_not_due) == (unanswered_ == 0),
                "reply without a command is told");
        if (!seen.finished) {
            require(!verdict || seen.finding != milter::errc{}, "verdict finishes a command");
            return;
        }
        require(verdict && seen.finished->verdict == row.code, "only a verdict finishes");
        require(unanswered_ != 0, "a command is finished once");
        --unanswered_;
    }

    static std::string line_of(proto::sighting const& seen) {
        auto line = seen.from == side::mta ? wire::describe_command(seen.frame)
                                           : wire::describe_reply(seen.frame);
        fuzz::require_harmless(line);
        line += " finding " + std::to_string(static_cast<int>(seen.finding));
        if (auto const& done = seen.finished)
            line += " finished " + std::to_string(static_cast<int>(done->command)) + " edits " +
                    std::to_string(done->edits) + " after " +
                    std::to_string((done->answered - done->asked).count());
        return line + "\n";
    }

    proto::observer_options options_;
    proto::observer watch_;
    outcome result_;
    proto::phase before_ = proto::phase::start;
    wire::step steps_{};
    std::size_t unanswered_ = 0;
    std::size_t edits_ = 0;
};

outcome watch(proto::observer_options const& options, std::vector<fuzz::turn> const& turns,
              std::size_t piece) {
    witness one(options);
    proto::time_point now{};
    for (auto const& turn : turns) {
        now += std::chrono::seconds(1);
        for (std::size_t at = 0; at < turn.bytes.size(); at += piece)
            one.hear(turn.from, turn.bytes.substr(at, piece), now);
    }
    return one.finish();
}

void require_conserved(outcome const& result, std::vector<fuzz::turn> const& turns) {
    for (auto const from : {side::mta, side::filter}) {
        auto const i = index(from);
        auto const said = fuzz::said_by(from, turns);
        auto const seen = result.packets[i] + result.rests[i];
        require(result.lost[i] ? said.starts_with(seen) : said == seen,
                "packets and rest are what was said");
        if (!result.lost[i]) continue;
        milter::error_code const why = *result.lost[i];
        require(why == milter::errc::frame_empty || why == milter::errc::frame_too_large,
                "lost by a length");
        require(result.rests[i].size() == 4, "the length is in the rest");
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    if (size < 2) return 0;
    proto::observer_options options;
    if ((data[0] & 1) != 0) options.max_command_bytes = 40; // small, so that inputs reach it
    if ((data[0] & 2) != 0) options.max_reply_bytes = 30;
    if ((data[0] & 4) != 0) options.max_unanswered = 1 + data[0] / 32;
    auto const turns = fuzz::read_turns(fuzz::view(data + 2, size - 2));
    auto const whole = watch(options, turns, 128);
    require(whole == watch(options, turns, 1 + data[1] % 32),
            "the same however the bytes are split");
    require_conserved(whole, turns);
    return 0;
}
