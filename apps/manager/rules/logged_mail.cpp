// SPDX-License-Identifier: BSL-1.0
// manager/rules/logged_mail.cpp
#include "manager/rules/logged_mail.hpp"

#include "manager/core/decision.hpp"
#include "rule/fact_table.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <initializer_list>
#include <string_view>
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
        if (auto const size = number_in(line_, "size"); size && has_come_to({"end_of_message"}))
            number(fact::message_size, *size);
        for (auto const& one : list_in(line_, "milters")) read_milter(one);
        read_outcome();
        return std::move(made_);
    }

private:
    void knows(fact which) { made_.unknown[static_cast<std::size_t>(which)] = false; }

    void give(given_fact one) {
        knows(one.which);
        made_.mail.given.push_back(std::move(one));
    }
    void text(fact which, char const* key) { give(text_of(which, text_in(line_, key))); }
    void number(fact which, std::int64_t value) { give(number_of(which, value)); }

    static given_fact text_of(fact which, std::string value) {
        given_fact one;
        one.which = which;
        one.texts.push_back(std::move(value));
        return one;
    }
    static given_fact number_of(fact which, std::int64_t value) {
        given_fact one;
        one.which = which;
        one.number = value;
        return one;
    }

    /// Of a client without an IP address nothing can be given.
    void read_client() {
        text(fact::client_name, "client_name");
        auto const address = text_in(line_, "client_address");
        if (!rule::parse_ip(address)) return;
        text(fact::client_address, "client_address");
        knows(fact::client_family);
    }

    void read_login() {
        text(fact::auth_user, "authenticated");
        number(fact::auth_present, text_in(line_, "authenticated").empty() ? 0 : 1);
    }

    /// Of a message that was decided before, sizes and numbers are those of what came of it.
    bool has_come_to(std::initializer_list<std::string_view> stages) const {
        return std::find(stages.begin(), stages.end(), text_in(line_, "stage")) != stages.end();
    }

    /// Those that were refused are no facts for the message; those behind the 50th are not in the log.
    void read_recipients() {
        given_fact all;
        all.which = fact::recipient;
        auto const& list = list_in(line_, "recipients");
        for (auto const& one : list)
            if (text_in(one, "verdict") == "continue") all.texts.push_back(text_in(one, "address"));
        auto const kept = static_cast<std::int64_t>(all.texts.size());
        made_.mail.given.push_back(std::move(all));
        if (!has_come_to({"data", "content", "end_of_message"})) return;
        auto const count = number_in(line_, "recipient_count");
        if (count != static_cast<std::int64_t>(list.size())) return;
        for (auto const one : {fact::recipient, fact::recipient_local, fact::recipient_domain})
            knows(one);
        number(fact::recipients_count, kept);
    }

    void read_milter(json const& one) {
        auto const name = text_in(one, "name");
        auto const word = text_in(one, "verdict");
        bool const ran = word != "not asked" && word != "no answer";
        for (auto what : {number_of(fact::milter_ran, ran && word != "error" ? 1 : 0),
                          number_of(fact::milter_failed, word == "error" ? 1 : 0),
                          text_of(fact::milter_verdict, ran ? word : "none")}) {
            what.milter = name;
            give(std::move(what));
        }
    }

    static std::vector<std::string> texts(json const& list) {
        std::vector<std::string> all;
        for (auto const& one : list)
            if (one.is_string()) all.push_back(one.get<std::string>());
        return all;
    }

    void read_outcome() {
        auto& to = made_.outcome;
        to.time = text_in(line_, "time");
        to.conditions = texts(list_in(line_, "conditions"));
        to.has_all_conditions = to.conditions.size() < record_list_limit;
        to.rules = texts(list_in(line_, "rules"));
        to.tags = texts(list_in(line_, "tags"));
        for (auto const& one : list_in(line_, "milters"))
            to.milters.push_back(
                {text_in(one, "name"), text_in(one, "verdict"), text_in(one, "reason")});
        to.verdict = text_in(line_, "verdict");
        to.text = text_in(line_, "text");
        to.decided_by = text_in(line_, "decided_by");
        to.stage = text_in(line_, "stage");
    }

    json const& line_;
    logged_mail made_;
};

} // namespace

std::optional<logged_mail> find_in_log(std::string_view log, std::string_view queue_id) {
    std::optional<logged_mail> found;
    std::size_t lines = 0;
    while (!log.empty()) {
        auto const line = log.substr(0, log.find('\n'));
        log.remove_prefix(std::min(line.size() + 1, log.size()));
        if (line.find(queue_id) == line.npos) continue; // most are not parsed
        auto const object = json::parse(line, nullptr, false);
        bool const is_it = object.is_object() && text_in(object, "event") == "decision" &&
                           text_in(object, "queue_id") == queue_id;
        if (!is_it) continue;
        found = log_line(object).read();
        found->lines = ++lines;
    }
    return found;
}

} // namespace milter::manager
