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

    explicit manager_rig(std::size_t filters);
    manager_rig(manager_rig const&) = delete;
    manager_rig& operator=(manager_rig const&) = delete;
    ~manager_rig();

    /// Where filter(k) listens: the socket of milter k, unless the configuration has others.
    static milter::endpoint socket_of(std::size_t k);

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
    std::string send(wire::any_command const& command);
    std::string send_bytes(std::string_view bytes);
    std::string negotiate() { return send(mta.offer); }
    /// Negotiation, CONNECT, HELO. @return the answers to the last two
    std::string begin();
    /// MAIL, RCPT, DATA. @return their answers
    std::string envelope(std::string_view recipient = "<b@mx.test>");
    using header_list = std::vector<std::pair<std::string, std::string>>;
    static header_list usual_headers();
    /// Headers and body, up to and without end of message.
    void content(header_list const& headers = usual_headers(), std::string_view body = "hello\r\n");
    std::string end() { return send(wire::end_of_message{}); }
    /// A whole usual message. @return the answer to its end
    std::string message();
    void mta_closes();

    void cut_off();

    // ---- time

    proto::time_point now() const noexcept { return now_; }
    /// Of a session that has not begun.
    void begin_later(proto::duration time) { now_ += time; }
    /// Everything that can happen now happens.
    void settle();
    void pass(proto::duration time);

    /// What a DNS list says, and what follows of it.
    std::string answer_list(std::size_t list, manager::listing what);

    // ---- what came out

    manager::shadowed_session& session();
    bool hung_up() const noexcept { return hung_up_; }
    std::vector<manager::decision> const& decisions() const noexcept { return decisions_; }
    std::vector<manager::client_refusal> const& refusals() const noexcept { return refusals_; }
    std::vector<manager::evaluation> const& evaluations() const noexcept { return evaluations_; }
    /// Log lines as "peer: text".
    std::vector<std::string> const& log() const noexcept { return log_; }
    bool logged(std::string_view part) const;
    bool blamed(std::string_view peer) const;
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

    template <class Call> void input(Call call);
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
    std::string slice(std::string& from, std::size_t most = std::string::npos) const;

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

} // namespace support
