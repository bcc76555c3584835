// SPDX-License-Identifier: BSL-1.0
// manager/rules/logged_mail.cpp
#include "manager/rules/logged_mail.hpp"

#include "rule/fact_table.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace milter::manager {

namespace {

using json = nlohmann::ordered_json;
using rule::fact;

/// Empty where it is left out.
std::string text_in(json const& object, char const* key) {
    auto const found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<std::int64_t> number_in(json const& object, char const* key) {
    auto const found = object.find(key);
    if (found == object.end() || !found->is_number_unsigned()) return std::nullopt;
    return found->get<std::int64_t>();
}

json const& list_in(json const& object, char const* key) {
    static json const none = json::array();
    auto const found = object.find(key);
    return found != object.end() && found->is_array() ? *found : none;
}

/// From one line to facts.
class log_line {
public:
    explicit log_line(json const& line) : line_(line) {
        made_.unknown.assign(rule::fact_count, true);
    }

    logged_mail read() && {
        text(fact::listener, "listener");
        text(fact::profile, "profile");
        read_client();
        text(fact::helo, "helo");
        text(fact::sender, "sender");
        for (auto const one : {fact::sender_local, fact::sender_domain, fact::sender_null})
            knows(one);
        read_login();
        read_recipients();
        if (auto const size = number_in(line_, "size")) number(fact::message_size, *size);
        for (auto const& one : list_in(line_, "milters")) read_milter(one);
        return std::move(made_);
    }

private:
    void knows(fact which) { made_.unknown[static_cast<std::size_t>(which)] = false; }

    void give(given_fact one) {
        knows(one.which);
        made_.mail.given.push_back(std::move(one));
    }
    void text(fact which, char const* key) {
        give({.which = which, .texts = {text_in(line_, key)}});
    }
    void number(fact which, std::int64_t value) { give({.which = which, .number = value}); }

    /// Of a client without an IP address nothing can be given.
    void read_client() {
        text(fact::client_name, "client_name");
        auto const address = text_in(line_, "client_address");
        if (!rule::parse_ip(address)) return;
        give({.which = fact::client_address, .texts = {address}});
        knows(fact::client_family);
    }

    void read_login() {
        auto const user = text_in(line_, "authenticated");
        give({.which = fact::auth_user, .texts = {user}});
        number(fact::auth_present, user.empty() ? 0 : 1);
    }

    /// Those that were refused are no facts for the message; those behind the 50th are not in the log.
    void read_recipients() {
        given_fact all{.which = fact::recipient};
        auto const& list = list_in(line_, "recipients");
        for (auto const& one : list)
            if (text_in(one, "verdict") == "continue") all.texts.push_back(text_in(one, "address"));
        auto const kept = static_cast<std::int64_t>(all.texts.size());
        made_.mail.given.push_back(std::move(all));
        if (number_in(line_, "recipient_count") != static_cast<std::int64_t>(list.size())) return;
        for (auto const one : {fact::recipient, fact::recipient_local, fact::recipient_domain})
            knows(one);
        number(fact::recipients_count, kept);
    }

    void read_milter(json const& one) {
        auto const name = text_in(one, "name");
        auto const word = text_in(one, "verdict");
        bool const ran = word != "not asked" && word != "no answer";
        auto const say = [&](fact which, given_fact what) {
            what.which = which;
            what.milter = name;
            give(std::move(what));
        };
        say(fact::milter_ran, {.number = ran && word != "error" ? 1 : 0});
        say(fact::milter_failed, {.number = word == "error" ? 1 : 0});
        say(fact::milter_verdict, {.texts = {ran ? word : "none"}});
    }

    json const& line_;
    logged_mail made_;
};

} // namespace

std::optional<logged_mail> find_in_log(std::string_view log, std::string_view queue_id) {
    std::optional<logged_mail> found;
    while (!log.empty()) {
        auto const line = log.substr(0, log.find('\n'));
        log.remove_prefix(std::min(line.size() + 1, log.size()));
        if (line.find(queue_id) == line.npos) continue; // most are not parsed
        auto const object = json::parse(line, nullptr, false);
        bool const is_it = object.is_object() && text_in(object, "event") == "decision" &&
                           text_in(object, "queue_id") == queue_id;
        if (is_it) found = log_line(object).read();
    }
    return found;
}

} // namespace milter::manager
