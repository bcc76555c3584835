// SPDX-License-Identifier: BSL-1.0
// tests/support/hang_watch.hpp - a test that hangs is named, shows where it is, and is ended
#pragma once

#include <boost/test/tree/observer.hpp>

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace support {

/// Gives each test case some minutes (MILTER_TEST_SECONDS). One that needs more is shown on standard error with the
/// stacks of its program and of what it has started; what it has started is killed, so that a test which waits for it
/// fails and the others go on. When that does not help the program ends.
class hang_watch final : public boost::unit_test::test_observer {
public:
    hang_watch() = default;
    hang_watch(hang_watch const&) = delete;
    hang_watch& operator=(hang_watch const&) = delete;
    ~hang_watch() override;

    void test_start(boost::unit_test::counter_t, boost::unit_test::test_unit_id) override;
    void test_finish() override;
    void test_unit_start(boost::unit_test::test_unit const& unit) override;

private:
    void watch();

    std::mutex mutex_;
    std::condition_variable changed_;
    std::string running_; ///< name of the test case
    unsigned long turn_ = 0;
    bool ended_ = false;
    std::thread thread_;
};

} // namespace support
