// SPDX-License-Identifier: BSL-1.0
// manager/service/dns_lists.cpp
#include "manager/service/dns_lists.hpp"

#include "manager/core/dns_answer.hpp"
#include "manager/core/dns_cache.hpp"
#include "manager/core/endpoint_pool.hpp"
#include "manager/core/unit_text.hpp"
#include "manager/service/dns_channel.hpp"

#include <algorithm>
#include <csignal>
#include <deque>
#include <mutex>
#include <optional>
#include <random>
#include <thread>
#include <unordered_map>
#include <utility>

namespace milter::manager {

namespace {

struct waiter {
    poller* who;
    dns_lists::answer tell;
};

struct zone {
    zone(dns_zone as, breaker_settings const& settings) : what(std::move(as)), state(settings) {
        counts.name = what.name;
    }

    dns_zone what;
    breaker state;
    dns_zone_status counts;
    std::size_t outstanding = 0;
    bool has_news = false; ///< it has answered, or it was said that it does not

    void count(listing said, std::size_t times) noexcept {
        switch (said) {
        case listing::listed: counts.listed += times; break;
        case listing::not_listed: counts.not_listed += times; break;
        case listing::failed: counts.failed += times; break;
        }
    }
};

/// On its way to name servers.
struct question {
    std::uint64_t serial = 0; ///< an answer that came too late may be that of an earlier one
    std::vector<waiter> waiting;
    breaker::leave leave;
};

struct finding {
    listing what = listing::failed;
    proto::duration holds{};
    std::string why; ///< it failed
};

/// Of an answer that means that nobody knows.
std::string complaint_in(dns_answer const& answer) {
    auto const one = std::find_if(answer.addresses.begin(), answer.addresses.end(), is_no_answer);
    return "it answers " + (one == answer.addresses.end() ? "nothing" : describe_answer(*one)) +
           ", which is no entry of a list";
}

/// A new one in each process.
std::uint64_t secret_number() {
    std::random_device source;
    return std::uint64_t{source()} << 32 | source();
}

/// Signals are for the main thread; and who writes to a connection that is gone is told so by an error.
void block_signals() noexcept {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

} // namespace

class dns_lists::work {
public:
    work(dns_settings const& settings, std::function<void(std::string const&)> log);
    work(work const&) = delete;
    work& operator=(work const&) = delete;
    ~work() { close(); }

    zone_number know(dns_zone const& which);
    void ask(zone_number number, std::span<std::uint8_t const> address, waiter&& who);
    void close();
    dns_status status() const;

private:
    struct deadline {
        proto::time_point when;
        dns_question what;
        std::uint64_t serial;
    };

    // ---- of any thread, under the lock
    std::optional<listing> known_or_awaited(dns_question const& what, waiter& who);
    std::optional<listing> begin(dns_question const& what, proto::time_point now, waiter& who);
    bool is_crowded(zone const& of) const noexcept;
    static listing failed(zone& of, std::uint64_t& reason) noexcept;
    finding found_in(dns_zone const& of, dns_answer const& answer) const;
    std::string settle(deadline const& one, finding const& found);
    std::string judge_zone(zone& of, breaker::leave leave, finding const& found) const;
    void tell(std::vector<waiter>& all, listing said) const;

    // ---- of the thread that speaks DNS
    void start_thread();
    void send(deadline const& one, std::string const& name);
    void answered(deadline const& one, dns_answer const& answer);
    void expire();
    void log(std::string const& news) const;

    dns_settings settings_;
    std::function<void(std::string const&)> log_;

    mutable std::mutex mutex_; ///< of what follows
    std::deque<zone> zones_;
    std::uint64_t secret_;
    dns_cache cache_;
    std::unordered_map<dns_question, question, dns_question_hash> in_flight_;
    std::size_t outstanding_ = 0; ///< also those that nobody waits for any more
    std::uint64_t last_serial_ = 0;
    bool closed_ = false;

