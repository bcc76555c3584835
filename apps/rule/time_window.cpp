// SPDX-License-Identifier: BSL-1.0
// rule/time_window.cpp
#include "rule/time_window.hpp"

#include <milter/ascii.hpp>
#include <milter/wire/describe.hpp>

namespace milter::rule {

namespace {

constexpr std::array<std::string_view, days_of_week> day_names{
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};
constexpr std::uint8_t every_day = 0x7f;

constexpr std::uint8_t bit_of(int day) noexcept { return static_cast<std::uint8_t>(1 << day); }

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_letter(char c) noexcept { return to_lower(c) >= 'a' && to_lower(c) <= 'z'; }

std::optional<int> day_of(std::string_view word) noexcept {
    for (int day = 0; day < days_of_week; ++day) {
        auto const name = day_names[static_cast<std::size_t>(day)];
        if (equal_ignoring_case(word, name) || equal_ignoring_case(word, name.substr(0, 3)))
            return day;
    }
    return std::nullopt;
}

/// Reads from the front. What is wrong first is kept.
class window_reader {
public:
    explicit window_reader(std::string_view text) noexcept : text_(text) {}

    time_window_parse read() {
        skip_spaces();
        if (at_end()) fail("no time window; write for example \"Mon-Fri 08:00-18:00\"");
        window_.days = is_letter(front()) ? days() : every_day;
        skip_spaces();
        if (is_digit(front())) hours();
        skip_spaces();
        if (!at_end()) fail("something else where the window should end: " + wire::quoted(rest()));
        if (!problem_.empty()) return {std::nullopt, problem_, offset_};
        return {window_, {}, 0};
    }

private:
    bool at_end() const noexcept { return at_ == text_.size(); }
    char front() const noexcept { return at_end() ? '\0' : text_[at_]; }
    std::string_view rest() const noexcept { return text_.substr(at_); }
    void skip_spaces() noexcept {
        while (front() == ' ' || front() == '\t') ++at_;
    }
    bool skip(char c) noexcept {
        if (at_end() || front() != c) return false;
        ++at_;
        return true;
    }
    void fail(std::string problem) {
        if (problem_.empty()) problem_ = std::move(problem), offset_ = at_;
        at_ = text_.size();
    }

    std::string_view word() const noexcept {
        auto end = at_;
        while (end < text_.size() && is_letter(text_[end])) ++end;
        return text_.substr(at_, end - at_);
    }

    int day() {
        auto const name = word();
        auto const found = day_of(name);
        if (found) {
            at_ += name.size();
        } else {
            fail(wire::quoted(name.empty() ? rest().substr(0, 1) : name) +
                 " is not a day; the days are Mon, Tue, Wed, Thu, Fri, Sat, Sun and daily");
        }
        return found.value_or(0);
    }

    std::uint8_t days() {
        if (equal_ignoring_case(word(), "daily")) {
            at_ += word().size();
            return every_day;
        }
        std::uint8_t out = 0;
        do {
            skip_spaces();
            auto const first = day();
            auto const last = skip('-') ? day() : first;
            for (int day = first;; day = (day + 1) % days_of_week) {
                out |= bit_of(day);
                if (day == last) break;
            }
            if (!problem_.empty()) break;
        } while (skip(','));
        return out;
    }

    void hours() {
        window_.begin = time();
        if (!skip('-')) return fail("the hours need an end, as in 08:00-18:00");
        auto const end_at = at_;
        window_.end = time();
        if (!problem_.empty() || window_.begin != window_.end) return;
        at_ = end_at;
        fail("begins when it ends; all day is 00:00-24:00");
    }

    /// "08:00", minutes of the day; "24:00" is the end of one.
    int time() {
        auto const digits = rest().substr(0, 5);
        bool const has_form = digits.size() == 5 && is_digit(digits[0]) && is_digit(digits[1]) &&
                              digits[2] == ':' && is_digit(digits[3]) && is_digit(digits[4]);
        auto const number = [&](std::size_t i) {
            return (digits[i] - '0') * 10 + digits[i + 1] - '0';
        };
        auto const minutes = has_form ? number(0) * 60 + number(3) : 0;
        if (!has_form || number(3) > 59 || minutes > minutes_of_day) {
            fail(wire::quoted(digits) + " is not a time; write it as 08:00, from 00:00 to 24:00");
            return 0;
        }
        at_ += digits.size();
        return minutes;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    time_window window_;
    std::string problem_;
    std::size_t offset_ = 0;
};

bool begins_on(time_window const& window, int weekday) noexcept {
    return (window.days & bit_of(weekday)) != 0;
}

} // namespace

time_window_parse parse_time_window(std::string_view text) { return window_reader(text).read(); }

bool contains(time_window const& window, int weekday, int minute_of_day) noexcept {
    if (weekday < 0 || weekday >= days_of_week) return false;
    if (minute_of_day < 0 || minute_of_day >= minutes_of_day) return false;
    if (window.begin < window.end)
        return begins_on(window, weekday) && minute_of_day >= window.begin &&
               minute_of_day < window.end;
    auto const day_before = (weekday + days_of_week - 1) % days_of_week;
    return (minute_of_day >= window.begin && begins_on(window, weekday)) ||
           (minute_of_day < window.end && begins_on(window, day_before));
}

} // namespace milter::rule
