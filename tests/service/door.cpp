// SPDX-License-Identifier: BSL-1.0
// tests/service/door.cpp - plans that are carried out, and plans that are dropped

#include "manager/service/door.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <grp.h>
#include <support/temp_dir.hpp>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>

namespace {

using namespace milter;
using namespace milter::manager;

struct fixture {
    support::temp_dir dir;
    std::string path = dir / "mta.sock", other = dir / "other.sock";
    boost::asio::io_context context{1};
    inherited_sockets none;
    doors all{context.get_executor(), context.get_executor(), &none};

    static listen_config at(std::string const& where, unsigned mode) {
        return {{endpoint::kind::unix_path, where, {}, {}}, mode, {}, {}, {}};
    }
    doors::change take(std::vector<listen_config> const& wanted) {
        auto planned = all.plan(wanted);
        BOOST_TEST(planned.problem() == "");
        return all.commit(std::move(planned));
    }
    unsigned mode() const {
        struct stat now {};
        ::stat(path.c_str(), &now);
        return now.st_mode & 0777U;
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(manager_doors, fixture)

BOOST_AUTO_TEST_CASE(mode_of_a_listener_that_stays_is_that_of_the_plan_carried_out) {
    auto const first = take({at(path, 0600)});
    BOOST_TEST(first.come.size() == 1U);
    BOOST_TEST(mode() == 0600U);
    auto const second = take({at(path, 0666)});
    BOOST_TEST((second.come.empty() && second.gone.empty()));
    BOOST_TEST(mode() == 0666U);
    take({at(path, 0640)});
    BOOST_TEST(mode() == 0640U);
}

BOOST_AUTO_TEST_CASE(mode_that_a_dropped_plan_has_set_is_taken_back) {
    take({at(path, 0600)});
    {
        auto const dropped = all.plan({at(path, 0666)});
        BOOST_TEST(dropped.problem() == "");
        BOOST_TEST(mode() == 0666U);
    }
    BOOST_TEST(mode() == 0600U);
}

BOOST_AUTO_TEST_CASE(dropped_plan_closes_what_it_has_opened) {
    take({at(path, 0600)});
    {
        auto const dropped = all.plan({at(path, 0600), at(other, 0600)});
        BOOST_TEST(std::filesystem::exists(other));
    }
    BOOST_TEST(!std::filesystem::exists(other));
    BOOST_TEST(all.all().size() == 1U);
}

BOOST_AUTO_TEST_CASE(group_that_does_not_exist_leaves_the_mode_as_it_was) {
    take({at(path, 0600)});
    auto wrong = at(path, 0666);
    wrong.group = "no-such-group";
    {
        auto const planned = all.plan({wrong});
        BOOST_TEST(planned.problem().find("group = \"no-such-group\"") != std::string::npos);
    }
    BOOST_TEST(mode() == 0600U);
}

BOOST_AUTO_TEST_CASE(group_of_which_the_user_is_no_member_is_said_to_be_that) {
    ::chmod((dir / "").c_str(), 0777);
    auto foreign = at(path, 0660);
    foreign.group = "0";
    auto const child = ::fork();
    if (child == 0) { // root may give to every group
        bool const nobody = ::getuid() != 0 || (::setgroups(0, nullptr) == 0 &&
                                                ::setresgid(65534, 65534, 65534) == 0 &&
                                                ::setresuid(65534, 65534, 65534) == 0);
        boost::asio::io_context fresh{1};
        doors const own(fresh.get_executor(), fresh.get_executor(), &none);
        bool const said =
            own.plan({foreign}).problem() ==
            "cannot give unix:" + path + " to group 0: this user is not a member of it";
        ::_exit(nobody && said ? 0 : 1);
    }
    int status = -1;
    BOOST_TEST(::waitpid(child, &status, 0) == child);
    BOOST_TEST(status == 0);
}

BOOST_AUTO_TEST_CASE(listener_that_retires_has_another_number_each_time) {
    take({at(path, 0600), at(other, 0600)});
    auto const gone = take({at(path, 0600)}).gone;
    BOOST_REQUIRE(gone.size() == 1U);
    auto const first = gone[0]->begin_retirement();
    gone[0]->end_retirement();
    BOOST_TEST(!gone[0]->retiring);
    BOOST_TEST(gone[0]->retirement != first);
    BOOST_TEST(gone[0]->begin_retirement() != first);
    BOOST_TEST(gone[0]->retiring);
}

BOOST_AUTO_TEST_SUITE_END()
