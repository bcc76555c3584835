// SPDX-License-Identifier: BSL-1.0
// milter/net/listener.hpp - a listening socket, TCP or unix
//
// A unix socket left behind by a dead process is replaced; one that somebody listens on is not. The file is removed at
// the end if it is still ours. To close one without losing a connection: refuse_newcomers(), accept until there is
// nothing more to accept, close().
#pragma once

#include <milter/endpoint.hpp>
#include <milter/error.hpp>
#include <milter/net/address.hpp>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/io_context.hpp>

#include <grp.h>
#include <linux/filter.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <iterator>
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

/// In digits, as text; equal for equal addresses.
inline endpoint endpoint_of(address const& where) {
    if (family_of(where) == AF_UNIX) {
        auto const* raw = reinterpret_cast<char const*>(where.data());
        auto const offset = offsetof(sockaddr_un, sun_path);
        auto const size = where.size() > offset ? where.size() - offset : 0;
        return {endpoint::kind::unix_path, {raw + offset, ::strnlen(raw + offset, size)}, {}, {}};
    }
    // the port is at the same place in both families
    auto const* raw = reinterpret_cast<sockaddr_in6 const*>(where.data());
    auto const kind = family_of(where) == AF_INET6 ? endpoint::kind::inet6 : endpoint::kind::inet;
    return {kind, {}, detail::host_text(where), std::to_string(ntohs(raw->sin6_port))};
}

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

/// Whether this process may give files of its own to the group without privileges.
inline bool in_group(gid_t group) {
    std::vector<gid_t> groups(static_cast<std::size_t>(std::max(::getgroups(0, nullptr), 0)));
    groups.resize(static_cast<std::size_t>(
        std::max(::getgroups(static_cast<int>(groups.size()), groups.data()), 0)));
    return ::getegid() == group || std::find(groups.begin(), groups.end(), group) != groups.end();
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
          inode_(other.inode_), created_mode_(other.created_mode_),
          created_group_(other.created_group_) {}
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

    /// Takes over a socket that listens already, of whoever made it: its file is never removed or changed.
    /// @param descriptor  ours from now on; when it cannot be taken it is closed
    void take(int descriptor, error_code& ec) {
        sockaddr_storage where{};
        socklen_t size = sizeof where;
        if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&where), &size) != 0)
            ec = last_error();
        else
            acceptor_.assign({where.ss_family, 0}, descriptor, ec);
        if (ec) ::close(descriptor);
    }

    acceptor& socket() noexcept { return acceptor_; }

    /// Where it listens in fact: port 0 has become a number.
    endpoint local(endpoint asked) const {
        auto const bound = local();
        if (asked.family != endpoint::kind::unix_path && bound) asked.service = bound->service;
        return asked;
    }

    /// The same in digits; empty when it does not listen.
    std::optional<endpoint> local() const {
        error_code ec;
        auto const bound = acceptor_.local_endpoint(ec);
        if (ec) return std::nullopt;
        return endpoint_of(bound);
    }

    /// Mode and group of its file anew; what is not given becomes as it was when the file was made. Does nothing where
    /// there is no file of ours. @errors  unknown_group, what the system says
    void set_access(listen_options const& options, error_code& ec) {
        if (!path_.empty() && is_there()) apply(options, ec);
    }

    /// Whether others find it: its file has neither gone nor been replaced.
    bool is_there() const noexcept {
        struct stat now {};
        return path_.empty() || (::stat(path_.c_str(), &now) == 0 && now.st_ino == inode_);
    }

    /// Lets nobody new connect; who has connected can still be accepted. The file of a unix socket goes. A TCP socket
    /// does not hear those who begin to connect, who try again a second later, when it is closed.
    void refuse_newcomers() noexcept {
        if (path_.empty()) return turn_deaf();
        if (is_there()) ::unlink(path_.c_str());
        path_.clear();
    }

    /// Takes that back, for TCP.
    void welcome_newcomers() noexcept {
        int const unused = 0;
        ::setsockopt(acceptor_.native_handle(), SOL_SOCKET, SO_DETACH_FILTER, &unused,
                     sizeof unused);
    }

    void close() noexcept {
        error_code ignored;
        acceptor_.close(ignored);
        if (!path_.empty() && is_there()) ::unlink(path_.c_str());
        path_.clear();
    }

private:
    static error_code last_error() noexcept { return {errno, boost::system::system_category()}; }

    /// Drops segments with SYN but without ACK. The rest of a handshake under way passes. Accepted sockets inherit the
    /// filter, and never get such a segment.
    void turn_deaf() noexcept {
        constexpr unsigned flags_at = 13, syn_and_ack = 0x12, syn = 0x02; // RFC 9293, 3.1
        sock_filter code[] = {
            BPF_STMT(BPF_LD | BPF_B | BPF_ABS, flags_at),
            BPF_STMT(BPF_ALU | BPF_AND | BPF_K, syn_and_ack),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, syn, 0, 1),
            BPF_STMT(BPF_RET | BPF_K, 0),
            BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
        };
        sock_fprog const filter{std::size(code), code};
        ::setsockopt(acceptor_.native_handle(), SOL_SOCKET, SO_ATTACH_FILTER, &filter,
                     sizeof filter);
    }

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
            created_mode_ = created.st_mode & 07777;
            created_group_ = created.st_gid;
        }
        apply(options, ec);
    }

    void apply(listen_options const& options, error_code& ec) {
        auto group = std::optional(created_group_);
        if (!options.group.empty()) group = group_id(options.group);
        struct stat now {};
        if (!group)
            ec = errc::unknown_group;
        else if (::stat(path_.c_str(), &now) != 0 ||
                 (now.st_gid != *group &&
                  ::chown(path_.c_str(), static_cast<uid_t>(-1), *group) != 0) ||
                 ::chmod(path_.c_str(), options.mode.value_or(created_mode_)) != 0)
            ec = last_error();
    }

    acceptor acceptor_;
    std::string path_;
    ino_t inode_ = 0;
    mode_t created_mode_ = 0; ///< by the umask
    gid_t created_group_ = 0; ///< as the system gave it
};

} // namespace milter::net
