// SPDX-License-Identifier: BSL-1.0
// tests/apps/manager_set_watch.cpp - sets whose files change are read by another thread, and taken over by the main one
#include "manager/config/config_toml.hpp"
#include "manager/set_watch.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/test/unit_test.hpp>

#include <support/temp_dir.hpp>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace milter::manager;

namespace {

/// Stands in for a file system that hangs.
struct hanging_file {
    explicit hanging_file(std::string at) : path(std::move(at)) {}

    std::string path;
    std::latch is_read{1}, comes_back{1};
};

/// Of the file alone; nothing else is read.
set_watch::reader reader_of(std::shared_ptr<hanging_file> const& file) {
    return [file](config const& of, unreadable_sets, file_listener const& before) {
        before(file->path);
        file->is_read.count_down();
        file->comes_back.wait();
        return std::make_shared<changed_sets>(changed_sets{of, {}, {}});
    };
}

struct fixture {
    support::temp_dir dir;
    boost::asio::io_context main;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work =
        boost::asio::make_work_guard(main);
    std::shared_ptr<config const> settings;
    std::vector<changed_sets> told;
    std::vector<std::string> said;
    std::unique_ptr<set_watch> watch = std::make_unique<set_watch>(main, listener());
    std::thread::id main_thread = std::this_thread::get_id();

    set_watch::listener listener() {
        return {[this](std::shared_ptr<config const> const& of, changed_sets read) {
                    BOOST_TEST((of == settings));
                    BOOST_TEST((std::this_thread::get_id() == main_thread));
                    settings = std::make_shared<config const>(read.value);
                    told.push_back(std::move(read));
                },
                [this](std::string what) {
                    BOOST_TEST((std::this_thread::get_id() == main_thread));
                    said.push_back(std::move(what));
                }};
    }

    void load() {
        dir.write("s", "example.com\n");
        auto const file = dir.write("m.toml", "[[listen]]\nsocket = \"/run/m.sock\"\n"
                                              "[[milter]]\nname = \"a\"\nsocket = \"/run/a.sock\"\n"
                                              "[set.s]\nfile = \"s\"\nkind = \"domains\"\n");
        settings = load_config(file, nullptr).config;
        BOOST_TEST_REQUIRE((settings != nullptr));
    }
    /// Looks until something is told.
    void look() {
        auto const before = told.size();
        while (told.size() == before) {
            watch->look(settings);
            main.run_one_for(std::chrono::milliseconds(10));
        }
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(apps_manager_set_watch, fixture)

BOOST_AUTO_TEST_CASE(a_file_that_has_changed_is_read) {
    load();
    dir.write("s", "example.com\nexample.net\n");
    look();
    BOOST_TEST((told[0].names == std::vector<std::string>{"s"}));
    BOOST_TEST(settings->sets.at(0)->has_domain("example.net"));
    dir.write("s", "example.org and more\n");
    look();
    BOOST_TEST(told[1].names.empty());
    BOOST_TEST(told[1].problems.size() == 1U);
    BOOST_TEST(settings->sets.at(0)->has_domain("example.net"));
}

BOOST_AUTO_TEST_CASE(a_pipe_in_place_of_the_file_is_not_waited_for) {
    load();
    std::filesystem::remove(dir / "s");
    BOOST_TEST_REQUIRE(::mkfifo((dir / "s").c_str(), 0600) == 0);
    look();
    BOOST_TEST_REQUIRE(told[0].problems.size() == 1U);
    BOOST_TEST(told[0].problems[0].message.ends_with(": it is no file"));
    BOOST_TEST(settings->sets.at(0)->has_domain("example.com"));
    BOOST_TEST(load_config(dir / "m.toml", nullptr).config == nullptr);
}

BOOST_AUTO_TEST_CASE(what_could_not_be_read_is_tried_again_though_it_has_not_changed) {
    load();
    std::filesystem::rename(dir / "s", dir / "kept");
    look();
    BOOST_TEST(told[0].problems.size() == 1U);
    look(); // tried again, and nothing new to say
    BOOST_TEST(told[1].problems.empty());
    BOOST_TEST(settings->named_sets.at(0).is_unreadable);
    BOOST_TEST(settings->named_sets.at(0).problem.find("No such file") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_file_that_is_looked_at_is_known) {
    load();
    std::vector<std::string> seen;
    auto const note = [&seen](std::string const& path) { seen.push_back(path); };
    BOOST_TEST(!sets_have_changed(*settings, note));
    BOOST_TEST((seen == std::vector<std::string>{dir / "s"}));
    with_changed_sets(*settings, unreadable_sets::too, note);
    BOOST_TEST((seen == std::vector<std::string>{dir / "s", dir / "s"}));
}

BOOST_AUTO_TEST_CASE(reading_that_does_not_come_back_is_told_once_and_when_it_does) {
    load();
    auto const file = std::make_shared<hanging_file>(dir / "s");
    watch = std::make_unique<set_watch>(main, listener(), reader_of(file));
    auto const begun = std::chrono::steady_clock::now();
    watch->look(settings, begun);
    file->is_read.wait();
    watch->look(settings, begun + set_watch::patience - std::chrono::milliseconds(1));
    BOOST_TEST(said.empty());
    BOOST_TEST(watch->overdue() == "");
    for (int i = 0; i < 3; ++i) watch->look(settings, begun + (1 + i) * set_watch::patience);
    BOOST_TEST((said == std::vector<std::string>{
                            "warning: no set is read anew for now: after 1m the reading of " +
                            dir / "s" + " has not come back"}));
    BOOST_TEST(watch->overdue() == dir / "s");
    said.clear();
    file->comes_back.count_down();
    main.run_one();
    BOOST_TEST((said == std::vector<std::string>{"sets are read anew again: the reading of " +
                                                 dir / "s" + " has come back"}));
    BOOST_TEST(watch->overdue() == "");
    BOOST_TEST(told.size() == 1U);
}

BOOST_AUTO_TEST_CASE(reading_that_never_comes_back_holds_up_no_end) {
    load();
    auto const file = std::make_shared<hanging_file>(dir / "s");
    watch = std::make_unique<set_watch>(main, listener(), reader_of(file));
    watch->look(settings);
    file->is_read.wait();
    watch.reset();
    BOOST_TEST(main.poll() == 0U);
    file->comes_back.count_down();
}

BOOST_AUTO_TEST_CASE(nobody_is_told_when_the_watch_is_gone) {
    load();
    for (int i = 0; i < 50; ++i) {
        dir.write("s", "example.net\n" + std::string(static_cast<std::size_t>(i), '#'));
        bool is_gone = false;
        auto one = std::make_unique<set_watch>(
            main, set_watch::listener{[&](auto const&, auto const&) { BOOST_TEST(!is_gone); },
                                      [&](auto const&) { BOOST_TEST(!is_gone); }});
        one->look(settings);
        if (i % 2 == 0) std::this_thread::yield();
        one.reset();
        is_gone = true;
        main.poll();
    }
}

BOOST_AUTO_TEST_SUITE_END()
