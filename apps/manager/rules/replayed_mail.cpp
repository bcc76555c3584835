// SPDX-License-Identifier: BSL-1.0
// manager/rules/replayed_mail.cpp
#include "manager/rules/replayed_mail.hpp"

#include "manager/core/listener_name.hpp"
#include "manager/core/mail_facts.hpp"
#include "manager/core/message_size.hpp"
#include "manager/rules/ready_rules.hpp"
#include "manager/rules/recorded_judgement.hpp"
#include <milter/endpoint.hpp>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

namespace milter::manager {

namespace {

using rule::stage;
using wire::command_code;

/// Time of the week by the clock of this machine, as a manager on it would have had it.
std::chrono::seconds since_monday(std::int64_t microseconds) {
    constexpr std::int64_t second = 1'000'000; // microseconds
    std::time_t const when = microseconds / second;
    std::tm local{};
    ::localtime_r(&when, &local);
    int const day = (local.tm_wday + 6) % 7;
    return std::chrono::hours(24 * day + local.tm_hour) + std::chrono::minutes(local.tm_min) +
           std::chrono::seconds(local.tm_sec);
}

/// Goes through the fullest conversation of a session, as core/session.hpp does with a living one.
class replaying final : mail_facts::milters {
public:
    replaying(recorded_session const& session, config const& settings, listed_clients const& lists,
              std::function<void(replayed_mail const&)> const& each)
        : session_(session), settings_(settings), lists_(lists), each_(each),
          listener_(first_listener_name(settings)),
          profile_(settings.listens.empty() ? "" : settings.listens[0].profile),
          facts_(settings, macros_, *this), leading_space_(keeps_leading_space(session.full())),
          judgements_(settings.milters.size()), verdicts_(settings.milters.size()) {
        surroundings known{1, 1, std::nullopt, std::nullopt, {}, {}};
        if (auto const began = session.full().began) known.since_monday = since_monday(*began);
        facts_.begins(listener_, profile_, known);
        for (std::size_t i = 0; i < settings.milters.size(); ++i)
            for (auto const& talk : session.talks)
                if (talk.filter == settings.milters[i].name) judgements_[i] = judgements_in(talk);
    }

    void run() {
        for (auto const& one : session_.full().events) {
            if (one.kind != corpus::event_kind::packet) continue;
            one.from == corpus::side::mta ? command(one) : reply(one);
        }
        end_message(false);
    }

private:
    void command(corpus::event const& one) {
        error_code ec;
        auto const decoded = wire::decode_command(corpus::frame_of(one), ec);
        if (!decoded) return;
        if (auto const* const set = std::get_if<wire::macros>(&*decoded)) return macros_.set(*set);
        macros_.on_command(wire::code_of(*decoded));
        asked_ = wire::code_of(*decoded);
        at_ = one.at;
        std::visit([this](auto const& what) { on(what); }, *decoded);
    }

    /// A recipient that was refused is no fact for the message.
    void reply(corpus::event const& one) {
        auto const code = static_cast<wire::reply_code>(one.code);
        bool const refuses = code == wire::reply_code::reject ||
                             code == wire::reply_code::tempfail ||
                             code == wire::reply_code::reply_text;
        if (course_ && asked_ == command_code::rcpt && refuses && std::exchange(has_added_, false))
            facts_.take_recipient_back();
    }

    template <class Other> void on(Other const&) {}

    void on(wire::connect const& who) {
        client_name_ = who.hostname;
        client_address_ = wire::without_ipv6_tag(who.address);
        facts_.client(who);
        has_client_ = true;
    }
    void on(wire::helo const& who) {
        end_message(false);
        facts_.helo(who.name);
        has_helo_ = true;
    }
    void on(wire::mail const& from) {
        end_message(false);
        begin_message(from);
    }
    void on(wire::rcpt const& to) {
        has_added_ = false;
        auto const mailer = proto::find_macro(macros_.at(command_code::rcpt), "{rcpt_mailer}");
        if (!course_ || course_->is_over() || mailer == std::string_view("error")) return;
        facts_.add_recipient(to);
        has_added_ = true;
        reach(stage::rcpt, ++recipients_);
    }
    void on(wire::data const&) { reach(stage::data); }
    void on(wire::header const& field) {
        auto const value = message::raw_value(field.value, leading_space_);
        message_bytes_ += field_size(field.name, value);
        headers_.append_original(field.name, value);
    }
    void on(wire::end_of_headers const&) { end_headers(); }
    void on(wire::body const& chunk) {
        body_bytes_ += chunk.bytes.size();
        message_bytes_ += chunk.bytes.size();
    }
    void on(wire::end_of_message const& last) {
        on(wire::body{last.bytes});
        end_headers();
        end_message(true);
    }
    void on(wire::abort const&) { end_message(false); }
    void on(wire::quit_new_connection const&) {
        end_message(false);
        facts_.forget_client();
        has_client_ = has_helo_ = false;
    }

