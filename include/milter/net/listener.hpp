// SPDX-License-Identifier: BSL-1.0
// milter/net/listener.hpp - a listening socket, TCP or unix
//
// A unix socket left behind by a dead process is replaced; one that somebody listens on is not. The file is removed at
// the end if it is still ours.
#pragma once

#include <milter/endpoint.hpp>
#include <milter/error.hpp>
#include <milter/net/address.hpp>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/io_context.hpp>

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace milter::net {

struct listen_options {
    std::optional<unsigned> mode; ///< of a unix socket, e.g. 0660; empty: by umask
    std::string group;            ///< of a unix socket; empty: the process's
    int backlog = 1024;
};

namespace detail {

inline std::string host_text(address const& where) {
    asio::ip::tcp::endpoint host;
    std::memcpy(host.data(), where.data(), std::min(host.capacity(), where.size()));
    return host.address().to_string();
}

} // namespace detail

/// A group by name or number.
inline std::optional<gid_t> group_id(std::string const& name) noexcept {
    gid_t number = 0;
    auto const* end = name.data() + name.size();
    auto const [at, problem] = std::from_chars(name.data(), end, number);
    if (problem == std::errc{} && at == end) return number;
    auto const* group = ::getgrnam(name.c_str());
    if (!group) return std::nullopt;
    return group->gr_gid;
}

/// `where` itself, unless its host is a name of several addresses: each of them then. Blocks; for start-up.
inline std::vector<endpoint> listening_endpoints(endpoint const& where, error_code& ec) {
    if (where.family == endpoint::kind::unix_path || where.host.empty()) return {where};
    std::vector<endpoint> all;
    for (auto const& one : resolve(where, true, ec)) {
        auto literal = where;
        literal.host = detail::host_text(one);
        if (std::find(all.begin(), all.end(), literal) == all.end()) all.push_back(literal);
    }
    return all.size() > 1 ? all : std::vector{where};
}

/// Of a host name with several addresses, it listens on the first: see listening_endpoints().
class listener {
public:
    using acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol>;

    explicit listener(asio::any_io_executor const& executor) : acceptor_(executor) {}
    listener(listener&& other) noexcept
        : acceptor_(std::move(other.acceptor_)), path_(std::exchange(other.path_, {})),
          inode_(other.inode_) {}
    listener& operator=(listener&&) = delete;
    listener(listener const&) = delete;
    listener& operator=(listener const&) = delete;
    ~listener() { close(); }

    /// @errors  what the system says; address_in_use when somebody listens there
    void open(endpoint const& where, listen_options const& options, error_code& ec) {
        auto const found = resolve(where, true, ec);
        if (ec) return;
        if (found.empty()) {
            ec = errc::bad_endpoint;
            return;
        }
        bool const is_unix = where.family == endpoint::kind::unix_path;
        if (is_unix) remove_stale(where.path, found.front(), ec);
        if (!ec) acceptor_.open(found.front().protocol(), ec);
        if (!ec && !is_unix) acceptor_.set_option(acceptor::reuse_address(true), ec);
        if (!ec) acceptor_.bind(found.front(), ec);
        if (!ec && is_unix) adopt(where.path, options, ec);
        if (!ec) acceptor_.listen(options.backlog, ec);
        if (ec) close();
    }

    acceptor& socket() noexcept { return acceptor_; }

    /// Where it listens in fact: port 0 has become a number.
    endpoint local(endpoint asked) const {
        error_code ec;
        auto const bound = acceptor_.local_endpoint(ec);
        if (ec || asked.family == endpoint::kind::unix_path) return asked;
        auto const* raw = reinterpret_cast<sockaddr_in6 const*>(
            bound.data()); // the port is at the same place in IPv4
        asked.service = std::to_string(ntohs(raw->sin6_port));
        return asked;
    }

    void close() noexcept {
        error_code ignored;
        acceptor_.close(ignored);
        struct stat now {};
        if (!path_.empty() && ::stat(path_.c_str(), &now) == 0 && now.st_ino == inode_)
            ::unlink(path_.c_str());
        path_.clear();
    }

private:
    static error_code last_error() noexcept { return {errno, boost::system::system_category()}; }

    static void remove_stale(std::string const& path, address const& where, error_code& ec) {
        struct stat found {};
        if (::lstat(path.c_str(), &found) != 0) return;
        if (!S_ISSOCK(found.st_mode)) {
            ec = asio::error::address_in_use;
            return;
        }
        asio::io_context context{1};
        net::socket probe(context);
        error_code refused;
        connect_unix(probe, where, refused);
        if (refused == asio::error::connection_refused)
            ::unlink(path.c_str());
        else
            ec = refused && refused != asio::error::try_again
                     ? refused
                     : error_code(asio::error::address_in_use);
    }

    void adopt(std::string const& path, listen_options const& options, error_code& ec) {
        struct stat created {};
        if (::stat(path.c_str(), &created) == 0) {
            path_ = path;
            inode_ = created.st_ino;
        }
        if (!options.group.empty()) {
            auto const group = group_id(options.group);
            if (!group) {
                ec = errc::unknown_group;
                return;
            }
            if (::chown(path.c_str(), static_cast<uid_t>(-1), *group) != 0) ec = last_error();
        }
        if (!ec && options.mode && ::chmod(path.c_str(), *options.mode) != 0) ec = last_error();
    }

    acceptor acceptor_;
    std::string path_;
    ino_t inode_ = 0;
};

} // namespace milter::net
