// SPDX-License-Identifier: BSL-1.0
// test-server/bench_progress.hpp - what is shown and written while a load goes on
#pragma once

#include "cli/corpus_file.hpp"
#include "load/conversation.hpp"
#include "test-server/bench_options.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <stdexcept>
#include <string>

namespace milter::test_server {

/// A file that was asked for cannot be written.
class unusable_file : public std::runtime_error {
public:
    explicit unusable_file(std::string const& why) : std::runtime_error(why) {}
};

/// Told of each message by the workers, and from time to time to print by the thread that waits for them.
class bench_progress final : public load::watcher {
public:
    enum class style { silent, lines, live };

    /// @throws unusable_file  that of --report-statistics-data
    explicit bench_progress(bench_options const& wanted);

    void finished(load::finished_message const& one) override;

    style how() const noexcept { return style_; }
    proto::duration interval() const noexcept { return interval_; }
    void tick(proto::time_point now);
    /// Prints what is left, and writes the file to its end. @throws unusable_file
    void finish(proto::time_point now);

private:
    struct part {
        std::uint64_t messages = 0, with_verdict = 0;
        std::uint64_t tempfails = 0, rejects = 0, errors = 0;
        double least = 0, most = 0, sum = 0; ///< seconds
    };

    bool is_all_told();
    void print_line(part const& now, double seconds);
    void print_live(part const& now, double seconds, proto::time_point at);

    std::mutex lock_; ///< of what the workers touch
    part current_;
    cli::file_handle data_;

    std::string data_name_;
    style style_ = style::silent;
    std::FILE* to_ = stdout; ///< lines
    proto::duration interval_ = std::chrono::seconds(1);
    proto::time_point began_ = proto::clock::now(), last_ = began_;
    std::chrono::system_clock::time_point wall_began_ = std::chrono::system_clock::now();
    std::uint64_t sent_ = 0, errors_ = 0;
    bool titled_ = false;
};

} // namespace milter::test_server
