// SPDX-License-Identifier: BSL-1.0
// tests/support/session_play.hpp - a manager session played step by step, with a watch over all that goes out
//
//   session_play play(config, 0, complain);
//   play.mta_says(bytes);  play.milter_connects(0, {});  play.milter_says(0, bytes);
//   play.pass(5s);         play.end();
//
// Time passes from deadline to deadline and never beside one. Each text that peers of this session say should hold
// marker(id), so that it would be seen with the peers of another. Milters are numbered as by the session: those that are
// evaluated come last, and where there are some, a plain session is told the same.
#pragma once

#include "manager/core/shadowed_session.hpp"

#include <support/copy_watch.hpp>
#include <support/plain_twin.hpp>
#include <support/session_watch.hpp>

#include <algorithm>
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

    /// @param apart  plain_twin::settings() of it; null: nobody is evaluated
    session_play(std::shared_ptr<manager::config const> config, std::uint64_t id, report fault,
                 std::shared_ptr<manager::config const> apart = nullptr)
        : watch(config, fault), config_(std::move(config)), id_(id), fault_(std::move(fault)),
          core_(config_, id, now_), reads_(config_->milters.size(), true) {
        for (auto const& one : config_->evaluated) add_copy(one);
        if (apart) twin_ = std::make_unique<plain_twin>(std::move(apart), id, now_, fault_);
    }

    static std::string marker(std::uint64_t id) { return "zQ" + std::to_string(id); }

    session_watch watch;
    bool mta_reads = true;

    milter_watch& milter(std::size_t k) {
        return counts(k) ? watch.milters[k] : copies_[k - watch.milters.size()].milter;
    }
    milter_watch const& milter(std::size_t k) const {
        return counts(k) ? watch.milters[k] : copies_[k - watch.milters.size()].milter;
    }
    std::vector<copy_watch> const& copies() const noexcept { return copies_; }
    /// The MTA was hung up on, and no copy is at work.
    bool over() const noexcept { return over_; }
    std::vector<bool>& milter_reads() noexcept { return reads_; }

    // ---- inputs; what cannot happen now does not

    void overload() {
        watch.overloaded = true;
        core_.overloaded();
        if (twin_) twin_->hear([](manager::session& to) { to.overloaded(); });
    }
    void mta_says(std::string_view bytes) {
        if (hung_up_) return;
        watch.mta.said(bytes, now_);
        for (auto& one : copies_) one.mta_said(bytes.size());
        input([&](auto& to) { to.mta_bytes(bytes, now_); });
    }
    void mta_closes(milter::error_code why) {
        if (hung_up_) return;
        input([&](auto& to) { to.mta_closed(why, now_); });
        if (!hung_up_) fault_("the MTA went and the session stays");
    }
    void milter_connects(std::size_t k, milter::error_code ec) {
        if (!milter(k).connecting()) return;
        milter(k).connected(ec);
        input_of(k, [&](auto& to) { to.filter_connected(k, ec, now_); });
    }
    void milter_says(std::size_t k, std::string_view bytes) {
        if (!milter(k).up() || bytes.empty()) return;
        milter(k).said(bytes);
        if (!counts(k)) copies_[k - watch.milters.size()].moved_on();
        input_of(k, [&](auto& to) { to.filter_bytes(k, bytes, now_); });
    }
    void milter_closes(std::size_t k, milter::error_code why) {
        if (!milter(k).up()) return;
        input_of(k, [&](auto& to) { to.filter_closed(k, why, now_); });
        if (milter(k).up()) fault_("a milter went and its connection stays");
    }
    void cut_off() {
        cut_off_ = true;
        input([&](auto& to) { to.cut_off(now_); });
        if (!over_) fault_("the manager ends and the session stays");
    }
    /// What waits for readers is read by those who do.
    void drain() {
        input([](auto&) {});
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
    bool counts(std::size_t k) const noexcept { return k < watch.milters.size(); }
    template <class Call> void input(Call call) { input_of(0, call); }
    template <class Call> void input_of(std::size_t k, Call call) {
        if (over_) return;
        call(core_);
        if (twin_ && counts(k)) twin_->hear(call);
        perform();
        for (auto& one : watch.milters) one.input_over();
        for (auto& one : copies_) one.milter.input_over();
        judge_end();
        if (over_) return;
        if (core_.deadline() == proto::never) fault_("no deadline");
        judge_memory();
    }
    void add_copy(manager::evaluated_milter const& of);
    void perform();
    void compare_with_twin(std::vector<manager::effect> const& effects);
    void execute(manager::effect const& one);
    bool let_read();
    void take_records();
    void step();
    void judge_waiting() const;
    void judge_memory() const;
    void judge_end() const;
    proto::duration patience(wire::command_code code) const;
    void judge_text(std::string_view text) const {
        if (text.find(marker(1 - id_)) != text.npos) fault_("bytes of another session");
    }
    void judge_record(manager::decision const& one) const {
        if (one.session != id_) fault_("a record of another session");
        judge_text(one.sender + one.text + one.quarantine);
    }

    std::shared_ptr<manager::config const> config_;
    std::uint64_t id_;
    report fault_;
    proto::time_point now_ = proto::time_point{} + std::chrono::hours(1);
    manager::shadowed_session core_;
    std::vector<copy_watch> copies_;
    std::unique_ptr<plain_twin> twin_; ///< null: nobody is evaluated
    std::vector<bool> reads_;
    bool hung_up_ = false;
    bool cut_off_ = false;
    bool over_ = false;
    std::size_t steps_ = 0;
};

