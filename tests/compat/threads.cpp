// SPDX-License-Identifier: BSL-1.0
// tests/compat/threads.cpp - any number of connections on a fixed number of threads
#include "filter_fixture.hpp"
#include <milter/compat/mfapi.hpp>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace compat_test;

std::size_t thread_count() {
    std::size_t count = 0;
    for ([[maybe_unused]] auto const& one : std::filesystem::directory_iterator("/proc/self/task"))
        ++count;
    return count;
}

/// Whether two threads were ever in callbacks of one connection, or a callback got what is another connection's.
struct private_data {
    std::string sender;
    std::atomic<int> inside{0};
    int calls = 0;
};

std::atomic<int> faults{0};
std::atomic<int> at_work{0}, most_at_work{0};

class turn {
public:
    explicit turn(SMFICTX* context) : own_(static_cast<private_data*>(smfi_getpriv(context))) {
        if (!own_ || own_->inside.fetch_add(1) != 0) ++faults;
        int const now = ++at_work;
        for (int most = most_at_work;
             now > most && !most_at_work.compare_exchange_weak(most, now);) {
        }
        if (own_) ++own_->calls;
    }
    turn(turn const&) = delete;
    turn& operator=(turn const&) = delete;
    ~turn() {
        --at_work;
        if (own_) --own_->inside;
    }
    private_data* operator->() const { return own_; }

private:
    private_data* own_;
};

sfsistat on_connect(SMFICTX* context, char* host, _SOCK_ADDR* /*address*/) {
    auto data = std::make_unique<private_data>();
    data->sender = host;
    smfi_setpriv(context, data.release());
    return SMFIS_CONTINUE;
}

sfsistat on_envfrom(SMFICTX* context, char** argv) {
    turn const own(context);
    std::this_thread::sleep_for(std::chrono::milliseconds(1)); // it blocks
    if (own->sender != argv[0]) ++faults;
    return SMFIS_CONTINUE;
}

sfsistat on_eom(SMFICTX* context) {
    turn const own(context);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return smfi_addheader(context, "X-Sender", own->sender.c_str()) == MI_SUCCESS ? SMFIS_CONTINUE
                                                                                  : SMFIS_REJECT;
}

sfsistat on_close(SMFICTX* context) {
    std::unique_ptr<private_data> const data(static_cast<private_data*>(smfi_getpriv(context)));
    smfi_setpriv(context, nullptr);
    if (!data || data->calls != 6) ++faults; // three messages
    return SMFIS_CONTINUE;
}

} // namespace

BOOST_AUTO_TEST_SUITE(threads)

BOOST_FIXTURE_TEST_CASE(two_hundred_connections_are_not_mixed_up_and_need_no_more_threads,
                        filter_fixture) {
    constexpr std::size_t connections = 200;
    constexpr unsigned workers = 8;
    auto const before = thread_count();
    description.xxfi_connect = on_connect;
    description.xxfi_envfrom = on_envfrom;
    description.xxfi_eom = on_eom;
    description.xxfi_close = on_close;
    faults = most_at_work = 0;
    start(workers);
    std::vector<std::unique_ptr<mta>> all;
    for (std::size_t i = 0; i < connections; ++i) {
        all.push_back(std::make_unique<mta>(socket));
        BOOST_REQUIRE(all.back()->is_connected());
        auto const name = "<" + std::to_string(i) + "@test>";
        all.back()->ask(packet_of(wire::negotiate{}));
        all.back()->ask(packet_of(wire::connect{name, wire::family::unknown, 0, ""}));
    }
    for (int message = 0; message < 3; ++message) {
        for (std::size_t i = 0; i < connections; ++i) {
            auto const name = "<" + std::to_string(i) + "@test>";
            all[i]->send(packet_of(wire::mail{name, {}}) + packet_of(wire::rcpt{"<r@test>", {}}) +
                         packet('E'));
        }
        BOOST_TEST(thread_count() == before + workers + 1); // and the one that smfi_main() runs on
        for (std::size_t i = 0; i < connections; ++i) {
            auto const name = "<" + std::to_string(i) + "@test>";
            BOOST_TEST(all[i]->next() == "c");
            BOOST_TEST(all[i]->next() == "c");
            BOOST_TEST(all[i]->next() ==
                       "hX-Sender" + std::string(1, '\0') + name + std::string(1, '\0'));
            BOOST_TEST(all[i]->next() == "c");
        }
    }
    for (auto& one : all) one->send(packet('Q'));
    for (auto& one : all) BOOST_TEST(one->next().empty());
    BOOST_TEST(stop() == MI_SUCCESS);
    BOOST_TEST(faults == 0);
    BOOST_TEST(most_at_work > 1); // a callback that blocks holds up nobody
    BOOST_TEST(most_at_work <= static_cast<int>(workers));
}

BOOST_FIXTURE_TEST_CASE(a_callback_that_blocks_holds_up_no_other_connection, filter_fixture) {
    static std::mutex held;
    held.lock();
    description.xxfi_envfrom = [](SMFICTX*, char** argv) -> sfsistat {
        if (std::string_view(argv[0]) == "<slow@test>") std::lock_guard const wait(held);
        return SMFIS_CONTINUE;
    };
    start(2);
    mta slow(socket), quick(socket);
    slow.ask(packet_of(wire::negotiate{}));
    slow.send(packet_of(wire::mail{"<slow@test>", {}}));
    quick.begin("<quick@test>");
    BOOST_TEST(quick.ask(packet('E')) == "c");
    held.unlock();
    BOOST_TEST(slow.next() == "c");
}

BOOST_FIXTURE_TEST_CASE(an_mta_that_never_pauses_holds_up_no_other_connection, filter_fixture) {
    static std::mutex held;
    static std::atomic<int> busy_calls{0};
    std::unique_lock hold(held);
    busy_calls = 0;
    description.xxfi_envfrom = [](SMFICTX*, char**) -> sfsistat {
        if (busy_calls++ == 0) std::lock_guard const wait(held);
        return SMFIS_CONTINUE;
    };
    description.xxfi_helo = [](SMFICTX*, char*) -> sfsistat {
        own().add(std::to_string(busy_calls));
        return SMFIS_CONTINUE;
    };
    start(1);
    constexpr int count = 8000;
    mta busy(socket);
    busy.ask(packet_of(wire::negotiate{}));
    std::string all;
    for (int i = 0; i != count; ++i) all += packet_of(wire::mail{"<a@b>", {}});
    busy.send(all);
    mta quick(socket);
    quick.send(packet_of(wire::negotiate{}) + packet_of(wire::helo{"me"}));
    hold.unlock();
    BOOST_TEST(quick.next().substr(0, 1) == "O");
    BOOST_TEST(quick.next() == "c");
    for (int i = 0; i != count; ++i) BOOST_REQUIRE(busy.next() == "c");
    auto const before = own().all();
    BOOST_REQUIRE(before.size() == 1U);
    BOOST_TEST(std::stoi(before.front()) < count / 2);
}

BOOST_AUTO_TEST_SUITE_END()
