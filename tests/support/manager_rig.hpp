// SPDX-License-Identifier: BSL-1.0
// tests/support/manager_rig.hpp - a manager session between a scripted MTA and scripted milters, under a virtual clock
//
//   manager_rig rig(3);
//   rig.filter(1).on("mail", say(wire::reject{}));
//   rig.begin();                                      // negotiation, CONNECT, HELO
//   BOOST_TEST(rig.send(wire::mail{"<a@test>"}) == "reject");
//   BOOST_TEST(rig.filter(2).story() == "connect helo");
//
// Filters are milters unless `config` makes some of them endpoints of one milter (socket_of).
// Nothing sleeps: time passes from one deadline to the next while the MTA waits for a reply. At its end the rig checks
// that neither end was sent anything it may not be sent.
#pragma once

#include "manager/core/shadowed_session.hpp"

#include <boost/test/unit_test.hpp>

#include <support/print_packet.hpp>
#include <support/scripted_filter.hpp>
#include <support/scripted_mta.hpp>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace support {

namespace manager = milter::manager;
using namespace std::chrono_literals;

class manager_rig {
public:
    enum class cut { whole, bytes };

    explicit manager_rig(std::size_t filters) : ends_(filters) {
        for (std::size_t k = 0; k < filters; ++k) {
            manager::milter_config one;
            one.name = std::string(1, static_cast<char>('a' + k));
            one.sockets = {socket_of(k)};
            config.milters.push_back(std::move(one));
        }
    }
    manager_rig(manager_rig const&) = delete;
    manager_rig& operator=(manager_rig const&) = delete;
    ~manager_rig() {
        if (std::uncaught_exceptions() != 0) return;
        for (auto const& fault : mta.faults()) BOOST_ERROR("to the MTA: " << fault);
        for (std::size_t k = 0; k < ends_.size(); ++k)
            for (auto const& fault : filter(k).faults())
                BOOST_ERROR("to milter " << socket_of(k).path << ": " << fault);
    }

    /// Where filter(k) listens: the socket of milter k, unless the configuration has others.
    static milter::endpoint socket_of(std::size_t k) {
        return {milter::endpoint::kind::unix_path,
                std::string("/run/") + static_cast<char>('a' + k),
                {},
                {}};
    }

    manager::config config; ///< changes count until the first packet
    /// In place of `config`: what sessions share, endpoints that are down included.
    std::shared_ptr<manager::config const> settings;
    std::string profile;                ///< of the listener
    manager::surroundings known;        ///< when the session begins
    std::vector<std::size_t> looked_up; ///< DNS lists that were asked about a client, as they were
    std::string asked_about; ///< whom the last one was asked about; answers are about him
    scripted_mta mta;
    scripted_filter& filter(std::size_t k) { return ends_[k].filter; }
    cut deliver = cut::whole;
    bool mta_reads = true;
    std::size_t most_read_of_mta = 256UL << 10;            ///< bytes at a time
    int connect_error = ECONNREFUSED;                      ///< of a milter that does not accept
    void shuffle(unsigned seed) { random_.emplace(seed); } ///< what is ready happens in any order

    // ---- the MTA's part

