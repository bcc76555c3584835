// SPDX-License-Identifier: BSL-1.0
// tests/apps/manager_line_writer.cpp - lines that are lost are told, counted, and recorded when there is room again

#include "manager/service/line_writer.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <support/process.hpp>
#include <support/temp_dir.hpp>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>

using milter::manager::line_writer;
using namespace std::chrono_literals;

namespace {

struct fixture {
    support::temp_dir dir;
    std::string path = dir / "log";
    std::mutex mutex;
    std::condition_variable told;
    std::string complaints;

    auto complain() {
        return [this](std::string const& what) {
            std::lock_guard const lock(mutex);
            complaints += what + '\n';
            told.notify_all();
        };
    }
    void await_complaint() {
        std::unique_lock lock(mutex);
        told.wait(lock, [&] { return !complaints.empty(); });
    }
    static void post(line_writer& to, std::string const& line) {
        to.post([line] { return line; });
    }
    static void await_dropped(line_writer const& by, std::size_t count) {
        while (by.dropped() != count) std::this_thread::yield();
    }
};

/// That never waits: what does not fit is refused.
struct small_pipe {
    int ends[2] = {-1, -1};
    int size = 0;

    small_pipe() {
        BOOST_REQUIRE(::pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0);
        size = ::fcntl(ends[1], F_SETPIPE_SZ, 4096);
        if (size < 0) size = ::fcntl(ends[1], F_GETPIPE_SZ);
        BOOST_REQUIRE(size > 0);
    }
    small_pipe(small_pipe const&) = delete;
    small_pipe& operator=(small_pipe const&) = delete;
    ~small_pipe() {
        ::close(ends[0]);
        ::close(ends[1]);
    }
    std::string read() const {
        std::string all;
        char room[4096];
        for (auto n = ::read(ends[0], room, sizeof room); n > 0;
             n = ::read(ends[0], room, sizeof room))
            all.append(room, static_cast<std::size_t>(n));
        return all;
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(manager_line_writer, fixture)

BOOST_AUTO_TEST_CASE(a_full_disk_is_told_once_and_its_losses_are_recorded_when_it_has_room) {
    std::filesystem::create_symlink("/dev/full", path);
    line_writer log(path, -1, complain());
    post(log, "a");
    await_complaint();
    await_dropped(log, 1);
    post(log, "b");
    await_dropped(log, 2);
    BOOST_TEST(complaints == path + ": No space left on device; lines are lost\n");
    std::filesystem::remove(path);
    log.reopen();
    post(log, "c");
    log.stop(1h);
    BOOST_TEST(support::slurp(path) == "{\"event\":\"dropped\",\"lines\":2}\nc\n");
    BOOST_TEST(log.dropped() == 2u);
}

BOOST_AUTO_TEST_CASE(losses_are_recorded_at_the_end_though_nothing_follows) {
    std::filesystem::create_symlink("/dev/full", path);
    line_writer log(path, -1, complain());
    post(log, "a");
    await_dropped(log, 1);
    std::filesystem::remove(path);
    log.reopen();
    log.stop(1h);
    BOOST_TEST(support::slurp(path) == "{\"event\":\"dropped\",\"lines\":1}\n");
}

BOOST_AUTO_TEST_CASE(trouble_that_comes_back_is_told_again) {
    std::filesystem::create_symlink("/dev/full", path);
    line_writer log(path, -1, complain());
    post(log, "a");
    await_dropped(log, 1);
    std::filesystem::remove(path);
    log.reopen();
    while (!std::filesystem::exists(path) || support::slurp(path).empty()) // the loss of "a"
        std::this_thread::yield();
    std::filesystem::remove(path);
    std::filesystem::create_symlink("/dev/full", path);
    log.reopen();
    post(log, "b");
    await_dropped(log, 2);
    log.stop(1h);
    auto const line = path + ": No space left on device; lines are lost\n";
    BOOST_TEST(complaints == line + line);
}

BOOST_AUTO_TEST_CASE(a_line_cut_off_does_not_swallow_the_next_one) {
    small_pipe const pipe;
    line_writer log({}, pipe.ends[1], complain());
    post(log, std::string(static_cast<std::size_t>(pipe.size) + 1, 'a'));
    await_dropped(log, 1);
    auto const cut = pipe.read();
    BOOST_TEST(cut == std::string(static_cast<std::size_t>(pipe.size), 'a'));
    post(log, "b");
    log.stop(1h);
    BOOST_TEST(pipe.read() == "\n{\"event\":\"dropped\",\"lines\":1}\nb\n");
    BOOST_TEST(complaints == "standard output: Resource temporarily unavailable; lines are lost\n");
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_opened_anew_is_told_and_the_old_one_goes_on) {
    auto const folder = dir / "folder";
    std::filesystem::create_directory(folder);
    line_writer log(folder + "/log", -1, complain());
    std::filesystem::rename(folder, dir / "old");
    log.reopen();
    await_complaint();
    post(log, "a");
    log.stop(1h);
    BOOST_TEST(complaints == folder + "/log: No such file or directory; the old file goes on\n");
    BOOST_TEST(support::slurp(dir / "old/log") == "a\n");
}

BOOST_AUTO_TEST_SUITE_END()
