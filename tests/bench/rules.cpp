// SPDX-License-Identifier: BSL-1.0
// tests/bench/rules.cpp - what rules cost a session: six typical ones, and two hundred
//
//     rules [ROUNDS]
//
// A session is one mail, asked about at each of its stages: whatever has no final answer yet and may have another one
// than before. One line of JSON: nanoseconds of CPU a session, the least of all rounds, which take turns.
#include "rule/book.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

using namespace milter::rule;

namespace {

constexpr int sessions = 20'000; // of one round
constexpr std::size_t domains = 10'000;
constexpr std::size_t prefixes = 200'000;

/// A mail as far as it has come.
class mail final : public fact_source {
public:
    value read(fact which, argument const*, cursor const* at) const noexcept override {
        if (at) return known_text(recipients_[at->index]);
        auto const& one = facts_[static_cast<std::size_t>(which)];
        return row_of(which).from <= now_ ? one : not_yet();
    }
    bool next(quantity of, argument const*, cursor& at) const noexcept override {
        if (of == quantity::each_added_header) {
            at.element = known_text("mx.example.com; dkim=pass header.d=example.org");
            return now_ == stage::message && at.mark++ == 0;
        }
        at.index = at.mark++;
        return now_ >= stage::rcpt && at.index < recipients_.size();
    }
    knowledge is_complete(quantity of, argument const*) const noexcept override {
        auto const end = of == quantity::each_recipient ? stage::data : stage::message;
        return now_ >= end ? knowledge::known : knowledge::pending;
    }