    /// Says it and lets time pass until it is answered. @return the replies, separated by "; "
    template <class Command> std::string send(Command const& command) {
        mta.say(command);
        return until_answered();
    }
    std::string send_bytes(std::string_view bytes) {
        mta.out += bytes;
        return until_answered();
    }
    std::string negotiate() { return send(mta.offer); }
    /// Negotiation, CONNECT, HELO. @return the answers to the last two
    std::string begin() {
        negotiate();
        auto const first =
            send(wire::connect{"client.test", wire::family::inet, 1025, "192.0.2.1"});
        return first + ", " + send(wire::helo{"client.test"});
    }
    /// MAIL, RCPT, DATA. @return their answers
    std::string envelope(std::string_view recipient = "<b@mx.test>") {
        auto answers = send(wire::mail{"<a@client.test>", {}});
        answers += ", " + send(wire::rcpt{recipient, {}});
        return answers + ", " + send(wire::data{});
    }
    using header_list = std::vector<std::pair<std::string, std::string>>;
    static header_list usual_headers() {
        return {{"From", " a@client.test"}, {"Subject", " hello"}, {"To", " b@mx.test"}};
    }
    /// Headers and body, up to and without end of message.
    void content(header_list const& headers = usual_headers(),
                 std::string_view body = "hello\r\n") {
        for (auto const& [name, value] : headers) {
            std::string_view shown = value;
            bool const raw_values = wire::any(mta.agreed().steps, wire::step::leading_space);
            if (!raw_values && !shown.empty() && shown.front() == ' ') shown.remove_prefix(1);
            send(wire::header{name, shown});
        }
        send(wire::end_of_headers{});
        for (std::size_t at = 0; at < body.size(); at += wire::default_data_limit)
            send(wire::body{body.substr(at, wire::default_data_limit)});
    }
    std::string end() { return send(wire::end_of_message{}); }
    /// A whole usual message. @return the answer to its end
    std::string message() {
        envelope();
        content();
        return end();
    }
    void mta_closes() {
        input([&] { session().mta_closed({}, now_); });
        settle();
    }

    void cut_off() {
        input([&] { session().cut_off(now_); });
        settle();
    }

    // ---- time

    proto::time_point now() const noexcept { return now_; }
    /// Of a session that has not begun.
    void begin_later(proto::duration time) { now_ += time; }
    /// Everything that can happen now happens.
    void settle() {
        while (work()) {
        }
    }
    void pass(proto::duration time) {
        auto const end = now_ + time;
        settle();
        while (tick(end)) settle();
        now_ = end;
    }

    /// What a DNS list says, and what follows of it.
    std::string answer_list(std::size_t list, manager::listing what) {
        input([&] { session().list_answered(list, asked_about, what, now_); });
        return until_answered();
    }

    // ---- what came out

    manager::shadowed_session& session() {
        if (!session_)
            session_ = std::make_unique<manager::shadowed_session>(
                settings ? settings : manager::with_endpoints(config), 7, now_, "in", profile,
                known);
        return *session_;
    }
    bool hung_up() const noexcept { return hung_up_; }
    std::vector<manager::decision> const& decisions() const noexcept { return decisions_; }
    std::vector<manager::client_refusal> const& refusals() const noexcept { return refusals_; }
    std::vector<manager::evaluation> const& evaluations() const noexcept { return evaluations_; }
    /// Log lines as "peer: text".
    std::vector<std::string> const& log() const noexcept { return log_; }
    bool logged(std::string_view part) const {
        return std::any_of(log_.begin(), log_.end(),
                           [&](auto const& line) { return line.find(part) != line.npos; });
    }
    bool blamed(std::string_view peer) const {
        auto const prefix = std::string(peer) + ": ";
        return std::any_of(log_.begin(), log_.end(),
                           [&](auto const& line) { return line.starts_with(prefix); });
    }
    /// How often something was written to the filter.
    std::size_t writes_to(std::size_t k) const { return ends_[k].writes; }
    std::size_t unread_by_mta() const noexcept { return mta_in_.size(); }

private:
    /// One connection to a milter, both directions.
    struct end_point {
        scripted_filter filter;
        std::size_t link = 0; ///< what the session calls it
        std::size_t writes = 0;
        unsigned generation = 0; ///< of the connection; events of older ones are dropped
        bool open = false;
        bool arriving = false;
        bool drain_due = false;
        bool closing = false; ///< the filter's close follows what it said
        std::string to_manager;
    };
    struct timer {
        std::size_t filter;
        unsigned generation;
        std::string bytes;
        bool closes;
    };
    using task = std::pair<int, std::size_t>; ///< kind, milter

