// SPDX-License-Identifier: BSL-1.0
// manager/rules/recorded_session.cpp
#include "manager/rules/recorded_session.hpp"

#include "cli/corpus_file.hpp"

#include <nlohmann/json.hpp>

#include <sysexits.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace milter::manager {

namespace {

constexpr std::size_t longest_event = 1 << 20; // bytes of a line of a decision log

/// Messages first, then packets: a milter may have had its fill early.
std::pair<std::size_t, std::size_t> fullness(corpus::conversation const& talk) {
    std::pair<std::size_t, std::size_t> seen;
    for (auto const& one : talk.events) {
        if (one.from != corpus::side::mta || one.kind != corpus::event_kind::packet) continue;
        if (one.code == static_cast<unsigned char>(wire::command_code::mail)) ++seen.first;
        ++seen.second;
    }
    return seen;
}

/// Conversations as they come, each put to those of its session.
class gathering {
public:
    explicit gathering(recorded_sessions& into) : into_(into) {}

    /// Sessions of another file are others.
    void begin(std::string file) {
        file_ = std::move(file);
        places_.clear();
    }

    void add(corpus::conversation&& talk) {
        if (talk.session.empty()) return begin_session(std::move(talk));
        auto const [known, is_new] = places_.try_emplace(talk.session, into_.all.size());
        if (is_new) return begin_session(std::move(talk));
        auto& session = into_.all[known->second];
        session.talks.push_back(std::move(talk));
        if (fullness(session.talks.back()) > fullness(session.full()))
            session.fullest = session.talks.size() - 1;
    }

private:
    void begin_session(corpus::conversation&& talk) {
        auto& session = into_.all.emplace_back();
        session.file = file_;
        session.talks.push_back(std::move(talk));
    }

    recorded_sessions& into_;
    std::string file_;
    std::map<std::string, std::size_t> places_; ///< of sessions
};

/// By its first line; what can be read only once is not looked into.
bool is_decision_log(std::string const& file) {
    std::error_code ec;
    if (!std::filesystem::is_regular_file(file, ec)) return false;
    std::ifstream from(file, std::ios::binary);
    std::string line(longest_event, '\0');
    from.read(line.data(), static_cast<std::streamsize>(line.size()));
    line.resize(static_cast<std::size_t>(from.gcount()));
    line.resize(std::min(line.find('\n'), line.size()));
    auto const object = nlohmann::json::parse(line, nullptr, false);
    return object.is_object() && object.contains("event") && !object.contains("events");
}

} // namespace

recorded_sessions read_sessions(std::vector<std::string> const& files) {
    recorded_sessions read;
    gathering sessions(read);
    cli::corpus_events const events{
        [](corpus::corpus_header const&) {},
        [&](corpus::conversation&& talk) { sessions.add(std::move(talk)); },
        [&](std::string const& problem) {
            read.problems += "milter-manager: " + problem + '\n';
            read.status = std::max(read.status, EX_DATAERR);
        }};
    for (auto const& file : files) {
        sessions.begin(file);
        if (is_decision_log(file)) {
            events.problem(file + " is a decision log; recorded conversations are wanted, as "
                                  "milter-replay import makes them");
            continue;
        }
        try {
            cli::read_corpus(file, events);
        } catch (std::runtime_error const& failed) {
            read.problems += "milter-manager: " + std::string(failed.what()) + '\n';
            read.status = EX_NOINPUT;
        }
    }
    return read;
}

rules_answer no_message_in(recorded_sessions const& of) {
    if (of.status != EX_OK) return {of.status, {}, of.problems};
    return {EX_NOINPUT, {}, "milter-manager: there is no message in the recorded conversations\n"};
}

} // namespace milter::manager
