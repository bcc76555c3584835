// SPDX-License-Identifier: BSL-1.0
// milter/message/envelope.hpp - sender and recipients of one message, with their ESMTP arguments
//
// Addresses and arguments are kept as the client wrote them.
// Source: protocol.md 1.6 (MAIL, RCPT); statements 75-78.
#pragma once

#include <milter/wire/command.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace milter::message {

struct mailbox {
    std::string address; ///< with or without angle brackets, as given
    std::string args;    ///< NUL-terminated strings, as wire::zstr_list reads them

    wire::zstr_list arguments() const noexcept { return wire::zstr_list(args); }
};

template <class Command> mailbox to_mailbox(Command const& command) {
    return {std::string(command.address), std::string(command.args.raw())};
}

/// `<>` and the empty string both mean the null sender. @source statement 76
constexpr bool is_null_sender(std::string_view address) noexcept {
    return address.empty() || address == "<>";
}

/// The address without angle brackets.
constexpr std::string_view bare_address(std::string_view address) noexcept {
    if (address.size() >= 2 && address.front() == '<' && address.back() == '>')
        return address.substr(1, address.size() - 2);
    return address;
}

struct envelope {
    mailbox sender;
    std::vector<mailbox> recipients; ///< accepted ones

    void clear() {
        sender = {};
        recipients.clear();
    }
};

} // namespace milter::message
