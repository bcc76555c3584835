// SPDX-License-Identifier: BSL-1.0
// test-server/macro.cpp - the macros of each stage: what the MTA would send, or what the milter asked for
#include "test-server/macro.hpp"

#include <milter/message/envelope.hpp>
#include <milter/proto/macros.hpp>

#include <algorithm>
#include <optional>
#include <stdexcept>

namespace milter::test_server {

namespace {

using code = wire::command_code;

/// Those that have no list of their own: Postfix uses that of end of headers for headers, and that of end of message for
/// the body.
code governing(code stage) noexcept {
    switch (stage) {
    case code::header: return code::end_of_headers;
    case code::body: return code::end_of_message;
    default: return stage;
    }
}

/// The names in force at a stage.
std::string names_in_force(code stage, mta_profile const& mta, proto::agreement const& agreed) {
    auto const governs = governing(stage);
    if (governs != stage && !mta.macros_for_each_command) return {};
    auto const index = wire::macro_stage_index(governs);
    if (index != wire::macro_stage_count && agreed.lists[index]) return *agreed.lists[index];
    auto const own = mta.macros.find(governs);
    return own == mta.macros.end() ? std::string() : own->second;
}

std::string host_of(std::string_view address) {
    auto const bare = message::bare_address(address);
    auto const at = bare.rfind('@');
    return std::string(at == bare.npos ? bare : bare.substr(at + 1));
}

std::string ptr_and_address(smtp_client const& client) {
    return client.host + " [" + client.address + "]";
}

/// Of a client without one an MTA says "unknown" (Postfix) or its address in brackets (Sendmail).
bool has_name(smtp_client const& client) {
    return client.host != "unknown" && !client.host.starts_with('[');
}

class values {
public:
    values(session_plan const& plan, macro_state const& state, code stage)
        : plan_(plan), state_(state), stage_(stage) {}

    std::optional<std::string> find(std::string_view name) const {
        if (auto own = of_plan(name)) return own;
        if (auto fixed = of_session(name)) return fixed;
        if (auto found = of_client(name)) return found;
        return of_message(name);
    }

private:
    std::optional<std::string> of_plan(std::string_view name) const {
        auto const set = plan_.macros.find(stage_);
        if (set == plan_.macros.end()) return std::nullopt;
        auto const last =
            std::find_if(set->second.rbegin(), set->second.rend(),
                         [&](auto const& one) { return proto::same_macro(one.first, name); });
        if (last == set->second.rend()) return std::nullopt;
        return last->second;
    }

    std::optional<std::string> of_session(std::string_view name) const {
        for (auto const& [known, value] : plan_.mta.values)
            if (proto::same_macro(known, name) && is_due(known)) return value;
        return std::nullopt;
    }

    /// The session is not encrypted before HELO, and there is no sender before MAIL.
    bool is_due(std::string_view name) const {
        bool const of_tls = name.starts_with("{tls_") || name.starts_with("{cipher");
        if (of_tls) return stage_ != code::connect;
        if (name == "{mail_mailer}") return of_sender();
        return name != "{rcpt_mailer}"; // of_recipient()
    }

    bool of_sender() const {
        return state_.sender && stage_ != code::connect && stage_ != code::helo;
    }

    std::optional<std::string> of_client(std::string_view name) const {
        auto const& client = plan_.client;
        if (name == "{client_name}" || name == "{client_ptr}") return client.host;
        if (name == "{client_resolve}") return has_name(client) ? "OK" : "FAIL";
        if (name == "{client_connections}") return "1";
        if (client.family == wire::family::unknown) return std::nullopt;
        if (name == "_") return ptr_and_address(client);
        if (name == "{client_addr}")
            return client.family == wire::family::inet6 ? "IPv6:" + client.address : client.address;
        if (name == "{client_port}") return std::to_string(client.port);
        return std::nullopt;
    }

    std::optional<std::string> of_message(std::string_view name) const {
        if (!of_sender()) return std::nullopt;
        if (proto::same_macro(name, "i")) {
            if (!plan_.mta.id_with_sender && !state_.has_recipient) return std::nullopt;
            return state_.queue_id;
        }
        if (name == "{mail_addr}")
            return std::string(message::bare_address(state_.sender->address));
        if (name == "{mail_host}") return host_of(state_.sender->address);
        if (name == "{msg_id}" && stage_ == code::end_of_message && !state_.message_id.empty())
            return state_.message_id;
        return of_recipient(name);
    }

    std::optional<std::string> of_recipient(std::string_view name) const {
        if (stage_ != code::rcpt || !state_.recipient) return std::nullopt;
        if (name == "{rcpt_mailer}") return state_.refused ? "error" : recipient_mailer();
        if (name == "{rcpt_host}")
            return state_.refused ? "5.1.1" : host_of(state_.recipient->address);
        if (name == "{rcpt_addr}")
            return state_.refused ? "User unknown"
                                  : std::string(message::bare_address(state_.recipient->address));
        return std::nullopt;
    }

    std::optional<std::string> recipient_mailer() const {
        for (auto const& [known, value] : plan_.mta.values)
            if (known == "{rcpt_mailer}") return value;
        return std::nullopt;
    }

    session_plan const& plan_;
    macro_state const& state_;
    code stage_;
};

bool lists(std::string_view names, std::string_view name) {
    bool found = false;
    proto::for_each_name(
        names, [&](std::string_view one) { found = found || proto::same_macro(one, name); });
    return found;
}

} // namespace

std::optional<std::string> macros_for(wire::command_code stage, session_plan const& plan,
                                      macro_state const& state, proto::agreement const& agreed) {
    auto names = names_in_force(stage, plan.mta, agreed);
    auto const index = wire::macro_stage_index(stage);
    bool const asked = index != wire::macro_stage_count && agreed.lists[index];
    if (auto const own = plan.macros.find(stage); own != plan.macros.end() && !asked)
        for (auto const& [name, value] : own->second)
            if (!lists(names, name)) names += " " + name;
    if (names.empty() && !plan.mta.macros_for_each_command) return std::nullopt;
    values const all(plan, state, stage);
    return proto::select_macros(names, [&](std::string_view name) { return all.find(name); });
}

std::pair<std::string, std::string> parse_macro(std::string_view text) {
    auto const colon = text.find(':');
    if (colon == 0 || colon == text.npos)
        throw std::invalid_argument("expected NAME:VALUE instead of \"" + std::string(text) + "\"");
    std::string name(text.substr(0, colon));
    if (name.size() > 1 && name.front() != '{') name = "{" + name + "}";
    return {name, std::string(text.substr(colon + 1))};
}

} // namespace milter::test_server
