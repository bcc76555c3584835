// SPDX-License-Identifier: BSL-1.0
// manager/core/shadowed_session.hpp - the session that the MTA hears, and a shadow of it for each evaluated milter
//
// A shadow is a session with one milter, which is told what the MTA says and believes that its answers are heard. The MTA
// is one that always goes on, as far as the enforced milters let it; the message is as the MTA sent it. Nothing waits for
// a shadow, and it has memory of its own: one that cannot keep up is given up, which its record says. Those that have
// understood the MTA's farewell end their work after it has gone.
// Source: docs/architecture.md, evaluation
#pragma once

#include "manager/core/evaluation.hpp"
#include "manager/core/session.hpp"
#include <milter/message/memory_budget.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

/// Used like a session; links of shadows are numbered after its own.
class shadowed_session {
public:
    shadowed_session(std::shared_ptr<config const> config, std::uint64_t id, proto::time_point now,
                     std::string listener = {}, std::string const& profile = {},
                     surroundings const& known = {});

    /// There is no room for this session; nothing is evaluated in it.
    void overloaded(std::string why = {});

    // ---- inputs

    void mta_bytes(std::string_view bytes, proto::time_point now);
    void mta_closed(error_code why, proto::time_point now);
    void mta_drained(proto::time_point now) { heard_.mta_drained(now); }
    void filter_connected(std::size_t index, error_code ec, proto::time_point now);
    void filter_bytes(std::size_t index, std::string_view bytes, proto::time_point now);
    void filter_closed(std::size_t index, error_code why, proto::time_point now);
    void filter_drained(std::size_t index, proto::time_point now);
    void list_answered(std::size_t list, std::string_view address, listing what,
                       proto::time_point now);
    void cut_off(proto::time_point now);
    void expired(proto::time_point now);

    // ---- outputs

    // In this order after each input.
    /// After hang_up there may be more, for milters of shadows only, until over().
    /// @param now  as of the last input
    std::vector<effect> take_effects(proto::time_point now);
    std::vector<log_event> take_log();
    std::vector<decision> take_decisions();
    std::vector<client_refusal> take_refusals() { return heard_.take_refusals(); }
    std::vector<evaluation> take_evaluations();
    proto::time_point deadline() const noexcept;
    /// hang_up was given out, and no shadow is at work.
    bool over() const noexcept;
    bool in_transaction() const noexcept { return heard_.in_transaction(); }
    bool holds_mta_back() const noexcept { return heard_.holds_mta_back(); }

private:
    /// What shadows begin with, when the MTA's offer has been answered.
    struct opening {
        std::shared_ptr<config const> settings;
        std::uint64_t id;
        std::string listener, profile;
        surroundings known;
        std::string bytes; ///< what the MTA has said
    };
    struct shadow {
        shadow(std::shared_ptr<config const> alone, std::string name, opening const& from,
               proto::agreement const& granted, proto::time_point now);

        std::string milter;
        std::string profile;
        message::memory_budget* memory;
        std::unique_ptr<session> self; ///< null: over
        comparison compared;
        message::memory_share backlog; ///< what it has not taken in yet
        std::string dropped;           ///< why it was given up
        bool over = false;             ///< its hang_up has come
        bool told = false;             ///< a record says why it was given up
        bool reported = false;         ///< and so has its last record
    };

    void open_shadows(proto::time_point now);
    static void tell(shadow& one, std::string_view bytes, proto::time_point now);
    static bool hold_backlog(shadow& one);
    static bool is_left_out(shadow const& one, decision const& record);
    static evaluation not_seen(shadow const& by, decision enforced);
    static void end(shadow& one);
    static void compare_decisions(shadow& one);
    void forget(shadow& one) const;
    static void give_up(shadow& one, std::string why, proto::time_point now);
    void take_leave(proto::time_point now);
    void append_effects(std::vector<effect>& to, std::size_t which, proto::time_point now);
    template <class Call> void at(std::size_t index, Call call);

    session heard_;
    std::unique_ptr<opening> opening_; ///< null: there are shadows, or there will be none
    std::vector<std::unique_ptr<shadow>> shadows_;
    bool hung_up_ = false;
};

} // namespace milter::manager
