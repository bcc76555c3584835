// SPDX-License-Identifier: BSL-1.0
// test-filter/event.hpp - who is told what happens in each session, and how it is printed
#pragma once

#include <milter/proto/filter_session.hpp>

#include <cstddef>
#include <cstdio>
#include <memory>
#include <string_view>

namespace milter::test_filter {

/// Views live until the call returns.
class event_sink {
public:
    event_sink() = default;
    event_sink(event_sink const&) = delete;
    event_sink& operator=(event_sink const&) = delete;
    virtual ~event_sink() = default;

    /// A command came; its macros are in the session's store.
    virtual void command(std::size_t session, wire::any_command const& command,
                         proto::filter_session const& state) = 0;
    /// The filter did something about it. @param reply  null for what is none
    virtual void answer(std::size_t session, wire::command_code stage, wire::any_reply const* reply,
                        std::string_view in_words) = 0;
    /// The session is over. @param why  empty when it ended with QUIT
    virtual void finished(std::size_t session, std::string_view why) = 0;
};

enum class detail_level { quiet, normal, verbose };

/// Lines for people, one or more an event; verbose: each CONTINUE too.
std::unique_ptr<event_sink> make_text_sink(std::FILE* out, detail_level level);
/// One JSON object an event.
std::unique_ptr<event_sink> make_json_sink(std::FILE* out);
std::unique_ptr<event_sink> make_quiet_sink();

} // namespace milter::test_filter
