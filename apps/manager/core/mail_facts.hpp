// SPDX-License-Identifier: BSL-1.0
// manager/core/mail_facts.hpp - one session as rules see it: what the MTA has said, taken apart once
//
// Facts of a stage are known when reached() says so. Those of a message go with it.
#pragma once

#include "manager/core/config.hpp"
#include "manager/core/surroundings.hpp"
#include "rule/stage.hpp"
#include "rule/value.hpp"
#include <milter/message/headers.hpp>
#include <milter/proto/macros.hpp>
#include <milter/wire/command.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

/// What a milter has made of the message, as rules ask about others.
struct milter_outcome {
    bool is_final = false; ///< else nothing of it is known yet
    bool ran = false;
    bool failed = false;
    bool quarantined = false;
    bool changed_body = false;
    std::string_view verdict = "none";
    proto::duration latency{};
    std::uint32_t author = 0; ///< of headers; 0: it cannot have added any
};

class mail_facts final : public rule::fact_source {
public:
    /// Who knows about milters.
    class milters {
    public:
        /// @param place  in the configuration
        virtual milter_outcome outcome_of(std::size_t place) const noexcept = 0;

    protected:
        ~milters() = default;
    };

    /// All of these outlive it. @param block_lists  how many there are; allow lists are counted behind them
    mail_facts(config const& settings, proto::macro_store const& macros, milters const& others);

    // ---- what is known

    void begins(std::string_view listener, std::string_view profile, surroundings const& known);
    void client(wire::connect const& who);
    void helo(std::string_view name);
    void sender(wire::mail const& from, proto::time_point now);
    /// Known for all questions until it is taken back or another one comes.
    void add_recipient(wire::rcpt const& to);
    void take_recipient_back() noexcept;
    std::size_t recipients() const noexcept { return recipients_.size(); }
    /// @param headers  null: not complete yet
    void content(message::headers const* headers, std::size_t body_bytes,
                 std::size_t message_bytes);
    void list_answered(std::size_t zone, rule::knowledge state, bool is_listed) noexcept;
    void reached(rule::stage at) noexcept { newest_ = at; }
    void forget_message() noexcept;
    /// And what was known about it.
    void forget_client() noexcept;

    rule::stage newest() const noexcept { return newest_; }
    /// Null: the client has none.
    rule::ip const* client_ip() const noexcept { return has_ip_ ? &client_ip_ : nullptr; }

    /// The DNS lists that were asked about and are not known; each once.
    std::vector<std::size_t> take_wanted_lists();
    bool waits_for_lists() const noexcept;

    /// While it lives, DNS lists that are read are not wanted for that.
    class reading_only {
    public:
        explicit reading_only(mail_facts& of) noexcept : of_(of) { of_.only_read_ = true; }
        reading_only(reading_only const&) = delete;
        reading_only& operator=(reading_only const&) = delete;
        ~reading_only() { of_.only_read_ = false; }

    private:
        mail_facts& of_;
    };
    reading_only only_read() noexcept { return reading_only(*this); }

    // ---- rule::fact_source

    rule::value read(rule::fact which, rule::argument const* with,
                     rule::cursor const* at) const noexcept override;
    bool next(rule::quantity of, rule::argument const* with,
              rule::cursor& at) const noexcept override;
    rule::knowledge is_complete(rule::quantity of,
                                rule::argument const* with) const noexcept override;

private:
    /// An address of the envelope.
    struct envelope_address {
        std::string as_sent;
        std::string domain; ///< in its normal form
        std::vector<std::string> parameters;
        rule::mail_address parts; ///< views into as_sent
    };
    enum class list_state : unsigned char { unasked, wanted, asked, listed, not_listed, failed };

    static std::unique_ptr<envelope_address> taken_apart(std::string_view address,
                                                         wire::zstr_list parameters);
    bool has_reached(rule::fact which) const noexcept;
    rule::value of_session(rule::fact which, rule::argument const* with) const noexcept;
    rule::value of_client(rule::fact which, rule::argument const* with) const noexcept;
    rule::value of_sender(rule::fact which, rule::argument const* with) const noexcept;
    rule::value of_login(rule::fact which) const noexcept;
    rule::value of_recipient(rule::fact which, rule::argument const* with,
                             std::size_t index) const noexcept;
    rule::value of_message(rule::fact which, rule::argument const* with) const noexcept;
    rule::value of_milter(rule::fact which, std::size_t place) const noexcept;
    rule::value of_list(std::size_t zone) const noexcept;
    rule::value macro_value(std::string_view name) const noexcept;
    std::string_view macro_at(rule::stage by, std::string_view name) const noexcept;
    bool is_postfix() const noexcept;

    config const& settings_;
    proto::macro_store const& macros_;
    milters const& milters_;
    surroundings surroundings_;
    std::string_view listener_, profile_;
    std::vector<unsigned> busy_; ///< hundredths of a percent, by milter; empty: nobody asks

    rule::stage newest_ = rule::stage::start;
    std::string client_name_;
    wire::family client_family_ = wire::family::unknown;
    std::uint16_t client_port_ = 0;
    rule::ip client_ip_;
    bool has_ip_ = false;
    mutable std::vector<list_state> lists_;
    mutable bool wants_lists_ = false;
    bool only_read_ = false;

    std::string helo_;
    std::unique_ptr<envelope_address> sender_;
    std::int64_t began_ = 0; ///< minute of the week
    std::vector<std::unique_ptr<envelope_address>> recipients_;
    message::headers const* headers_ = nullptr;
    std::string content_type_;
    std::size_t body_bytes_ = 0, message_bytes_ = 0;
    mutable std::string client_ptr_; ///< in its normal form
};

} // namespace milter::manager
