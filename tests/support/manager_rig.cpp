// SPDX-License-Identifier: BSL-1.0
// tests/support/manager_rig.cpp - compiled once, as with sanitizers a session costs each test file ten seconds
#include <support/manager_rig.hpp>

#include <algorithm>
#include <exception>

namespace support {

manager_rig::manager_rig(std::size_t filters) : ends_(filters) {
    for (std::size_t k = 0; k < filters; ++k) {
        manager::milter_config one;
        one.name = std::string(1, static_cast<char>('a' + k));
        one.sockets = {socket_of(k)};
        config.milters.push_back(std::move(one));
    }
}

manager_rig::~manager_rig() {
    if (std::uncaught_exceptions() != 0) return;
    for (auto const& fault : mta.faults()) BOOST_ERROR("to the MTA: " << fault);
    for (std::size_t k = 0; k < ends_.size(); ++k)
        for (auto const& fault : filter(k).faults())
            BOOST_ERROR("to milter " << socket_of(k).path << ": " << fault);
}

milter::endpoint manager_rig::socket_of(std::size_t k) {
    return {milter::endpoint::kind::unix_path,
            std::string("/run/") + static_cast<char>('a' + k),
            {},
            {}};
}

template <class Call> void manager_rig::input(Call call) {
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

std::string manager_rig::send(wire::any_command const& command) {
    mta.say(command);
    return until_answered();
}

std::string manager_rig::send_bytes(std::string_view bytes) {
    mta.out += bytes;
    return until_answered();
}

std::string manager_rig::begin() {
    negotiate();
    auto const first = send(wire::connect{"client.test", wire::family::inet, 1025, "192.0.2.1"});
    return first + ", " + send(wire::helo{"client.test"});
}

std::string manager_rig::envelope(std::string_view recipient) {
    auto answers = send(wire::mail{"<a@client.test>", {}});
    answers += ", " + send(wire::rcpt{recipient, {}});
    return answers + ", " + send(wire::data{});
}

manager_rig::header_list manager_rig::usual_headers() {
    return {{"From", " a@client.test"}, {"Subject", " hello"}, {"To", " b@mx.test"}};
}

void manager_rig::content(header_list const& headers, std::string_view body) {
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

std::string manager_rig::message() {
    envelope();
    content();
    return end();
}

void manager_rig::mta_closes() {
    input([&] { session().mta_closed({}, now_); });
    settle();
}

void manager_rig::cut_off() {
    input([&] { session().cut_off(now_); });
    settle();
}

void manager_rig::settle() {
    while (work()) {
    }
}

void manager_rig::pass(proto::duration time) {
    auto const end = now_ + time;
    settle();
    while (tick(end)) settle();
    now_ = end;
}

std::string manager_rig::answer_list(std::size_t list, manager::listing what) {
    input([&] { session().list_answered(list, asked_about, what, now_); });
    return until_answered();
}

manager::shadowed_session& manager_rig::session() {
    if (!session_)
        session_ = std::make_unique<manager::shadowed_session>(
            settings ? settings : manager::with_endpoints(config), 7, now_, "in", profile, known);
    return *session_;
}

bool manager_rig::logged(std::string_view part) const {
    return std::any_of(log_.begin(), log_.end(),
                       [&](auto const& line) { return line.find(part) != line.npos; });
}

bool manager_rig::blamed(std::string_view peer) const {
    auto const prefix = std::string(peer) + ": ";
    return std::any_of(log_.begin(), log_.end(),
                       [&](auto const& line) { return line.starts_with(prefix); });
}

std::string manager_rig::slice(std::string& from, std::size_t most) const {
    auto piece = from.substr(0, deliver == cut::bytes ? 1 : most);
    from.erase(0, piece.size());
    return piece;
}

void manager_rig::execute(manager::effect& one) {
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

void manager_rig::start(manager::effect const& one) {
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
void manager_rig::finish(end_point& end, std::string_view bytes) {
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

bool manager_rig::work() {
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

void manager_rig::perform(task what) {
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

void manager_rig::arrive(std::size_t k) {
    auto& end = ends_[k];
    end.arriving = false;
    auto const how = end.filter.arrive();
    if (how == scripted_filter::arrival::silent) return;
    end.open = how == scripted_filter::arrival::accepted;
    auto const ec = end.open ? milter::error_code{}
                             : milter::error_code(connect_error, boost::system::system_category());
    input([&] { session().filter_connected(end.link, ec, now_); });
}

void manager_rig::schedule(std::size_t k, reaction const& what) {
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

void manager_rig::speak(std::size_t k, std::string_view bytes, bool closes) {
    ends_[k].filter.spoke(bytes);
    ends_[k].to_manager += bytes;
    ends_[k].closing = ends_[k].closing || closes;
}

/// The next moment, not after `end`, at which something happens by itself.
bool manager_rig::tick(proto::time_point end) {
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

std::string manager_rig::until_answered() {
    auto const patience = now_ + 20min;
    settle();
    while (mta.waits() && mta_reads && !hung_up_ && tick(patience)) settle();
    if (mta.waits() && mta_reads && !hung_up_) mta.fault("no reply within 20 minutes");
    return mta.heard();
}

} // namespace support
