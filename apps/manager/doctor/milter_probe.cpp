// SPDX-License-Identifier: BSL-1.0
// manager/doctor/milter_probe.cpp
#include "manager/doctor/milter_probe.hpp"

#include <milter/net/connect.hpp>
#include <milter/net/drive_mta.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <utility>

namespace milter::manager::doctor {

namespace asio = boost::asio;

namespace {

proto::mta_options options_of(probe_times const& times) {
    proto::mta_options options;
    options.offer.version = wire::newest_version;
    options.offer.actions = wire::action::all;
    options.offer.steps = wire::step::all;
    options.timeouts.negotiate = times.negotiate;
    return options;
}

asio::awaitable<void> probe(endpoint where, probe_times times, probe_result& result) {
    auto fresh = co_await net::connect(where, proto::clock::now() + times.connect, result.connect);
    if (result.connect) co_return;
    net::stream peer(std::move(fresh));
    proto::mta_session session(options_of(times));
    net::drive_mta drive(peer, session);
    error_code ec;
    auto agreed = co_await drive.negotiate(ec);
    if (ec) {
        result.negotiate = session.failure().empty() ? ec.message() : session.failure();
        co_return;
    }
    result.agreed = std::move(agreed);
    session.quit();
    co_await drive.flush(ec); // that it is not heard changes nothing
}

} // namespace

probe_result probe_milter(endpoint const& where, probe_times const& times) {
    probe_result result;
    asio::io_context context{1};
    // timers that are still set are not waited for
    asio::co_spawn(context, probe(where, times, result),
                   [&](std::exception_ptr const&) { context.stop(); });
    context.run();
    return result;
}

} // namespace milter::manager::doctor