    poller waits_; ///< and what follows: of the thread
    poller::alarm alarm_;
    std::deque<deadline> deadlines_; ///< in their order
    std::unique_ptr<dns_channels> channels_;
    std::thread thread_;
};

// ---- zones

dns_lists::work::work(dns_settings const& settings, std::function<void(std::string const&)> log)
    : settings_(settings), log_(std::move(log)), secret_(secret_number()),
      cache_(settings.cache_entries, secret_), in_flight_(0, dns_question_hash{secret_}),
      alarm_(waits_, [this] { expire(); }) {}

dns_lists::zone_number dns_lists::work::know(dns_zone const& which) {
    std::lock_guard const lock(mutex_);
    auto const known = std::find_if(zones_.begin(), zones_.end(),
                                    [&which](auto const& one) { return one.what == which; });
    if (known != zones_.end()) return static_cast<zone_number>(known - zones_.begin());
    if (!thread_.joinable()) start_thread();
    zones_.emplace_back(which, settings_.breaker);
    return static_cast<zone_number>(zones_.size() - 1);
}

void dns_lists::work::start_thread() {
    // a quarter: so that three servers are asked in time, and then the first one again
    channels_ = std::make_unique<dns_channels>(waits_, settings_.servers, settings_.deadline / 4);
    thread_ = std::thread([this] {
        block_signals();
        waits_.run();
    });
}

// ---- questions

void dns_lists::work::ask(zone_number number, std::span<std::uint8_t const> address, waiter&& who) {
    auto const about = dns_subject::from(address);
    std::unique_lock lock(mutex_);
    if (closed_) return;
    auto said = std::optional(listing::failed);
    if (about && number < zones_.size()) said = known_or_awaited({number, *about}, who);
    lock.unlock();
    if (said) who.tell(*said);
}

/// What is to be said at once; empty: `who` was taken.
std::optional<listing> dns_lists::work::known_or_awaited(dns_question const& what, waiter& who) {
    auto const now = proto::clock::now();
    auto& of = zones_[what.zone];
    ++of.counts.asked;
    if (auto const known = cache_.find(what, now)) {
        ++of.counts.cached;
        of.count(*known, 1);
        return known;
    }
    auto const asked = in_flight_.find(what);
    if (asked == in_flight_.end()) return begin(what, now, who);
    auto& waiting = asked->second.waiting;
    if (waiting.size() >= most_waiting) return failed(of, of.counts.crowded_out);
    waiting.push_back(std::move(who));
    return std::nullopt;
}

std::optional<listing> dns_lists::work::begin(dns_question const& what, proto::time_point now,
                                              waiter& who) {
    auto& of = zones_[what.zone];
    if (is_crowded(of)) return failed(of, of.counts.crowded_out);
    auto leave = of.state.admit(now);
    if (!leave) return failed(of, of.counts.skipped);
    ++outstanding_;
    ++of.outstanding;
    ++of.counts.sent;
    auto& asked = in_flight_[what];
    asked.serial = ++last_serial_;
    asked.leave = std::move(leave);
    asked.waiting.push_back(std::move(who));
    deadline const one{now + settings_.deadline, what, asked.serial};
    waits_.post([this, one, name = question_name(of.what, what.about)] { send(one, name); });
    return std::nullopt;
}

/// A zone that went silent leaves room for others until its breaker opens.
bool dns_lists::work::is_crowded(zone const& of) const noexcept {
    auto const most = settings_.max_outstanding;
    return outstanding_ >= most || (zones_.size() > 1 && of.outstanding >= (most + 1) / 2);
}

listing dns_lists::work::failed(zone& of, std::uint64_t& reason) noexcept {
    ++reason;
    of.count(listing::failed, 1);
    return listing::failed;
}

// ---- answers

void dns_lists::work::send(deadline const& one, std::string const& name) {
    deadlines_.push_back(one);
    alarm_.set(deadlines_.front().when);
    channels_->ask(name, [this, one, name](std::string_view packet, std::string_view why) {
        answered(one,
                 packet.empty() ? dns_answer{false, {}, {}, why} : read_dns_answer(packet, name));
    });
}

void dns_lists::work::answered(deadline const& one, dns_answer const& answer) {
    std::unique_lock lock(mutex_);
    --outstanding_;
    --zones_[one.what.zone].outstanding;
    auto const news = settle(one, found_in(zones_[one.what.zone].what, answer));
    lock.unlock();
    log(news);
}

/// Those whose time is over. What was answered in time is no longer known here.
void dns_lists::work::expire() {
    auto const why = "no answer within " + duration_text(settings_.deadline);
    while (!deadlines_.empty() && deadlines_.front().when <= waits_.now()) {
        auto const one = deadlines_.front();
        deadlines_.pop_front();
        std::unique_lock lock(mutex_);
        auto const news = settle(one, {listing::failed, settings_.failure_ttl, why});
        lock.unlock();
        log(news);
    }
    if (!deadlines_.empty()) alarm_.set(deadlines_.front().when);
}

finding dns_lists::work::found_in(dns_zone const& of, dns_answer const& answer) const {
    if (!answer.usable) return {listing::failed, settings_.failure_ttl, std::string(answer.why)};
    auto const said = judge(of, answer.addresses);
    if (said == listing::failed) return {said, settings_.failure_ttl, complaint_in(answer)};
    auto const most =
        answer.addresses.empty() ? settings_.negative_ttl_max : settings_.positive_ttl_max;
    return {said, std::min(answer.ttl.value_or(settings_.failure_ttl), most), {}};
}

/// Remembers and tells. An answer after the deadline serves those who ask later; a failure then is no news.
/// @return  a line for the log, or nothing
std::string dns_lists::work::settle(deadline const& one, finding const& found) {
    auto const asked = in_flight_.find(one.what);
    bool const is_awaited = asked != in_flight_.end() && asked->second.serial == one.serial;
    if (found.what == listing::failed && !is_awaited) return {};
    auto const now = proto::clock::now();
    cache_.keep(one.what, found.what, now + found.holds, now);
    if (asked == in_flight_.end()) return {};
    auto& of = zones_[one.what.zone];
    auto taken = std::move(asked->second);
    in_flight_.erase(asked);
    of.count(found.what, taken.waiting.size());
    tell(taken.waiting, found.what);
    return judge_zone(of, std::move(taken.leave), found);
}

std::string dns_lists::work::judge_zone(zone& of, breaker::leave leave,
                                        finding const& found) const {
    bool const is_first = !std::exchange(of.has_news, true);
    if (found.what != listing::failed)
        return leave.worked() ? of.what.name + " answers again" : std::string();
    of.counts.reason = found.why;
    auto const now = proto::clock::now();
    if (leave.failed(now, chance_of(last_serial_)) == breaker_finding::opened)
        return of.what.name + " is not asked for a while: " + of.counts.reason;
    // who set it up wrongly does not have to wait for the breaker to hear of it
    return is_first ? of.what.name + " has not answered: " + of.counts.reason : std::string();
}

void dns_lists::work::tell(std::vector<waiter>& all, listing said) const {
    if (closed_) return;
    for (auto& [who, what] : all) who->post([what = std::move(what), said] { what(said); });
}

void dns_lists::work::log(std::string const& news) const {
    if (!news.empty() && log_) log_("list " + news);
}

// ---- the end, and how it is

void dns_lists::work::close() {
    {
        std::lock_guard const lock(mutex_);
        closed_ = true;
    }
    if (!thread_.joinable()) return;
    waits_.stop();
    thread_.join();
}

dns_status dns_lists::work::status() const {
    std::lock_guard const lock(mutex_);
    auto const now = proto::clock::now();
    dns_status all{{}, cache_.size(), outstanding_};
    for (auto const& one : zones_) {
        auto& counts = all.zones.emplace_back(one.counts);
        counts.state = one.state.at(now);
        counts.last = one.state.last();
        counts.pause = one.state.pause_left(now);
    }
    return all;
}

// ---- what others see

dns_lists::dns_lists(dns_settings const& settings, std::function<void(std::string const&)> log)
    : work_(std::make_unique<work>(settings, std::move(log))) {}

dns_lists::~dns_lists() = default;

dns_lists::zone_number dns_lists::know(dns_zone const& zone) { return work_->know(zone); }

void dns_lists::ask(zone_number zone, std::span<std::uint8_t const> address, poller& whom,
                    answer tell) {
    work_->ask(zone, address, {&whom, std::move(tell)});
}

void dns_lists::close() { work_->close(); }

dns_status dns_lists::status() const { return work_->status(); }

} // namespace milter::manager