    /// From its client on, so that what was certain early comes early.
    void begin_message(wire::mail const& from) {
        sender_ = from.address;
        facts_.forget_message();
        auto const decided = [this](std::size_t milter, bool runs) { runs_[milter] = runs; };
        runs_.assign(settings_.milters.size(), std::nullopt);
        auto const places = milters_in(settings_, profile_);
        for (std::size_t i = 0; i < runs_.size(); ++i)
            if (std::find(places.begin(), places.end(), i) == places.end()) runs_[i] = false;
        course_ =
            std::make_unique<mail_course>(settings_, places, facts_, reasons::left_out, decided);
        ++number_;
        reach(stage::start);
        if (has_client_) reach(stage::connect);
        if (has_helo_) reach(stage::helo);
        facts_.sender(from,
                      proto::time_point(std::chrono::microseconds(std::max<std::int64_t>(at_, 0))));
        reach(stage::mail);
    }

    void end_headers() {
        if (!course_ || std::exchange(has_headers_, true)) return;
        message_bytes_ += empty_line_size;
        facts_.content(&headers_, 0, 0);
        reach(stage::headers);
    }

    void end_message(bool is_whole) {
        if (!course_) return;
        if (is_whole) {
            judge();
            facts_.content(&headers_, body_bytes_, message_bytes_);
            reach(stage::message);
        }
        course_->ended();
        each_({session_, number_, client_name_, client_address_, sender_, is_whole, *course_,
               verdicts_, macros_});
        facts_.forget_message();
        facts_.reached(stage::helo);
        course_.reset();
        headers_.clear();
        has_headers_ = is_judged_ = false;
        body_bytes_ = message_bytes_ = recipients_ = 0;
        std::fill(verdicts_.begin(), verdicts_.end(), std::string_view());
    }

    /// What recorded milters say is known, and what they add stands there.
    void judge() {
        is_judged_ = true;
        for (std::size_t i = 0; i < judgements_.size(); ++i) {
            auto const* const said = judgement_of(i);
            if (!said || !said->is_final) continue;
            verdicts_[i] = said->verdict;
            for (auto const& edit : said->headers) headers_.apply(edit, author_of(i));
        }
    }

    static std::uint32_t author_of(std::size_t place) noexcept {
        return static_cast<std::uint32_t>(place + 1);
    }

    recorded_judgement const* judgement_of(std::size_t place) const noexcept {
        auto const& all = judgements_[place];
        return number_ == 0 || number_ > all.size() ? nullptr : &all[number_ - 1];
    }

    /// What a rule has refused goes no further. Lists are answered as far as somebody has said who is listed.
    void reach(stage at, std::size_t recipient = 0) {
        if (!course_ || course_->is_over()) return;
        facts_.reached(at);
        course_->reached(at, recipient);
        while (answer_lists()) course_->reached(at, recipient);
    }

    bool answer_lists() {
        bool has_answered = false;
        for (auto const list : facts_.take_wanted_lists()) {
            auto const& blocks = settings_.block_lists;
            auto const& zone = list < blocks.size()
                                   ? blocks[list].zone.name
                                   : settings_.allow_lists[list - blocks.size()].zone.name;
            auto const known = lists_.find(zone);
            if (known == lists_.end()) continue;
            auto const& clients = known->second;
            bool const is_listed =
                std::find(clients.begin(), clients.end(), *facts_.client_ip()) != clients.end();
            facts_.list_answered(list, rule::knowledge::known, is_listed);
            has_answered = true;
        }
        return has_answered;
    }

    milter_outcome outcome_of(std::size_t place) const noexcept override {
        milter_outcome outcome;
        if (runs_.empty() || !is_judged_) return outcome;
        if (runs_[place] == false) outcome.is_final = true;
        auto const* const said = judgement_of(place);
        if (runs_[place] != true || !said || !said->is_final) return outcome;
        outcome.is_final = true;
        outcome.failed = said->verdict == "error";
        outcome.ran = !outcome.failed;
        outcome.verdict = said->verdict;
        outcome.quarantined = said->quarantined;
        outcome.changed_body = said->changed_body;
        outcome.latency = said->latency;
        outcome.author = author_of(place);
        return outcome;
    }

    recorded_session const& session_;
    config const& settings_;
    listed_clients const& lists_;
    std::function<void(replayed_mail const&)> const& each_;
    std::string listener_, profile_;
    proto::macro_store macros_;
    mail_facts facts_;
    bool leading_space_;
    std::vector<std::vector<recorded_judgement>> judgements_; ///< by milters
    std::vector<std::string_view> verdicts_;                  ///< of the message, by milters
    std::vector<std::optional<bool>> runs_;                   ///< in the message, by milters

    std::string client_name_, client_address_, sender_;
    bool has_client_ = false, has_helo_ = false;
    command_code asked_{};
    std::int64_t at_ = 0; ///< of that command, microseconds since the conversation began
    std::size_t number_ = 0;
    std::unique_ptr<mail_course> course_; ///< null: no message
    std::size_t recipients_ = 0;
    bool has_added_ = false; ///< the last recipient
    message::headers headers_;
    bool has_headers_ = false, is_judged_ = false;
    std::size_t body_bytes_ = 0, message_bytes_ = 0;
};

} // namespace

void replay(recorded_session const& session, config const& settings, listed_clients const& lists,
            std::function<void(replayed_mail const&)> const& each) {
    replaying(session, settings, lists, each).run();
}

} // namespace milter::manager
