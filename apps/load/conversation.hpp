// SPDX-License-Identifier: BSL-1.0
// load/conversation.hpp - one session of the load driver, without sockets: what to send next, and what the answers came to
//
//   conversation.begin(ticket, now);
//   write what pending() says, then wrote(); hand what is read to received()
//   until over()
//
// It checks of the answers what proto::mta_session checks (their form, whether they are due, allowed and agreed on), and
// counts what they ask for; nothing is carried out. What the driver cannot afford is left out: it keeps no message.
#pragma once

#include "load/mix.hpp"
#include "load/schedule.hpp"
#include "load/script.hpp"
#include "load/tally.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace milter::load {

/// A message that came to its end.
struct finished_message {
    proto::time_point at;
    proto::duration took{}; ///< since it was due
    std::size_t bytes = 0;
    outcome what = outcome::pass;
};

/// Told of each message that counts, by any worker's thread.
class watcher {
public:
    virtual ~watcher() = default;
    virtual void finished(finished_message const& one) = 0;
};

struct conversation_settings {
    std::string offer; ///< the first packet
    proto::mta_timeouts timeouts;
    bool is_open_loop = false;
    bool skip_ends_headers = false; ///< SKIP in answer to a header: no more of them (Postfix)
    std::size_t max_reply_bytes = 1 << 20; ///< one reply but a replacement body
    watcher* watched_by = nullptr;
};

/// What the conversations of one worker share.
struct desk {
    conversation_settings settings;
    script_store scripts;
    mix order;
    tally counted;
    tally ignored; ///< of the warm-up
};

class conversation {
public:
    explicit conversation(desk& shared) : shared_(&shared) {}

    /// The connection is about to be made; what it takes belongs to the negotiation.
    void begin(ticket const& leave, proto::time_point now);
    void connected(proto::time_point now) noexcept;
    /// The connection could not be made, or broke. @param connected  it had been made
    void lost(error_code why, bool connected, proto::time_point now);
    /// At or after deadline().
    void expire(proto::time_point now);
    void received(std::string_view bytes, proto::time_point now);
    /// The milter closed the connection.
    void ended(proto::time_point now);

    static constexpr std::size_t most_pending = 3;
    /// What is to be written, in order; empty ones are none.
    std::array<std::string_view, most_pending> const& pending() const noexcept { return pending_; }
    bool has_pending() const noexcept { return unwritten_ != 0; }
    /// So many bytes of it went out.
    void wrote(std::size_t size) noexcept;

    proto::time_point deadline() const noexcept { return deadline_; }
    /// Nothing more is awaited; what is pending is a goodbye that may be lost.
    bool over() const noexcept { return over_; }
    /// Messages that the ticket allowed and the session did not come to.
    std::uint64_t left() const noexcept { return left_; }
    bool counts() const noexcept { return ticket_.counts; }

private:
    tally& count() noexcept { return ticket_.counts ? shared_->counted : shared_->ignored; }
    wire::command_code awaited() const noexcept { return command_of(awaited_); }

    void push(std::string_view bytes) noexcept;
    void send(leg const& part, std::size_t index) noexcept;
    void expect(stage next) noexcept;

    std::size_t take(std::string_view bytes, proto::time_point now);
    bool begin_body(std::string_view rest, proto::time_point now);
    void hear(wire::frame_view const& frame, proto::time_point now);
    void settle(wire::reply_code verdict, std::string_view text, proto::time_point now);
    void note_edit(wire::reply_code edit);
    void note_time(proto::time_point now);

    void greet(wire::frame_view const& answer, proto::time_point now);
    void next_exchange();
    void skip_to_other();
    void begin_message(std::string_view with);
    void end_message(outcome what, proto::time_point now);
    void end_early(outcome what, proto::time_point now);
    bool recipient_is_left(outcome what);
    void leave(std::string_view goodbye, proto::time_point now);
    void fail(error_code why, proto::time_point now, bool connected = true);
    void finish(outcome what, proto::time_point now);

    desk* shared_;
    ticket ticket_;
    std::shared_ptr<session_script const> script_;
    message_script const* message_ = nullptr; ///< in transfer; none: the opening
    std::size_t at_ = 0;                      ///< exchange of the leg whose answer is awaited
    stage awaited_ = stage::negotiate;
    std::array<std::string_view, most_pending> pending_;
    std::size_t unwritten_ = 0;
    std::string partial_;       ///< of a reply
    std::size_t body_left_ = 0; ///< of a replacement body that is passed over
    std::uint64_t left_ = 0;
    std::size_t accepted_ = 0; ///< recipients of the message
    bool quarantined_ = false;
    bool over_ = true;
    proto::duration late_{}; ///< begun after it was due
    proto::time_point began_, message_began_, asked_;
    proto::time_point deadline_ = proto::never;
};

} // namespace milter::load
