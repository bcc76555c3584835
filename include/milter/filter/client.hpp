// SPDX-License-Identifier: BSL-1.0
// milter/filter/client.hpp - who connects, and the addresses of the envelope, as handlers are given them
//
// Views into the packet they came in: they live until the handler is done, its waiting included.
#pragma once

#include <milter/ascii.hpp>
#include <milter/message/envelope.hpp>
#include <milter/wire/command.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace milter::filter {

/// The SMTP client.
class client {
public:
    explicit client(wire::connect const& from) noexcept : from_(from) {}

    /// Its name by the MTA's look-up; "[192.0.2.1]" or "unknown" where there is none.
    std::string_view name() const noexcept { return from_.hostname; }
    /// An IP address in digits, or a path; empty when unknown.
    std::string_view address() const noexcept { return wire::without_ipv6_tag(from_.address); }
    std::uint16_t port() const noexcept { return from_.port; } ///< 0: unknown
    wire::family family() const noexcept { return from_.family; }

private:
    wire::connect from_;
};

/// Sender or recipient, with what the client said behind the address.
class envelope_address {
public:
    template <class Command>
    explicit envelope_address(Command const& command) noexcept
        : address_(command.address), args_(command.args) {}

    std::string_view raw() const noexcept { return address_; } ///< as the client wrote it
    /// Without angle brackets; empty for the null sender.
    std::string_view mailbox() const noexcept { return message::bare_address(address_); }
    std::string_view local_part() const noexcept { return mailbox().substr(0, at_sign()); }
    /// Behind the last `@`; empty when there is none. Domains compare without case.
    std::string_view domain() const noexcept {
        auto const at = at_sign();
        return at == std::string_view::npos ? std::string_view{} : mailbox().substr(at + 1);
    }
    bool is_null() const noexcept { return mailbox().empty(); }

    /// "SIZE" of "SIZE=1000" is "1000"; an argument without a value is empty; nothing when it was not given.
    std::optional<std::string_view> argument(std::string_view name) const noexcept {
        for (auto const one : args_) {
            auto const key = one.substr(0, one.find('='));
            if (equal_ignoring_case(key, name))
                return one.substr(key.size() == one.size() ? one.size() : key.size() + 1);
        }
        return std::nullopt;
    }
    wire::zstr_list arguments() const noexcept { return args_; }

    friend bool operator==(envelope_address const& address, std::string_view mailbox) noexcept {
        return address.mailbox() == message::bare_address(mailbox);
    }

private:
    std::size_t at_sign() const noexcept { return mailbox().rfind('@'); }

    std::string_view address_;
    wire::zstr_list args_;
};

using sender = envelope_address;
using recipient = envelope_address;

} // namespace milter::filter
