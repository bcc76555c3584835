// SPDX-License-Identifier: BSL-1.0
// rule/macro_stage.hpp - by when MTAs have sent a macro, if they send it at all
//
// Source: protocol.md 5.2 and 5.3. Until then one that has not come may still come; what comes
// later than that is not looked at, so that no answer has to be taken back.
#pragma once

#include "rule/stage.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace milter::rule {

/// As MTAs spell it: a name of one letter is bare, all others have braces.
inline std::string braced(std::string_view name) {
    if (name.size() >= 2 && name.front() == '{' && name.back() == '}')
        name = name.substr(1, name.size() - 2);
    return name.size() == 1 ? std::string(name) : "{" + std::string(name) + "}";
}

/// @param name  from braced()
inline stage settled_by(std::string_view name) noexcept {
    constexpr std::array of_connection = {std::string_view("j"),
                                          std::string_view("_"),
                                          std::string_view("v"),
                                          std::string_view("{daemon_name}"),
                                          std::string_view("{daemon_addr}"),
                                          std::string_view("{daemon_port}"),
                                          std::string_view("{if_name}"),
                                          std::string_view("{if_addr}")};
    constexpr std::array of_sender = {
        std::string_view("{tls_version}"), std::string_view("{cipher}"),
        std::string_view("{cipher_bits}"), std::string_view("{cert_subject}"),
        std::string_view("{cert_issuer}"), std::string_view("{verify}"),
        std::string_view("{auth_type}"),   std::string_view("{auth_authen}"),
        std::string_view("{auth_author}"), std::string_view("{auth_ssf}"),
        std::string_view("{mail_mailer}"), std::string_view("{mail_host}"),
        std::string_view("{mail_addr}"),   std::string_view("{client_addr}"),
        std::string_view("{client_name}"), std::string_view("{client_port}"),
        std::string_view("{client_ptr}"),  std::string_view("{client_resolve}")};
    auto const has = [&](auto const& list) {
        return std::find(list.begin(), list.end(), name) != list.end();
    };
    if (has(of_connection)) return stage::connect;
    return has(of_sender) ? stage::mail : stage::message;
}

} // namespace milter::rule