    template <class Call> void input(Call call) {
        auto& to = session();
        if (to.over()) return;
        call();
        for (bool more = true; more;) {
            auto effects = to.take_effects(now_);
            more = !effects.empty();
            for (auto& one : effects) execute(one);
        }
        for (auto& event : to.take_log()) log_.push_back(event.peer + ": " + event.text);
        for (auto& record : to.take_decisions()) decisions_.push_back(std::move(record));
        for (auto& record : to.take_refusals()) refusals_.push_back(std::move(record));
        for (auto& record : to.take_evaluations()) evaluations_.push_back(std::move(record));
    }
    void execute(manager::effect& one);
    void start(manager::effect const& one);
    void finish(end_point& end, std::string_view bytes);
    bool work();
    void perform(task what);
    void arrive(std::size_t k);
    void schedule(std::size_t k, reaction const& what);
    void speak(std::size_t k, std::string_view bytes, bool closes);
    bool tick(proto::time_point end);
    std::string until_answered();
    std::string slice(std::string& from, std::size_t most = std::string::npos) const {
        auto piece = from.substr(0, deliver == cut::bytes ? 1 : most);
        from.erase(0, piece.size());
        return piece;
    }

    std::unique_ptr<manager::shadowed_session> session_;
    std::vector<end_point> ends_;
    std::map<std::size_t, std::size_t> serving_; ///< link to filter
    std::multimap<proto::time_point, timer> timers_;
    std::string mta_in_; ///< written to the MTA, not read
    bool mta_drain_due_ = false;
    bool hung_up_ = false;
    proto::time_point now_ = proto::time_point{} + 1h;
    std::optional<std::mt19937> random_;
    std::vector<manager::decision> decisions_;
    std::vector<manager::client_refusal> refusals_;
    std::vector<manager::evaluation> evaluations_;
    std::vector<std::string> log_;
};

inline void manager_rig::execute(manager::effect& one) {
    using kind = manager::effect::kind;
    bool const to_mta = one.what == kind::reply || one.what == kind::hang_up;
    if (hung_up_ && to_mta) return mta.fault("an effect after hang_up");
    switch (one.what) {
    case kind::open: return start(one);
    case kind::send: {
        auto& end = ends_[serving_[one.link]];
        if (!end.open) return mta.fault("bytes for a milter without connection");
        end.filter.receive(one.bytes);
        ++end.writes;
        end.drain_due = true;
        return;
    }
    case kind::look_up: asked_about = one.bytes; return looked_up.push_back(one.link);
    case kind::close: return finish(ends_[serving_[one.link]], one.bytes);
    case kind::reply:
        mta_in_ += one.bytes;
        mta_drain_due_ = true;
        return;
    case kind::hang_up: hung_up_ = true;
    }
}

inline void manager_rig::start(manager::effect const& one) {
    std::size_t k = 0;
    while (k < ends_.size() && socket_of(k) != *one.where) ++k;
    if (k == ends_.size()) return mta.fault("a connection to no filter");
    if (one.until <= now_) mta.fault("no time to connect");
    auto const before = serving_.find(one.link);
    if (before != serving_.end()) {
        auto const& last = ends_[before->second];
        if (last.link == one.link && (last.open || last.arriving))
            mta.fault("a second connection to a milter");
    }
    serving_[one.link] = k;
    auto& end = ends_[k];
    end.link = one.link;
    end.arriving = true;
    ++end.generation;
}

/// The manager closes: the filter reads what is left, and whatever it says goes nowhere.
inline void manager_rig::finish(end_point& end, std::string_view bytes) {
    if (end.open && end.filter.reads) {
        end.filter.receive(bytes);
        while (end.filter.read()) {
        }
        end.filter.closed();
    }
    end.open = end.arriving = end.drain_due = end.closing = false;
    end.to_manager.clear();
    ++end.generation;
}

inline bool manager_rig::work() {
    enum { arrival, reading, speaking, drained, mta_reading, mta_drained, mta_speaking };
    std::vector<task> ready;
    for (std::size_t k = 0; k < ends_.size(); ++k) {
        auto const& end = ends_[k];
        if (end.arriving) ready.emplace_back(arrival, k);
        if (end.open && end.filter.reads && end.filter.waiting() != 0)
            ready.emplace_back(reading, k);
        if (end.open && (!end.to_manager.empty() || end.closing)) ready.emplace_back(speaking, k);
        if (end.open && end.drain_due && end.filter.reads && end.filter.waiting() == 0)
            ready.emplace_back(drained, k);
    }
    if (mta_reads && !mta_in_.empty()) ready.emplace_back(mta_reading, 0);
    if (mta_reads && mta_drain_due_ && mta_in_.empty()) ready.emplace_back(mta_drained, 0);
    bool const is_read = !hung_up_ && !session().holds_mta_back();
    if (!mta.out.empty() && is_read) ready.emplace_back(mta_speaking, 0);
    while (!ready.empty()) {
        auto const pick =
            random_ ? ready.begin() + static_cast<std::ptrdiff_t>((*random_)() % ready.size())
                    : ready.begin();
        auto const [kind, k] = *pick;
        auto const before = ends_.empty() ? 0 : ends_[k].filter.waiting();
        perform(*pick);
        // half a packet in front of a filter is no work
        if (kind != reading || ends_[k].filter.waiting() != before) return true;
        ready.erase(pick);
    }
    return false;
}

