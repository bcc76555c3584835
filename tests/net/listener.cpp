// SPDX-License-Identifier: BSL-1.0
// tests/net/listener.cpp - replaces what a dead process left, and nothing else

#include "milter/net/listener.hpp"

#include "name_service.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/write.hpp>
#include <boost/test/unit_test.hpp>

#include <support/print_error.hpp>
#include <support/temp_dir.hpp>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <optional>
#include <string>

using milter::endpoint;
using milter::error_code;
using milter::net::listener;
namespace asio = boost::asio;
namespace fs = std::filesystem;
using unix_acceptor = asio::local::stream_protocol::acceptor;
using unix_endpoint = asio::local::stream_protocol::endpoint;

namespace {

struct fixture {
    support::temp_dir dir;
    asio::io_context context{1};
    endpoint where{endpoint::kind::unix_path, dir / "x.sock", {}, {}};

    error_code open(listener& one, milter::net::listen_options const& options = {}) const {
        error_code ec;
        one.open(where, options, ec);
        return ec;
    }

    bool connects() {
        asio::local::stream_protocol::socket socket(context);
        error_code ec;
        socket.connect(unix_endpoint(where.path), ec);
        return !ec;
    }

    /// As a process leaves it that was killed.
    void leave_stale_socket() { unix_acceptor(context, unix_endpoint(where.path)); }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(net_listener, fixture)

BOOST_AUTO_TEST_CASE(listens_and_removes_its_file_at_the_end) {
    {
        listener one(context.get_executor());
        BOOST_TEST(!open(one));
        BOOST_TEST(connects());
    }
    BOOST_TEST(!fs::exists(where.path));
}

BOOST_AUTO_TEST_CASE(a_stale_socket_is_replaced) {
    leave_stale_socket();
    BOOST_TEST(fs::is_socket(where.path));
    listener one(context.get_executor());
    BOOST_TEST(!open(one));
    BOOST_TEST(connects());
}

BOOST_AUTO_TEST_CASE(a_socket_that_somebody_listens_on_stays) {
    unix_acceptor other(context, unix_endpoint(where.path));
    listener one(context.get_executor());
    BOOST_TEST(open(one) == asio::error::address_in_use);
    one.close();
    BOOST_TEST(connects());
}

BOOST_AUTO_TEST_CASE(a_busy_socket_stays_and_is_not_waited_for) {
    unix_acceptor other(context);
    other.open();
    other.bind(unix_endpoint(where.path));
    other.listen(0);
    asio::local::stream_protocol::socket waiting(context);
    waiting.connect(unix_endpoint(where.path)); // fills the backlog
    listener one(context.get_executor());
    BOOST_TEST(open(one) == asio::error::address_in_use);
    BOOST_TEST(fs::is_socket(where.path));
}

BOOST_AUTO_TEST_CASE(a_file_that_is_no_socket_stays) {
    dir.write("x.sock", "precious");
    listener one(context.get_executor());
    BOOST_TEST(open(one) == asio::error::address_in_use);
    one.close();
    BOOST_TEST(fs::file_size(where.path) == 8U);
}

BOOST_AUTO_TEST_CASE(a_symbolic_link_is_not_followed) {
    auto const target = dir.write("target", "precious");
    fs::create_symlink(target, where.path);
    listener one(context.get_executor());
    BOOST_TEST(open(one) == asio::error::address_in_use);
    BOOST_TEST(fs::is_symlink(fs::symlink_status(where.path)));
}

BOOST_AUTO_TEST_CASE(the_file_of_a_successor_is_not_removed) {
    {
        listener one(context.get_executor());
        BOOST_TEST(!open(one));
        fs::rename(where.path,
                   dir / "old"); // keeps the inode in use, so that the next file has another
        dir.write("x.sock", "successor");
    }
    BOOST_TEST(fs::exists(where.path));
}

BOOST_AUTO_TEST_CASE(the_mode_is_as_wanted) {
    for (unsigned const mode : {0600U, 0660U, 0666U}) {
        listener one(context.get_executor());
        milter::net::listen_options options;
        options.mode = mode;
        BOOST_TEST(!open(one, options));
        struct stat found {};
        BOOST_TEST(::stat(where.path.c_str(), &found) == 0);
        BOOST_TEST((found.st_mode & 0777U) == mode);
    }
}

BOOST_AUTO_TEST_CASE(an_unknown_group_is_an_error_that_leaves_nothing_behind) {
    listener one(context.get_executor());
    milter::net::listen_options options;
    options.group = "no-such-group-of-milter";
    BOOST_TEST(open(one, options) == milter::errc::unknown_group);
    BOOST_TEST(!fs::exists(where.path));
}

BOOST_AUTO_TEST_CASE(a_group_may_be_a_number) {
    milter::net::listen_options options;
    options.group = std::to_string(::getgid());
    listener one(context.get_executor());
    BOOST_TEST(!open(one, options));
    struct stat found {};
    BOOST_TEST(::stat(where.path.c_str(), &found) == 0);
    BOOST_TEST(found.st_gid == ::getgid());
}

BOOST_AUTO_TEST_CASE(one_address_is_listened_on_as_it_was_written) {
    error_code ec;
    for (std::string const text :
         {"unix:/run/x", "inet:25", "inet:25@127.0.0.1", "inet6:25@[::1]", "inet:25@localhost"}) {
        auto const asked = *milter::parse_endpoint(text);
        auto const all = milter::net::listening_endpoints(asked, ec);
        BOOST_TEST(!ec, text);
        BOOST_TEST_REQUIRE(all.size() == 1u, text);
        BOOST_TEST((all[0] == asked), text);
    }
    name_service const names;
    milter::net::listening_endpoints({endpoint::kind::inet, {}, "none.test", "25"}, ec);
    BOOST_TEST(ec == asio::error::host_not_found);
}

BOOST_AUTO_TEST_CASE(a_name_of_several_addresses_is_each_of_them_once) {
    name_service const names;
    error_code ec;
    auto const all =
        milter::net::listening_endpoints({endpoint::kind::inet, {}, "two.test", "25"}, ec);
    BOOST_TEST(!ec);
    BOOST_TEST_REQUIRE(all.size() == 2u);
    BOOST_TEST(to_string(all[0]) == "inet:25@[127.0.0.1]");
    BOOST_TEST(to_string(all[1]) == "inet:25@[127.0.0.2]");
}

BOOST_AUTO_TEST_CASE(a_missing_folder_is_an_error) {
    where.path = dir / "none/x.sock";
    listener one(context.get_executor());
    BOOST_TEST(open(one) == boost::system::errc::no_such_file_or_directory);
}

BOOST_AUTO_TEST_CASE(port_0_becomes_a_number_that_one_can_connect_to) {
    where = {endpoint::kind::inet, {}, "127.0.0.1", "0"};
    listener one(context.get_executor());
    BOOST_TEST(!open(one));
    auto const real = one.local(where);
    BOOST_TEST(real.service != "0");
    BOOST_TEST(real.host == "127.0.0.1");
    auto const port = static_cast<unsigned short>(std::stoi(real.service));
    asio::ip::tcp::socket socket(context);
    error_code ec;
    socket.connect({asio::ip::make_address("127.0.0.1"), port}, ec);
    BOOST_TEST(!ec);
}

BOOST_AUTO_TEST_CASE(a_port_in_use_is_an_error) {
    where = {endpoint::kind::inet, {}, "127.0.0.1", "0"};
    listener one(context.get_executor()), two(context.get_executor());
    BOOST_TEST(!open(one));
    where = one.local(where);
    BOOST_TEST(open(two) == asio::error::address_in_use);
}

BOOST_AUTO_TEST_CASE(the_path_stays_as_it_was_asked_for) {
    listener one(context.get_executor());
    BOOST_TEST(!open(one));
    BOOST_TEST(one.local(where).path == where.path);
}

BOOST_AUTO_TEST_CASE(moved_it_goes_on_and_only_the_new_one_removes_the_file) {
    std::optional<listener> old(std::in_place, context.get_executor());
    BOOST_TEST(!open(*old));
    listener now(std::move(*old));
    old.reset();
    BOOST_TEST(connects());
    now.close();
    BOOST_TEST(!fs::exists(where.path));
}

BOOST_AUTO_TEST_CASE(a_socket_of_another_is_taken_over_and_its_file_left) {
    unix_acceptor other(context, unix_endpoint(where.path));
    {
        listener one(context.get_executor());
        error_code ec;
        one.take(::dup(other.native_handle()), ec);
        BOOST_TEST(!ec);
        BOOST_TEST((one.local() == where));
        BOOST_TEST(connects());
        asio::generic::stream_protocol::socket accepted(context);
        one.socket().accept(accepted, ec);
        BOOST_TEST(!ec);
        one.refuse_newcomers();
    }
    BOOST_TEST(fs::exists(where.path));
    listener none(context.get_executor());
    error_code ec;
    none.take(::dup(0), ec);
    BOOST_TEST(bool(ec));
}

BOOST_AUTO_TEST_CASE(mode_is_changed_and_changed_back) {
    auto const before = ::umask(077);
    listener one(context.get_executor());
    BOOST_TEST(!open(one));
    ::umask(before);
    auto const mode = [&] { return fs::status(where.path).permissions(); };
    auto const created = mode();
    error_code ec;
    one.set_access({0666, {}, 0}, ec);
    BOOST_TEST(!ec);
    BOOST_TEST((mode() == fs::perms(0666)));
    one.set_access({}, ec);
    BOOST_TEST(!ec);
    BOOST_TEST((mode() == created));
    one.set_access({{}, "no-such-group", 0}, ec);
    BOOST_TEST(ec == milter::errc::unknown_group);
}

BOOST_AUTO_TEST_CASE(a_file_that_was_taken_away_is_noticed) {
    listener one(context.get_executor());
    BOOST_TEST(!open(one));
    BOOST_TEST(one.is_there());
    fs::remove(where.path);
    BOOST_TEST(!one.is_there());
}

BOOST_AUTO_TEST_CASE(newcomers_are_refused_and_who_waits_is_not) {
    listener one(context.get_executor());
    BOOST_TEST(!open(one));
    asio::local::stream_protocol::socket waiting(context);
    waiting.connect(unix_endpoint(where.path));
    one.refuse_newcomers();
    BOOST_TEST(!fs::exists(where.path));
    BOOST_TEST(!connects());
    asio::generic::stream_protocol::socket accepted(context);
    error_code ec;
    one.socket().accept(accepted, ec);
    BOOST_TEST(!ec);
}

/// Who begins to connect hears nothing: the connection is neither made nor refused.
BOOST_AUTO_TEST_CASE(newcomers_by_tcp_are_not_heard_until_they_are_welcome_again) {
    for (auto const family : {endpoint::kind::inet, endpoint::kind::inet6}) {
        bool const is_v4 = family == endpoint::kind::inet;
        where = {family, {}, is_v4 ? "127.0.0.1" : "::1", "0"};
        listener one(context.get_executor());
        if (open(one) && !is_v4) continue; // a machine without IPv6
        auto const bound = one.local();
        BOOST_TEST_REQUIRE(bool(bound));
        auto const at = *milter::net::literal_address(*bound);
        asio::generic::stream_protocol::socket waiting(context), late(context);
        waiting.connect(at);
        one.refuse_newcomers();
        late.open(at.protocol());
        late.non_blocking(true);
        // by hand, as Asio waits for the outcome
        int const begun = ::connect(late.native_handle(), at.data(), socklen_t(at.size()));
        BOOST_TEST((begun < 0 && errno == EINPROGRESS));
        error_code ec;
        asio::generic::stream_protocol::socket accepted(context);
        one.socket().accept(accepted, ec);
        BOOST_TEST(!ec);
        one.socket().non_blocking(true);
        asio::generic::stream_protocol::socket none(context);
        one.socket().accept(none, ec);
        BOOST_TEST(ec == asio::error::would_block);
        asio::write(waiting, asio::buffer("x", 1)); // who was in, still talks
        char heard = 0;
        accepted.receive(asio::buffer(&heard, 1));
        BOOST_TEST(heard == 'x');

        one.welcome_newcomers();
        asio::generic::stream_protocol::socket again(context);
        again.connect(at);
        one.socket().accept(none, ec);
        BOOST_TEST(!ec);
    }
}

BOOST_AUTO_TEST_SUITE_END()