    void set(fact which, value is) { facts_[static_cast<std::size_t>(which)] = is; }
    void set_recipients(std::string first, std::string second) {
        recipients_ = {std::move(first), std::move(second)};
    }
    void set_client(std::string_view address) {
        address_ = *parse_ip(address);
        set(fact::client_address, known_ip(address_));
    }
    void begin(stage at) noexcept { now_ = at; }

private:
    std::array<value, fact_count> facts_;
    std::array<std::string, 2> recipients_;
    ip address_;
    stage now_ = stage::start;
};

/// Of every second one the client is some end user's line.
std::vector<std::unique_ptr<mail>> some_mails() {
    static std::string const sender_domains[] = {"example.com", "news.example.org",
                                                 "lists.example.net", "bounce.example.edu"};
    std::vector<std::unique_ptr<mail>> all;
    for (unsigned i = 0; i < 64; ++i) {
        auto& one = *all.emplace_back(std::make_unique<mail>());
        one.set_client(std::to_string(20 + i) + ".0.113." + std::to_string(i));
        one.set(fact::client_name,
                known_text(i % 2 == 0 ? "mx1.mail.example.com" : "ppp-113-9-dsl.pool.example.net"));
        one.set(fact::sender_domain, known_text(sender_domains[i % 4]));
        one.set(fact::auth_present, known_number(i % 8 == 0 ? 1 : 0));
        one.set(fact::load_sessions, known_number(i % 16 == 0 ? 900 : 20));
        one.set(fact::now, known_number(std::int64_t{i} * 150));
        one.set(fact::milter_ran, known_number(1));
        one.set_recipients("customer" + std::to_string(i * 100) + ".example",
                           i % 4 == 0 ? "customer7.example" : "other.example.org");
    }
    return all;
}

using sets = std::vector<std::shared_ptr<set const>>;

sets made_sets() {
    std::vector<std::string> names, networks;
    for (std::size_t i = 0; i < domains; ++i)
        names.push_back("customer" + std::to_string(i) + ".example");
    for (std::size_t i = 0; i < prefixes; ++i)
        networks.push_back(std::to_string(100 + i / 65'536) + "." + std::to_string(i / 256 % 256) +
                           "." + std::to_string(i % 256) + ".0/25");
    auto const made = [](set_kind kind, std::vector<std::string> const& from) {
        return std::make_shared<set const>(*parse_set(kind, {from.begin(), from.end()}).value);
    };
    return {made(set_kind::domains, names), made(set_kind::windows, {"Mon-Fri 08:00-18:00"}),
            made(set_kind::addresses, networks)};
}

sets const& some_sets() {
    static auto const all = made_sets();
    return all;
}

book_text text_of(std::vector<std::string> const& milters) {
    book_text from;
    from.sets = {{"customers", set_kind::domains},
                 {"office", set_kind::windows},
                 {"local", set_kind::addresses}};
    from.milters.push_back({"dkim", {}, true});
    for (std::size_t i = 0; i < milters.size(); ++i)
        from.milters.push_back({"m" + std::to_string(i), milters[i], true});
    return from;
}

std::vector<std::string> const& typical() {
    static std::vector<std::string> const all = {
        "s25r(client.name) and not auth.present and not private(client.address)", // greylist
        "any(recipient.domain in @customers)",                                    // virus scan
        "load.sessions > 800 and now in @office",                                 // shed
        R"(milter("dkim").ran and any(added_header("dkim", "Authentication-Results") contains "dkim=pass"))", // dmarc
        "auth.present or client.address in @local", // sign
        "sample(5%, by = sender.domain)"};          // canary
    return all;
}

std::vector<std::string> two_hundred() {
    std::vector<std::string> all;
    for (std::size_t i = 0; i < 200; ++i) all.push_back(typical()[i % typical().size()]);
    return all;
}

double cpu_time() {
    timespec spent{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
    return static_cast<double>(spent.tv_sec) * 1e9 + static_cast<double>(spent.tv_nsec);
}

/// A book, and what it says of mails.
class subject {
public:
    explicit subject(std::vector<std::string> const& milters)
        : book_(build(text_of(milters)).value), answers_(milters.size()), mails_(some_mails()) {
        known_.forget(book_->memo_size());
    }

    double nanoseconds_each() {
        auto const begin = cpu_time();
        for (int i = 0; i < sessions; ++i)
            run(*mails_[static_cast<std::size_t>(i) % mails_.size()]);
        return (cpu_time() - begin) / sessions;
    }
    std::size_t decided_yes() const noexcept { return yes_; }

private:
    void run(mail& of) {
        std::fill(answers_.begin(), answers_.end(), truth::pending);
        auto const& rules = *book_;
        known_.forget(rules.memo_size());
        moment const now{rules.conditions(), sets_, of, known_};
        for (std::size_t at = 0; at < stage_count; ++at) {
            of.begin(static_cast<stage>(at));
            known_.learned();
            for (std::size_t i = 0; i < answers_.size(); ++i)
                if (!is_final(answers_[i]) && rules.asked(i + 1).has(static_cast<stage>(at)))
                    answers_[i] = rules.applies(i + 1, now);
        }
        for (auto const one : answers_) yes_ += one == truth::yes;
    }

    std::shared_ptr<book const> book_;
    sets const& sets_ = some_sets();
    std::vector<truth> answers_;
    std::vector<std::unique_ptr<mail>> mails_;
    memo known_;
    std::size_t yes_ = 0;
};

double least(std::vector<double> const& all) { return *std::min_element(all.begin(), all.end()); }

} // namespace

int main(int argc, char** argv) {
    int const rounds = std::max(1, argc > 1 ? std::atoi(argv[1]) : 21);
    subject six(typical()), many(two_hundred());
    std::vector<subject> single;
    for (auto const& one : typical()) single.emplace_back(std::vector<std::string>{one});
    std::vector<double> of_six, of_many;
    std::vector<std::vector<double>> of_single(single.size());
    for (int i = 0; i < rounds; ++i) {
        of_six.push_back(six.nanoseconds_each());
        of_many.push_back(many.nanoseconds_each());
        for (std::size_t one = 0; one < single.size(); ++one)
            of_single[one].push_back(single[one].nanoseconds_each());
    }
    std::printf("{\"six_ns\": %.0f, \"two_hundred_ns\": %.0f, \"single_ns\": [", least(of_six),
                least(of_many));
    for (std::size_t i = 0; i < of_single.size(); ++i)
        std::printf(i == 0 ? "%.0f" : ", %.0f", least(of_single[i]));
    std::printf("]}\n");
    return six.decided_yes() > 0 ? 0 : 1;
}