inline void manager_rig::perform(task what) {
    auto const kind = what.first;
    auto const k = what.second; // clang 14 captures no structured binding
    switch (kind) {
    case 0: return arrive(k);
    case 1:
        if (auto const answer = ends_[k].filter.read()) schedule(k, *answer);
        return;
    case 2: {
        auto& end = ends_[k];
        if (end.to_manager.empty()) {
            end.open = end.closing = false;
            return input([&] { session().filter_closed(end.link, {}, now_); });
        }
        auto const piece = slice(end.to_manager);
        return input([&] { session().filter_bytes(end.link, piece, now_); });
    }
    case 3:
        ends_[k].drain_due = false;
        return input([&] { session().filter_drained(ends_[k].link, now_); });
    case 4: {
        auto const piece = slice(mta_in_);
        return mta.receive(piece);
    }
    case 5: mta_drain_due_ = false; return input([&] { session().mta_drained(now_); });
    default: {
        auto const piece = slice(mta.out, most_read_of_mta);
        return input([&] { session().mta_bytes(piece, now_); });
    }
    }
}

inline void manager_rig::arrive(std::size_t k) {
    auto& end = ends_[k];
    end.arriving = false;
    auto const how = end.filter.arrive();
    if (how == scripted_filter::arrival::silent) return;
    end.open = how == scripted_filter::arrival::accepted;
    auto const ec = end.open ? milter::error_code{}
                             : milter::error_code(connect_error, boost::system::system_category());
    input([&] { session().filter_connected(end.link, ec, now_); });
}

inline void manager_rig::schedule(std::size_t k, reaction const& what) {
    auto when = now_;
    auto const generation = ends_[k].generation;
    for (std::size_t i = 0; i < what.parts.size(); ++i) {
        when += what.parts[i].after;
        bool const closes = what.closes && i + 1 == what.parts.size();
        if (when == now_)
            speak(k, what.parts[i].bytes, closes);
        else
            timers_.insert({when, {k, generation, what.parts[i].bytes, closes}});
    }
}

inline void manager_rig::speak(std::size_t k, std::string_view bytes, bool closes) {
    ends_[k].filter.spoke(bytes);
    ends_[k].to_manager += bytes;
    ends_[k].closing = ends_[k].closing || closes;
}

/// The next moment, not after `end`, at which something happens by itself.
inline bool manager_rig::tick(proto::time_point end) {
    bool const over = session().over();
    auto const due = over ? proto::never : session().deadline();
    auto const first_timer = timers_.empty() ? proto::never : timers_.begin()->first;
    auto const next = std::min(due, first_timer);
    if (next > end) return false;
    if (next < now_ && next == due) mta.fault("a deadline in the past");
    now_ = std::max(now_, next);
    if (first_timer <= now_) {
        auto const one = timers_.extract(timers_.begin()).mapped();
        if (one.generation == ends_[one.filter].generation)
            speak(one.filter, one.bytes, one.closes);
        return true;
    }
    input([&] { session().expired(now_); });
    if (!session().over() && session().deadline() <= now_)
        mta.fault("expired() leaves its deadline in the past");
    return true;
}

inline std::string manager_rig::until_answered() {
    auto const patience = now_ + 20min;
    settle();
    while (mta.waits() && mta_reads && !hung_up_ && tick(patience)) settle();
    if (mta.waits() && mta_reads && !hung_up_) mta.fault("no reply within 20 minutes");
    return mta.heard();
}

} // namespace support
