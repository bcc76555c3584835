// SPDX-License-Identifier: BSL-1.0
// test-filter/recording.hpp - sessions as they pass, into a corpus
#pragma once

#include "cli/corpus_file.hpp"
#include <milter/corpus/recorder.hpp>
#include <milter/net/stream.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace milter::test_filter {

/// The corpus of one run; each session is written when it is over.
class recording {
public:
    /// @param socket  where the filter listens. @throws std::runtime_error  the file cannot be made
    recording(std::string const& file, std::string socket);

    /// @throws std::runtime_error
    void write(corpus::conversation talk, std::size_t session);
    void finish() { file_.finish(); }

private:
    cli::corpus_writer file_;
    std::string socket_;
};

/// What one session says and hears.
class recorded_session final : public net::stream_tap {
public:
    recorded_session();
    void received(std::string_view bytes) override;
    void sent(std::string_view bytes) override;
    void peer_ended(net::stream_end how) override;
    void ended(net::stream_end how) override;

    /// What there is of it; a session that goes on is recorded as cut off.
    corpus::conversation finish();

private:
    std::int64_t now() const;

    corpus::recorder recorder_;
    proto::time_point began_;
    std::int64_t began_at_; ///< microseconds since 1970
};

} // namespace milter::test_filter
