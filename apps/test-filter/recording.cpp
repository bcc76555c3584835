// SPDX-License-Identifier: BSL-1.0
// test-filter/recording.cpp - sessions as they pass, into a corpus
#include "test-filter/recording.hpp"

#include <milter/version.hpp>

#include <chrono>
#include <utility>

namespace milter::test_filter {

namespace {

template <class Time> std::int64_t microseconds(Time time) {
    return std::chrono::duration_cast<std::chrono::microseconds>(time).count();
}

corpus::event_kind kind_of(net::stream_end how) noexcept {
    return how == net::stream_end::reset ? corpus::event_kind::reset : corpus::event_kind::end;
}

} // namespace

recording::recording(std::string const& file, std::string socket)
    : file_(file, cli::corpus_writer::bodies::inside), socket_(std::move(socket)) {
    corpus::corpus_header header;
    header.creator = "milter-test-filter " + std::string(version_string);
    header.source = socket_;
    header.redaction = "none";
    file_.write(header);
}

void recording::write(corpus::conversation talk, std::size_t session) {
    talk.id = std::to_string(session);
    talk.milter.name = "milter-test-filter";
    talk.milter.version = version_string;
    talk.milter.address = socket_;
    file_.write(talk);
}

recorded_session::recorded_session()
    : began_(proto::clock::now()),
      began_at_(microseconds(std::chrono::system_clock::now().time_since_epoch())) {}

void recorded_session::received(std::string_view bytes) {
    recorder_.received(corpus::side::mta, bytes, now());
}

void recorded_session::sent(std::string_view bytes) {
    recorder_.received(corpus::side::filter, bytes, now());
}

void recorded_session::peer_ended(net::stream_end how) {
    recorder_.ended(corpus::side::mta, kind_of(how), now());
}

void recorded_session::ended(net::stream_end how) {
    recorder_.ended(corpus::side::filter, kind_of(how), now());
}

corpus::conversation recorded_session::finish() {
    auto talk = recorder_.finish();
    talk.began = began_at_;
    return talk;
}

std::int64_t recorded_session::now() const { return microseconds(proto::clock::now() - began_); }

} // namespace milter::test_filter
