// SPDX-License-Identifier: BSL-1.0
// manager/service/dns_channel.cpp
#include "manager/service/dns_channel.hpp"

#include <ares.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <utility>

namespace milter::manager {

namespace {

constexpr int class_in = 1; // RFC 1035 3.2.4
constexpr int type_a = 1;   // RFC 1035 3.2.2
constexpr int rounds = 3;   // the waits of which are 1, 2 and 4 times `patience`
constexpr int receive_buffer =
    1 << 20; // bytes: answers to all questions at once; the system may give less
constexpr auto longest_period = std::chrono::milliseconds(50);
constexpr auto shortest_period = std::chrono::milliseconds(5);

void check(int status) {
    if (status != ARES_SUCCESS)
        throw std::runtime_error(std::string("name servers: ") + ::ares_strerror(status));
}

/// `192.0.2.1:53,[2001:db8::1]:53`
std::string list_of(std::vector<endpoint> const& servers) {
    std::string list;
    for (auto const& one : servers) {
        if (!list.empty()) list += ',';
        bool const is_v6 = one.family == endpoint::kind::inet6;
        list += is_v6 ? '[' + one.host + ']' : one.host;
        list += ':' + (one.service.empty() ? std::string("53") : one.service);
    }
    return list;
}

std::string_view text_of(unsigned char const* bytes, int size) {
    if (!bytes || size <= 0) return {};
    return {reinterpret_cast<char const*>(bytes), static_cast<std::size_t>(size)};
}

} // namespace

/// One of the sockets of c-ares, which may close it while it is told.
class dns_channel::socket_watch final : public poller::watcher {
public:
    socket_watch(dns_channel& of, int descriptor) : of_(of), descriptor_(descriptor) {}

    void ready(std::uint32_t events) override {
        auto& of = of_; // we may die meanwhile
        auto const failed = events & (EPOLLERR | EPOLLHUP);
        bool const reads = (events & EPOLLIN) != 0 || failed != 0;
        bool const writes = (events & EPOLLOUT) != 0 || failed != 0;
        of.process(reads ? descriptor_ : ARES_SOCKET_BAD, writes ? descriptor_ : ARES_SOCKET_BAD);
    }

private:
    dns_channel& of_;
    int descriptor_;
};

struct dns_channel::question {
    dns_channel& of;
    answer tell;
};

struct dns_channel::handle {
    ares_channel is = nullptr;

    handle() = default;
    handle(handle const&) = delete;
    handle& operator=(handle const&) = delete;
    ~handle() {
        if (is) ::ares_destroy(is);
    }
};

/// What c-ares calls. Memory that is not to be had ends the process here, as nothing may be thrown through C.
struct dns_channel_hooks {
    static void socket_changed(void* channel, ares_socket_t descriptor, int reads,
                               int writes) noexcept {
        static_cast<dns_channel*>(channel)->socket_changed(descriptor, reads != 0, writes != 0);
    }
    static void answered(void* asked, int status, int /*timeouts*/, unsigned char* bytes,
                         int size) noexcept {
        std::unique_ptr<dns_channel::question> const one(
            static_cast<dns_channel::question*>(asked));
        --one->of.asked_;
        if (status == ARES_EDESTRUCTION) return;
        auto const packet = text_of(bytes, size);
        one->tell(packet, packet.empty() ? ::ares_strerror(status) : "");
    }
};

dns_channel::dns_channel(poller& on, std::vector<endpoint> const& servers, proto::duration patience)
    : waits_(on), clock_(on, [this] { tick(); }),
      period_(std::clamp<proto::duration>(patience / 8, shortest_period, longest_period)),
      channel_(std::make_unique<handle>()) {
    using std::chrono::milliseconds;
    static int const library = ::ares_library_init(ARES_LIB_INIT_ALL);
    check(library);
    std::string nothing = "/dev/null";
    std::string of_names = "b"; // nobody reads /etc/hosts
    ares_options options{};
    int given = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS |
                ARES_OPT_SOCK_RCVBUF | ARES_OPT_SOCK_STATE_CB;
    options.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES;
    options.timeout = static_cast<int>(std::chrono::ceil<milliseconds>(patience).count());
    options.tries = rounds;
    options.lookups = of_names.data();
    options.socket_receive_buffer_size = receive_buffer;
    options.sock_state_cb = dns_channel_hooks::socket_changed;
    options.sock_state_cb_data = this;
    if (!servers.empty()) {
        given |= ARES_OPT_RESOLVCONF;
        options.resolvconf_path = nothing.data();
    }
    check(::ares_init_options(&channel_->is, &options, given));
    if (!servers.empty())
        check(::ares_set_servers_ports_csv(channel_->is, list_of(servers).c_str()));
}

dns_channel::~dns_channel() = default;

void dns_channel::ask(std::string const& name, answer tell) {
    ++asked_;
    auto one = std::make_unique<question>(question{*this, std::move(tell)});
    ::ares_query(channel_->is, name.c_str(), class_in, type_a, dns_channel_hooks::answered,
                 one.release());
    if (asked_ > 0 && !std::exchange(ticks_, true)) clock_.set(waits_.now() + period_);
}

void dns_channel::process(int readable, int writable) {
    ::ares_process_fd(channel_->is, readable, writable);
}

void dns_channel::tick() {
    process(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    ticks_ = asked_ > 0;
    if (ticks_) clock_.set(waits_.now() + period_);
}

/// Before c-ares closes it, too. What cannot be watched is not heard of, and so fails in time.
void dns_channel::socket_changed(int descriptor, bool reads, bool writes) {
    auto const known = sockets_.find(descriptor);
    if (!reads && !writes) {
        if (known == sockets_.end()) return;
        waits_.forget(descriptor, *known->second);
        sockets_.erase(known);
        return;
    }
    auto const events =
        (reads ? std::uint32_t{EPOLLIN} : 0) | (writes ? std::uint32_t{EPOLLOUT} : 0);
    if (known != sockets_.end()) return waits_.change(descriptor, events, *known->second);
    auto& fresh = sockets_[descriptor];
    fresh = std::make_unique<socket_watch>(*this, descriptor);
    error_code ignored;
    waits_.watch(descriptor, events, *fresh, ignored);
}

// ---- two of them

void dns_channels::ask(std::string const& name, dns_channel::answer tell) {
    auto const& other = is_turn_of_second_ ? first_ : second_;
    if (asked_ >= questions_a_turn && other.is_at_rest()) {
        is_turn_of_second_ = !is_turn_of_second_;
        asked_ = 0;
    }
    ++asked_;
    (is_turn_of_second_ ? second_ : first_).ask(name, std::move(tell));
}

} // namespace milter::manager
