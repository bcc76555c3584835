// SPDX-License-Identifier: BSL-1.0
// tests/support/session_play.hpp - a manager session played step by step, with a watch over all that goes out
//
//   session_play play(config, 0, complain);
//   play.mta_says(bytes);  play.milter_connects(0, {});  play.milter_says(0, bytes);
//   play.pass(5s);         play.end();
//
// Time passes from deadline to deadline and never beside one. Each text that peers of this session say should hold
// marker(id), so that it would be seen with the peers of another.
#pragma once

#include "manager/core/session.hpp"

#include <support/session_watch.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace support {

class session_play {
public:
    using report = session_watch::report;

    session_play(std::shared_ptr<manager::config const> config, std::uint64_t id, report fault)
        : watch(config, fault), config_(config), id_(id), fault_(std::move(fault)),
          core_(std::move(config), id, now_), reads_(watch.milters.size(), true) {}

    static std::string marker(std::uint64_t id) { return "zQ" + std::to_string(id); }

    session_watch watch;
    bool mta_reads = true;

    bool over() const noexcept { return over_; }
    std::vector<bool>& milter_reads() noexcept { return reads_; }

    // ---- inputs; what cannot happen now does not

    void overload() {
        watch.overloaded = true;
        core_.overloaded();
    }
    void mta_says(std::string_view bytes) {
        watch.mta.said(bytes, now_);
        input([&] { core_.mta_bytes(bytes, now_); });
    }
    void mta_closes(milter::error_code why) {
        input([&] { core_.mta_closed(why, now_); });
        if (!over_) fault_("the MTA went and the session stays");
    }
    void milter_connects(std::size_t k, milter::error_code ec) {
        if (!watch.milters[k].connecting()) return;
        watch.milters[k].connected(ec);
        input([&] { core_.filter_connected(k, ec, now_); });
    }
    void milter_says(std::size_t k, std::string_view bytes) {
        if (!watch.milters[k].up() || bytes.empty()) return;
        watch.milters[k].said(bytes);
        input([&] { core_.filter_bytes(k, bytes, now_); });
    }
    void milter_closes(std::size_t k, milter::error_code why) {
        if (!watch.milters[k].up()) return;
        input([&] { core_.filter_closed(k, why, now_); });
        if (watch.milters[k].up()) fault_("a milter went and its connection stays");
    }
    /// What waits for readers is read by those who do.
    void drain() {
        input([] {});
    }

    // ---- time

    void pass(proto::duration time) {
        auto const until = now_ + time;
        while (!over_ && core_.deadline() <= until) step();
        now_ = until;
        judge_waiting();
    }
    /// Nothing is said any more: the MTA is answered in time all the same, and then hung up on.
    void end() {
        mta_reads = true;
        drain();
        while (!over_) step();
    }

private:
    template <class Call> void input(Call call) {
        if (over_) return;
        call();
        perform();
        for (auto& one : watch.milters) one.input_over();
        if (over_) return;
        if (core_.deadline() == proto::never) fault_("no deadline");
        judge_memory();
    }
    void perform();
    void execute(manager::effect const& one);
    bool let_read();
    void step();
    void judge_waiting() const;
    void judge_memory() const;
    proto::duration patience(wire::command_code code) const;
    void judge_text(std::string_view text) const {
        if (text.find(marker(1 - id_)) != text.npos) fault_("bytes of another session");
    }

    std::shared_ptr<manager::config const> config_;
    std::uint64_t id_;
    report fault_;
    proto::time_point now_ = proto::time_point{} + std::chrono::hours(1);
    manager::session core_;
    std::vector<bool> reads_;
    bool over_ = false;
    std::size_t steps_ = 0;
};

inline void session_play::perform() {
    for (int rounds = 0;; ++rounds) {
        if (rounds > 10'000) return fault_("effects without end");
        auto const effects = core_.take_effects();
        for (auto const& one : effects) execute(one);
        if (over_ != core_.over()) fault_("over without hanging up, or the reverse");
        if (over_ || (effects.empty() && !let_read())) break;
    }
    for (auto const& one : core_.take_decisions()) {
        if (one.session != id_) fault_("a record of another session");
        judge_text(one.sender + one.text + one.quarantine);
    }
    for (auto const& one : core_.take_log()) judge_text(one.text);
}

inline void session_play::execute(manager::effect const& one) {
    using kind = manager::effect::kind;
    if (over_) return fault_("an effect after hang_up");
    judge_text(one.bytes);
    switch (one.what) {
    case kind::open: return watch.milters[one.link].opened();
    case kind::send: return watch.milters[one.link].heard(one.bytes);
    case kind::close: return watch.milters[one.link].closed(one.bytes);
    case kind::reply: return watch.mta.heard(one.bytes, now_);
    case kind::hang_up: over_ = true;
    }
}

/// @return true when somebody read something
inline bool session_play::let_read() {
    bool any = false;
    if (mta_reads && watch.mta.undrained() != 0) {
        watch.mta.drained();
        core_.mta_drained(now_);
        any = true;
    }
    for (std::size_t k = 0; k < reads_.size(); ++k) {
        if (!reads_[k] || watch.milters[k].undrained() == 0) continue;
        watch.milters[k].drained();
        core_.filter_drained(k, now_);
        any = true;
    }
    return any;
}

inline void session_play::step() {
    constexpr std::size_t most = 200'000;
    if (++steps_ > most) return fault_("deadlines without end");
    now_ = std::max(now_, core_.deadline());
    input([&] { core_.expired(now_); });
    if (!over_ && core_.deadline() <= now_) fault_("expired() leaves its deadline in the past");
    judge_waiting();
}

inline proto::duration session_play::patience(wire::command_code code) const {
    switch (code) {
    case wire::command_code::negotiate: return config_->negotiation_wait;
    case wire::command_code::end_of_message: return config_->end_of_message_budget;
    case wire::command_code::header:
    case wire::command_code::end_of_headers:
    case wire::command_code::body: return {};
    default: return *config_->command_budget;
    }
}

inline void session_play::judge_waiting() const {
    auto const& mta = watch.mta;
    if (over_ || !mta.waits() || mta.undrained() != 0) return;
    if (now_ - mta.owed_since() > patience(*mta.owed()))
        fault_("no answer in time to " + std::string(wire::name_of(*mta.owed())));
}

/// What is kept for a peer that does not read: a piece of the message, and what belongs to a few commands.
inline void session_play::judge_memory() const {
    constexpr std::size_t most = 1 << 20; // bytes
    if (watch.mta.undrained() > most) fault_("too much is kept for the MTA");
    for (auto const& one : watch.milters)
        if (one.undrained() > most) fault_("too much is kept for a milter");
}

} // namespace support
