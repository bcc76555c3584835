// SPDX-License-Identifier: BSL-1.0
// milter/filter/async_context.hpp - the context of a milter that is served over sockets: its handlers may wait
//
// A handler that waits returns asio::awaitable<verdict>, or awaitable<void> where it has nothing to answer. It runs on
// the thread of its connection, and what it is given lives until it is done. When its deadline comes, the MTA is told
// tempfail, and the handler cancelled: what it waits for ends with operation_aborted, which Asio throws.
#pragma once

#include <milter/filter/context.hpp>
#include <milter/filter/verdict.hpp>
#include <milter/net/flush.hpp>
#include <milter/net/stream.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <utility>
#include <variant>

namespace milter::filter {

namespace asio = boost::asio;
using asio::awaitable;

class async_context : public context {
public:
    using pending =
        std::variant<std::monostate, awaitable<void>, awaitable<verdict>, awaitable<body_verdict>>;

    async_context(net::stream& peer, proto::filter_session& session, common_state& common,
                  std::uint64_t id, proto::duration write_timeout) noexcept
        : context(session, common, id), peer_(peer), session_(session), write_(write_timeout) {}

    /// Where the handlers of this connection run: for timers, resolvers, sockets of theirs.
    asio::any_io_executor executor() const noexcept { return peer_.lowest_layer().get_executor(); }

    /// Writes the edits that were made so far, and waits until the MTA has taken them, also when the handler is cancelled
    /// meanwhile.
    /// @throws  boost::system::system_error when the connection is lost
    awaitable<void> flush() {
        // Of its own, out of reach of what cancels the handler: half a packet would have been sent.
        if (!broken_)
            co_await asio::co_spawn(
                executor(), write_all(),
                asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable));
        if (broken_) throw boost::system::system_error(broken_, "flush");
    }

    /// Tells the MTA that the milter is alive. At the end of the message alone there is such a word; elsewhere it does
    /// nothing, and nothing while a new body is being said, which tells enough.
    awaitable<void> progress() {
        say_progress();
        return flush();
    }

    /// Says so without waiting: for whoever serves the connection, every now and then while a handler waits.
    void keep_alive() {
        if (writing_ || broken_) return; // something is on its way, or nothing can be any more
        say_progress();
        write_now();
    }

    /// As much of what there is to say as the socket takes at once; the rest comes with whatever is written next.
    void write_now() {
        if (writing_ || broken_ || session_.output().empty()) return;
        error_code later;
        session_.sent(peer_.write_at_once(session_.output(), later));
    }

    /// Why flush() could not write all: a packet may have been cut, and what would be said now be read as the rest of it.
    error_code const& broken() const noexcept { return broken_; }

private:
    awaitable<void> write_all() {
        error_code ec;
        writing_ = true;
        try {
            co_await net::flush(peer_, session_, write_, ec);
        } catch (...) {
            ec = asio::error::no_memory;
        }
        writing_ = false;
        broken_ = ec;
    }

    void say_progress() {
        error_code ignored;
        if (session_.owed() == wire::command_code::end_of_message && !session_.in_new_body())
            session_.reply(wire::progress{}, ignored);
    }

    net::stream& peer_;
    proto::filter_session& session_;
    proto::duration write_;
    error_code broken_;
    bool writing_ = false;
};

} // namespace milter::filter
