// SPDX-License-Identifier: BSL-1.0
// tests/bench/mail.hpp - the session that all drivers carry out: one message as Postfix hands it over
#pragma once

#include <milter/wire/command.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

namespace wire = milter::wire;

struct step {
    wire::any_command command; ///< its texts are literals, or live in the script
    std::string_view macros;   ///< packed; empty: none
};

/// 13 answers where a milter wants everything and the body fits one packet.
class script {
public:
    explicit script(std::size_t body_bytes) {
        using namespace std::string_view_literals;
        constexpr auto queue_id = "i\0"
                                  "4XyZ123456\0"sv;
        steps_ = {
            {wire::connect{"mx.client.example", wire::family::inet, 8080, "192.0.2.25"},
             "j\0mail.example.net\0{daemon_name}\0mail.example.net\0v\0Postfix 3.7.11\0"sv},
            {wire::helo{"mx.client.example"},
             "{tls_version}\0TLSv1.3\0{cipher}\0TLS_AES_256_GCM_SHA384\0{cipher_bits}\0"
             "256\0"sv},
            {wire::mail{"<alice@client.example>", wire::zstr_list("SIZE=1024\0"sv)},
             "i\0"
             "4XyZ123456\0{mail_mailer}\0local\0{mail_addr}\0alice@client.example\0"
             "{mail_host}\0client.example\0"sv},
            {wire::rcpt{"<user0@example.net>", {}},
             "{rcpt_mailer}\0local\0{rcpt_addr}\0user0@example.net\0{rcpt_host}\0example.net\0"sv},
            {wire::data{}, queue_id},
            {wire::header{"From", " Alice <alice@client.example>"}, {}},
            {wire::header{"To", " Bob <user0@example.net>"}, {}},
            {wire::header{"Subject", " quarterly numbers, second draft"}, {}},
            {wire::header{"Message-ID", " <20260101120000.4XyZ123456@client.example>"}, {}},
            {wire::end_of_headers{}, queue_id},
        };
        for (std::size_t i = 0; i < chunk_.size(); ++i)
            chunk_[i] = i % 78 == 76 ? '\r' : i % 78 == 77 ? '\n' : static_cast<char>('a' + i % 26);
        for (std::size_t done = 0; done < body_bytes; done += chunk_.size())
            steps_.push_back(
                {wire::body{std::string_view(chunk_).substr(0, body_bytes - done)}, {}});
        steps_.push_back({wire::end_of_message{}, queue_id});
    }
    script(script const&) = delete;
    script& operator=(script const&) = delete;
    ~script() = default;

    std::vector<step> const& steps() const noexcept { return steps_; }

private:
    std::string chunk_ = std::string(wire::default_data_limit, '\0');
    std::vector<step> steps_;
};

inline void encode(std::string& out, step const& one) {
    auto const stage = static_cast<unsigned char>(wire::code_of(one.command));
    if (!one.macros.empty()) wire::encode(out, wire::macros{stage, wire::zstr_list(one.macros)});
    wire::encode(out, one.command);
}

} // namespace bench