inline void session_play::add_copy(manager::evaluated_milter const& of) {
    bool const postfix = config_->header_rules == manager::header_rules_setting::postfix;
    copies_.emplace_back(config_->milters[of.place].name, postfix, of.alone->spool.budget->limit(),
                         fault_);
    auto const* rules = dynamic_cast<staged_selection const*>(config_->selection.get());
    auto const choice = rules ? rules->choice(of.place) : staged_choice();
    if (choice.answer == applicability::no)
        copies_.back().milter.never_applies();
    else if (choice.stage == wire::command_code::negotiate)
        copies_.back().applies_always();
}

inline void session_play::perform() {
    for (int rounds = 0;; ++rounds) {
        if (rounds > 10'000) return fault_("effects without end");
        auto const effects = core_.take_effects(now_);
        if (twin_) compare_with_twin(effects);
        for (auto const& one : effects) execute(one);
        over_ = core_.over();
        if (over_ || (effects.empty() && !let_read())) break;
    }
    take_records();
}

inline void session_play::compare_with_twin(std::vector<manager::effect> const& effects) {
    std::vector<manager::effect const*> of_others;
    for (auto const& one : effects)
        if (counts(one.link)) of_others.push_back(&one);
    twin_->compare_effects(of_others);
}

inline void session_play::take_records() {
    auto const decisions = core_.take_decisions();
    for (auto const& one : decisions) {
        judge_record(one);
        for (auto& copy : copies_) copy.decided(one);
    }
    if (twin_) twin_->compare_records(decisions);
    for (auto const& one : core_.take_evaluations()) {
        judge_record(one.would);
        auto const of = std::find_if(copies_.begin(), copies_.end(),
                                     [&](auto const& copy) { return copy.name() == one.milter; });
        if (of == copies_.end()) return fault_("an evaluation of nobody");
        of->evaluated(one);
    }
    for (auto const& one : core_.take_log()) judge_text(one.text);
}

inline void session_play::execute(manager::effect const& one) {
    using kind = manager::effect::kind;
    if (one.what == kind::look_up)
        return fault_("a question about DNS lists, of which there are none");
    if (hung_up_ && counts(one.link)) return fault_("an effect after hang_up");
    judge_text(one.bytes);
    if (!counts(one.link)) copies_[one.link - watch.milters.size()].moved_on();
    switch (one.what) {
    case kind::open: return milter(one.link).opened();
    case kind::send: return milter(one.link).heard(one.bytes);
    case kind::close: return milter(one.link).closed(one.bytes);
    case kind::reply: return watch.mta.heard(one.bytes, now_);
    case kind::look_up: return;
    case kind::hang_up: hung_up_ = true;
    }
}

/// @return true when somebody read something
inline bool session_play::let_read() {
    bool any = false;
    auto const read = [&](std::size_t k, auto call) {
        call(core_);
        if (twin_ && counts(k)) twin_->hear(call);
        any = true;
    };
    if (mta_reads && !hung_up_ && watch.mta.undrained() != 0) {
        watch.mta.drained();
        read(0, [&](auto& to) { to.mta_drained(now_); });
    }
    for (std::size_t k = 0; k < reads_.size(); ++k) {
        if (!reads_[k] || milter(k).undrained() == 0) continue;
        milter(k).drained();
        read(k, [&](auto& to) { to.filter_drained(k, now_); });
    }
    return any;
}

inline void session_play::step() {
    constexpr std::size_t most = 200'000;
    if (++steps_ > most) return fault_("deadlines without end");
    now_ = std::max(now_, core_.deadline());
    input([&](auto& to) {
        if (to.deadline() <= now_) to.expired(now_);
    });
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
    if (hung_up_ || !mta.waits() || mta.undrained() != 0) return;
    if (now_ - mta.owed_since() > patience(*mta.owed()))
        fault_("no answer in time to " + std::string(wire::name_of(*mta.owed())));
}

/// What is kept for a peer that does not read: a piece of the message, and what belongs to a few commands.
inline void session_play::judge_memory() const {
    constexpr std::size_t most = 1 << 20; // bytes
    if (watch.mta.undrained() > most) fault_("too much is kept for the MTA");
    for (std::size_t k = 0; k < reads_.size(); ++k)
        if (milter(k).undrained() > most) fault_("too much is kept for a milter");
    for (auto const& one : copies_) one.judge_memory();
    if (twin_) twin_->compare_memory(config_->spool.budget->taken());
}

/// Copies outlive what the MTA hears only where it said QUIT.
inline void session_play::judge_end() const {
    if (hung_up_ && !over_ && !watch.mta.parted())
        fault_("a copy stays although the MTA broke off");
    if (over_ && !hung_up_) fault_("over without hanging up");
    if (over_ && watch.mta.parted() && !watch.overloaded && !cut_off_)
        for (auto const& one : copies_) one.judge_end();
    for (std::size_t k = 0; k < reads_.size(); ++k) {
        bool const ended = counts(k) ? hung_up_ : over_;
        if (ended && (milter(k).up() || milter(k).connecting()))
            fault_("a milter's connection outlives its session");
    }
}

} // namespace support
