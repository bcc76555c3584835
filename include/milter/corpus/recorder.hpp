// SPDX-License-Identifier: BSL-1.0
// milter/corpus/recorder.hpp - bytes of both directions, as they are seen, to a conversation
#pragma once

#include <milter/corpus/conversation.hpp>
#include <milter/proto/macros.hpp>

#include <optional>
#include <utility>

namespace milter::corpus {

struct recorder_options {
    proto::observer_options watch;
    /// Memory for one conversation, what each event costs included; what is beyond is a gap.
    std::size_t max_bytes = 256UL << 20;
};

/// Usage: received() and ended() as things happen, then finish().
class recorder {
public:
    explicit recorder(recorder_options options = {}) : options_(options), watch_(options.watch) {}

    /// @param at  microseconds since the conversation began
    void received(side from, std::string_view bytes, std::int64_t at) {
        if (bytes.empty()) return;
        if (broken(from) || kept_ + bytes.size() > options_.max_bytes) {
            leave_out(from, bytes, at);
            return;
        }
        kept_ += bytes.size();
        last_[index(from)] = at;
        watch_.received(from, bytes);
        auto const now = proto::time_point(std::chrono::microseconds(at));
        while (auto const seen = watch_.next(now)) note(*seen, at);
        if (watch_.lost(from)) break_off(from, at);
    }

    /// Bytes are known to be missing from the stream of `from` here.
    void missed(side from, std::uint64_t size, std::int64_t at) {
        flush_rest(from, at);
        add_gap(from, size, at);
    }

    /// `from` closed its direction, or reset the connection.
    void ended(side from, event_kind how, std::int64_t at) {
        if (ended_[index(from)]) return;
        ended_[index(from)] = true;
        flush_rest(from, last_[index(from)]);
        add({at, from, how, 0, {}, 0, {}});
    }

    /// Whatever was recorded; the recorder is empty afterwards. The caller fills in what the bytes do not say.
    conversation finish() {
        for (auto const from : {side::mta, side::filter}) flush_rest(from, last_[index(from)]);
        identify();
        judge();
        auto talk = std::exchange(talk_, {});
        *this = recorder(options_);
        return talk;
    }

    proto::observer const& watched() const noexcept { return watch_; }
    std::size_t events() const noexcept { return talk_.events.size(); }

private:
    static constexpr std::size_t index(side from) noexcept { return from == side::mta ? 0 : 1; }

    bool broken(side from) const noexcept { return broken_[index(from)]; }

    void add(event one) {
        kept_ += sizeof(event);
        newest_[index(one.from)] = talk_.events.size();
        talk_.events.push_back(std::move(one));
    }

    void note(proto::sighting const& seen, std::int64_t at) {
        add({at,
             seen.from,
             event_kind::packet,
             seen.frame.code,
             std::string(seen.frame.payload),
             0,
             {}});
        if (auto const* set = seen.command ? std::get_if<wire::macros>(&*seen.command) : nullptr)
            note_version(*set);
    }

    /// Macro `v`: "8.17.1" from Sendmail, "Postfix 3.7.11" from Postfix.
    void note_version(wire::macros const& set) {
        if (set.stage != static_cast<unsigned char>(wire::command_code::connect)) return;
        if (auto const version = proto::find_macro(set.pairs, "v")) talk_.mta.version = *version;
    }

    void identify() {
        constexpr std::string_view postfix = "Postfix ";
        auto& mta = talk_.mta;
        if (!mta.version.starts_with(postfix)) return;
        mta.name = "Postfix";
        mta.version.erase(0, postfix.size());
    }

    /// From here on nothing of `from` can be cut into packets: it is kept as bytes.
    void break_off(side from, std::int64_t at) {
        broken_[index(from)] = true;
        auto const rest = watch_.rest(from);
        if (!rest.empty()) add({at, from, event_kind::bytes, 0, std::string(rest), 0, {}});
    }

    void leave_out(side from, std::string_view bytes, std::int64_t at) {
        if (broken(from) && kept_ + bytes.size() <= options_.max_bytes) {
            kept_ += bytes.size();
            add({at, from, event_kind::bytes, 0, std::string(bytes), 0, {}});
            return;
        }
        flush_rest(from, at);
        add_gap(from, bytes.size(), at);
    }

    /// Gaps of one side that follow each other are one, whatever the other side says in between.
    void add_gap(side from, std::uint64_t size, std::int64_t at) {
        broken_[index(from)] = true;
        gap_ = true;
        auto const& newest = newest_[index(from)];
        if (newest && talk_.events[*newest].kind == event_kind::gap)
            talk_.events[*newest].missing += size;
        else
            add({at, from, event_kind::gap, 0, {}, size, {}});
    }

    /// What is left of a packet that never became whole.
    void flush_rest(side from, std::int64_t at) {
        if (broken(from)) return;
        auto const rest = watch_.rest(from);
        if (rest.empty()) return;
        add({at, from, event_kind::bytes, 0, std::string(rest), 0, {}});
        broken_[index(from)] = true;
    }

    void judge() {
        if (gap_) {
            talk_.state = completeness::gap;
            talk_.why = "bytes are missing";
        } else if (broken_[0] || broken_[1]) {
            talk_.state = completeness::truncated;
            talk_.why = "bytes that make no packet";
        } else if (!watch_.negotiated()) {
            talk_.state = completeness::truncated;
            talk_.why = "no negotiation";
        } else if (!ended_[0] && !ended_[1]) {
            talk_.state = completeness::truncated;
            talk_.why = "no end";
        }
    }

    recorder_options options_;
    proto::observer watch_;
    conversation talk_;
    std::size_t kept_ = 0;
    std::optional<std::size_t> newest_[2]; ///< event, by side
    std::int64_t last_[2] = {};            ///< when bytes last came, by side
    bool broken_[2] = {};
    bool ended_[2] = {};
    bool gap_ = false;
};

} // namespace milter::corpus
