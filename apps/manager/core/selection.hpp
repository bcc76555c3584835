// SPDX-License-Identifier: BSL-1.0
// manager/core/selection.hpp - the seam for rules: which milters apply to a message, as far as that is known
//
// A session asks again with each new fact until the answer is yes or no. Who is undecided is not started; who is
// started takes part until the transaction ends. The same facts must give the same answer: what was asked once may be
// asked again, also by other threads.
// Source: protocol.md 9.8
#pragma once

#include <milter/message/headers.hpp>
#include <milter/proto/macros.hpp>
#include <milter/wire/command.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace milter::manager {

enum class applicability { no, undecided, yes };

/// A recipient that nobody refused, as the MTA named it.
struct kept_recipient {
    std::string payload; ///< of RCPT
    std::string macros;  ///< name, value pairs
    bool has_macros = false;
    std::size_t record = 0; ///< place among the recipients of the decision record
    bool deleted = false;   ///< by a milter that joined late
};

/// What is known; the views die with the question.
struct facts {
    /// The newest fact. What comes before it is known, as far as the MTA says it; what comes after is not.
    wire::command_code stage{};
    std::string_view listener;
    proto::macro_store const& macros;
    std::optional<wire::connect> client;
    std::optional<wire::helo> helo;
    std::optional<wire::mail> sender;
    std::optional<wire::rcpt>
        recipient; ///< at RCPT: the one that is asked about; all milters before let it pass
    std::span<kept_recipient const> recipients; ///< those before it; from DATA on, all
    message::headers const* headers = nullptr;  ///< from the end of headers on
    std::size_t body_bytes = 0;                 ///< at the end of the message
    std::uint64_t session = 0;                  ///< as the decision log numbers it
};

class selection {
public:
    virtual ~selection() = default;

    /// Asked at NEGOTIATE, CONNECT, HELO, MAIL, each RCPT, DATA, end of headers and end of message. An answer holds as
    /// long as the facts behind it: that at NEGOTIATE for the connection, at CONNECT and a yes at HELO for the client,
    /// a no at HELO until the next one, any later one until the end of the transaction. Who is still undecided when its
    /// turn comes at the end of the message is asked a last time; then undecided means yes.
    /// @param milter  its place in the configuration
    virtual applicability of(std::size_t milter, facts const& known) const noexcept = 0;
};

} // namespace milter::manager
