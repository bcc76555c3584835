// SPDX-License-Identifier: BSL-1.0
// replay/import.cpp - captures to a corpus
#include "replay/import.hpp"

#include "cli/corpus_file.hpp"
#include "replay/pcap_source.hpp"
#include <milter/capture/tcp_tracker.hpp>
#include <milter/corpus/recorder.hpp>
#include <milter/version.hpp>

#include <fmt/core.h>
#include <fmt/format.h>

#include <filesystem>
#include <stdexcept>
#include <system_error>

namespace milter::replay {

namespace {

using capture::side;

/// A connection on its way to become a conversation; times count from its first packet.
class flow_recorder {
public:
    flow_recorder(std::int64_t began, corpus::recorder_options options)
        : began_(began), record_(options) {}

    void received(side from, std::string_view bytes, std::int64_t at) {
        record_.received(from, bytes, at - began_);
    }
    void missed(side from, std::uint64_t size, std::int64_t at) {
        record_.missed(from, size, at - began_);
    }
    void ended(side from, bool reset, std::int64_t at) {
        record_.ended(from, reset ? corpus::event_kind::reset : corpus::event_kind::end,
                      at - began_);
    }
    corpus::conversation finish() {
        auto talk = record_.finish();
        talk.began = began_;
        return talk;
    }

private:
    std::int64_t began_;
    corpus::recorder record_;
};

using flow = capture::milter_flow<flow_recorder>;

struct counts {
    std::size_t conversations = 0, incomplete = 0;
};

std::string counted(std::size_t count, std::string_view what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

/// "1 conversation is", "2 conversations are"
std::string counted_is(std::size_t count, std::string_view what) {
    return counted(count, what) + (count == 1 ? " is" : " are");
}

class importer {
public:
    explicit importer(import_options const& wanted)
        : wanted_(wanted),
          out_(wanted.output, wanted.split_bodies ? cli::corpus_writer::bodies::beside
                                                  : cli::corpus_writer::bodies::inside) {
        std::string sources;
        for (auto const& file : wanted.files)
            sources += (sources.empty() ? "" : " ") + file.substr(file.find_last_of('/') + 1);
        out_.write(corpus::corpus_header{
            1, "milter-replay " + std::string(version_string), sources, "none", {}});
    }

    void import(std::string const& path) {
        pcap_source source(path);
        counts found;
        capture::tracker_options options;
        options.ports = wanted_.ports;
        auto const make = [this](std::size_t, capture::tcp_end, capture::tcp_end, std::int64_t at) {
            return flow_recorder(at, {.watch = {}, .max_bytes = wanted_.max_bytes});
        };
        auto const done = [&](flow& one, std::int64_t) { write(one, path, found); };
        capture::tcp_tracker<flow_recorder, decltype(make), decltype(done)> tracker(options, make,
                                                                                    done);
        std::int64_t last = 0;
        while (auto const packet = source.next()) {
            last = packet->at;
            tracker.packet(source.link(), packet->bytes, packet->on_wire, packet->at);
        }
        tracker.finish(last);
        tell(path, found, tracker.statistics(), source.problem());
    }

    /// @return whether nothing was cut, lost or skipped
    bool finish() {
        out_.finish();
        if (!wanted_.quiet)
            fmt::print(stderr, "milter-replay: the corpus holds what the mail held: addresses, "
                               "headers, bodies\n");
        return whole_;
    }

private:
    void write(flow& one, std::string const& path, counts& found) {
        auto talk = one.sink().finish();
        auto const& milter = one.end_of(side::filter);
        talk.id = std::to_string(++written_);
        talk.mta.address = capture::to_string(one.end_of(side::mta));
        talk.milter.address = capture::to_string(milter);
        if (auto const name = wanted_.names.find(milter.port); name != wanted_.names.end())
            talk.filter = name->second;
        talk.tags = wanted_.tags;
        talk.source = path.substr(path.find_last_of('/') + 1);
        ++found.conversations;
        if (talk.state != corpus::completeness::complete) ++found.incomplete;
        out_.write(talk);
    }

    void tell(std::string const& path, counts const& found, capture::tracker_statistics const& seen,
              std::string const& problem) {
        if (!wanted_.quiet)
            fmt::print(stderr, "milter-replay: {}: {}, {}\n", path, counted(seen.packets, "packet"),
                       counted(found.conversations, "conversation"));
        if (found.incomplete > 0)
            complain(path, counted_is(found.incomplete, "conversation") + " not complete");
        for (std::size_t why = 0; why < seen.skipped.size(); ++why)
            if (seen.skipped[why] > 0 && lossy(static_cast<capture::skipped>(why)))
                complain(path, fmt::format("{} {}", counted(seen.skipped[why], "packet"),
                                           name_of(static_cast<capture::skipped>(why))));
        if (seen.evicted > 0)
            complain(path, counted(seen.evicted, "connection") + " given up: too many were open");
        if (seen.other_protocols > 0 && !wanted_.quiet)
            fmt::print(stderr, "milter-replay: {}: {} no milter's, or began before the capture\n",
                       path, counted_is(seen.other_protocols, "connection"));
        if (!problem.empty()) complain(path, "the file ends early: " + problem);
    }

    /// What has no TCP in it cannot have lost any.
    static bool lossy(capture::skipped why) noexcept {
        return why != capture::skipped::no_ip && why != capture::skipped::no_tcp;
    }

    void complain(std::string const& path, std::string const& what) {
        whole_ = false;
        fmt::print(stderr, "milter-replay: {}: {}\n", path, what);
    }

    import_options const& wanted_;
    cli::corpus_writer out_;
    std::size_t written_ = 0;
    bool whole_ = true;
};

/// Opening the output empties it: it must be none of the captures. @throws std::runtime_error
void spare_captures(import_options const& wanted) {
    std::error_code ignored; // a file that is not there is nobody's capture
    for (auto const& file : wanted.files)
        if (std::filesystem::equivalent(file, wanted.output, ignored))
            throw std::runtime_error(wanted.output + ": is one of the captures to read");
}

} // namespace

cli::exit_code import_captures(import_options const& wanted) {
    try {
        spare_captures(wanted);
        importer into(wanted);
        for (auto const& file : wanted.files) into.import(file);
        return into.finish() ? cli::exit_code::pass : cli::exit_code::differs;
    } catch (std::runtime_error const& why) {
        fmt::print(stderr, "milter-replay: {}\n", why.what());
        return cli::exit_code::usage;
    }
}

} // namespace milter::replay
