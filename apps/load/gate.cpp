// SPDX-License-Identifier: BSL-1.0
// load/gate.cpp - what the figures of a run must not exceed
#include "load/gate.hpp"

#include <charconv>
#include <cstdio>
#include <stdexcept>

namespace milter::load {

namespace {

/// Reads a gate from left to right; complains with the column.
class gate_reader {
public:
    explicit gate_reader(std::string_view text) : text_(text) { made_.text = std::string(text); }

    gate read() {
        skip_blanks();
        read_stage();
        read_metric();
        skip_blanks();
        read_relation();
        skip_blanks();
        read_limit();
        skip_blanks();
        if (at_ != text_.size()) fail("this is too much");
        return std::move(made_);
    }

private:
    [[noreturn]] void fail(std::string const& why) const {
        throw std::invalid_argument("\"" + std::string(text_) + "\", column " +
                                    std::to_string(at_ + 1) + ": " + why);
    }

    std::string_view rest() const noexcept { return text_.substr(at_); }
    void skip_blanks() noexcept {
        while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    }
    std::string_view word() const noexcept {
        return rest().substr(0, rest().find_first_of("<>= "));
    }

    void read_stage() {
        auto const dot = word().find('.');
        auto name = word().substr(0, dot);
        if (name == "eoh") name = name_of(stage::end_of_headers);
        if (name == "eom") name = name_of(stage::end_of_message);
        for (std::size_t i = 0; i < stage_count; ++i)
            if (dot != name.npos && name_of(static_cast<stage>(i)) == name) {
                made_.of = static_cast<stage>(i);
                at_ += dot + 1;
                return;
            }
        bool const is_quantile =
            name.size() > 1 && name[0] == 'p' && name[1] >= '0' && name[1] <= '9';
        if (dot == name.npos || is_quantile) return; // p99.9
        std::string known;
        for (std::size_t i = 0; i < stage_count; ++i)
            known.append(i == 0 ? "" : ", ").append(name_of(static_cast<stage>(i)));
        fail("unknown stage \"" + std::string(name) + "\"; there are " + known);
    }

    void read_metric() {
        struct row {
            std::string_view name;
            gate::metric what;
        };
        constexpr row rows[] = {{"mean", gate::metric::mean},
                                {"min", gate::metric::min},
                                {"max", gate::metric::max},
                                {"median", gate::metric::quantile},
                                {"throughput", gate::metric::throughput},
                                {"errors", gate::metric::errors},
                                {"rejects", gate::metric::rejects},
                                {"tempfails", gate::metric::tempfails},
                                {"unsent", gate::metric::unsent},
                                {"slower", gate::metric::slower}};
        auto const name = word();
        for (auto const& one : rows)
            if (one.name == name) {
                if (made_.of && one.what >= gate::metric::throughput)
                    fail("a stage has no " + std::string(name));
                made_.what = one.what;
                at_ += name.size();
                return;
            }
        read_quantile(name);
    }

    void read_quantile(std::string_view name) {
        double percent = 0;
        auto const* const last = name.data() + name.size();
        bool const named = name.size() > 1 && name[0] == 'p';
        auto const [end, ec] =
            std::from_chars(name.data() + (named ? 1 : 0), last, percent, std::chars_format::fixed);
        if (!named || ec != std::errc{} || end != last)
            fail("expected p50, p99.9, mean, min, max, median, throughput, errors, rejects, "
                 "tempfails, unsent or slower");
        if (percent < 0 || percent > 100) fail("p0 to p100");
        made_.quantile = percent / 100;
        at_ += name.size();
    }

    void read_relation() {
        auto const begins = [&](std::string_view one) {
            return rest().substr(0, one.size()) == one;
        };
        if (!begins("<") && !begins(">")) fail("expected <, <=, > or >=");
        bool const equal = rest().substr(1, 1) == "=";
        made_.how = begins("<") ? (equal ? gate::relation::at_most : gate::relation::less)
                                : (equal ? gate::relation::at_least : gate::relation::more);
        at_ += equal ? 2 : 1;
    }

    void read_limit() {
        auto const* const last = text_.data() + text_.size();
        auto const [end, ec] =
            std::from_chars(text_.data() + at_, last, made_.limit, std::chars_format::fixed);
        if (ec != std::errc{} || made_.limit < 0) fail("expected a number");
        auto const digits = static_cast<std::size_t>(end - (text_.data() + at_));
        auto const unit = text_.substr(at_ + digits, text_.substr(at_ + digits).find(' '));
        auto const number_at = at_;
        at_ += digits;
        switch (made_.what) {
        case gate::metric::quantile:
        case gate::metric::mean:
        case gate::metric::min:
        case gate::metric::max: read_time(unit, text_.substr(number_at, digits)); break;
        case gate::metric::throughput:
            if (!unit.empty() && unit != "/s") fail("a throughput is so many a second: 200/s");
            break;
        default: read_share(unit);
        }
        at_ += unit.size();
    }

    void read_time(std::string_view unit, std::string_view digits) {
        if (unit.empty()) fail("a time has a unit: " + std::string(digits) + "ms");
        if (unit == "us")
            made_.limit *= 1e-6;
        else if (unit == "ms")
            made_.limit *= 1e-3;
        else if (unit != "s")
            fail("unknown unit of time \"" + std::string(unit) + "\"; there are us, ms, s");
    }

    void read_share(std::string_view unit) {
        made_.is_share = unit == "%";
        if (made_.is_share) made_.limit /= 100;
        if (!made_.is_share && made_.what == gate::metric::slower) fail("expected a share: 5%");
        if (!made_.is_share && !unit.empty()) fail("expected a number, or a share: 1%");
    }

    std::string_view text_;
    std::size_t at_ = 0;
    gate made_;
};

/// What is known of a figure: more than that where messages were never sent.
struct bounds {
    double least = 0;
    std::optional<double> most; ///< empty: nobody knows
};

bounds exactly(double figure) noexcept { return {figure, figure}; }

bounds share_or_count(gate const& one, std::uint64_t count, std::uint64_t whole) noexcept {
    auto const number = static_cast<double>(count);
    return exactly(one.is_share ? number / static_cast<double>(whole) : number);
}

/// In seconds. @param q  of the quantile
double time_of(gate const& one, histogram const& all, double q) noexcept {
    auto const nanoseconds = [&]() -> double {
        switch (one.what) {
        case gate::metric::mean: return all.mean();
        case gate::metric::min: return static_cast<double>(all.min());
        case gate::metric::max: return static_cast<double>(all.max());
        default: return static_cast<double>(all.quantile(q));
        }
    };
    return nanoseconds() * 1e-9;
}

/// With messages that were never sent as the slowest of all. A stage had as many answers a message as in those sent.
std::optional<double> most_time_of(gate const& one, tally const& seen, histogram const& measured) {
    if (seen.unsent() == 0) return time_of(one, measured, one.quantile);
    auto const sent = static_cast<double>(seen.message.felt().count());
    if (sent == 0 || one.what == gate::metric::mean || one.what == gate::metric::max)
        return std::nullopt;
    auto const due = sent + static_cast<double>(seen.unsent());
    auto const q = one.what == gate::metric::min ? 0 : one.quantile * due / sent;
    if (q > 1) return std::nullopt;
    return time_of(one, measured, q);
}

std::optional<bounds> bounds_of_time(gate const& one, tally const& seen) {
    auto const& measured = (one.of ? seen.stages[index_of(*one.of)] : seen.message).felt();
    auto const known = one.of ? measured : seen.felt_at_least();
    if (known.empty()) return std::nullopt;
    return bounds{time_of(one, known, one.quantile), most_time_of(one, seen, measured)};
}

std::optional<bounds> bounds_of(gate const& one, tally const& seen) {
    auto const messages = seen.messages();
    if (one.what == gate::metric::slower) return std::nullopt;
    if (one.what <= gate::metric::max) return bounds_of_time(one, seen);
    if (one.what == gate::metric::unsent && messages + seen.unsent() != 0)
        return share_or_count(one, seen.unsent(), messages + seen.unsent());
    if (messages == 0) return std::nullopt;
    switch (one.what) {
    case gate::metric::throughput: return exactly(seen.throughput());
    case gate::metric::errors: return share_or_count(one, seen.failed(), messages);
    case gate::metric::rejects: return share_or_count(one, seen.count(outcome::reject), messages);
    default: return share_or_count(one, seen.count(outcome::temporary_failure), messages);
    }
}

bool is_upper(gate const& one) noexcept {
    return one.how == gate::relation::less || one.how == gate::relation::at_most;
}

bool holds(gate const& one, double figure) noexcept {
    switch (one.how) {
    case gate::relation::less: return figure < one.limit;
    case gate::relation::at_most: return figure <= one.limit;
    case gate::relation::more: return figure > one.limit;
    case gate::relation::at_least: return figure >= one.limit;
    }
    return false;
}

std::string text_of(gate const& one, double figure) {
    char text[64];
    if (one.what <= gate::metric::max)
        std::snprintf(text, sizeof text, "%.3f ms", figure * 1e3);
    else if (one.what == gate::metric::throughput)
        std::snprintf(text, sizeof text, "%.1f/s", figure);
    else if (one.is_share)
        std::snprintf(text, sizeof text, "%.2f %%", figure * 100);
    else
        std::snprintf(text, sizeof text, "%.0f", figure);
    return text;
}

/// What chance may have done misses no gate: the whole interval must be beyond the limit.
gate_result check_ratio(gate const& one, ratio_estimate const& compared) {
    bool const low = holds(one, compared.low - 1), high = holds(one, compared.high - 1);
    auto text = one.text + ": " + text_of(one, compared.ratio - 1) + ", between " +
                text_of(one, compared.low - 1) + " and " + text_of(one, compared.high - 1);
    if (low != high) text += ", so that is not certain";
    return {low || high, std::move(text)};
}

} // namespace

gate parse_gate(std::string_view text) { return gate_reader(text).read(); }

gate_result check(gate const& one, tally const& seen,
                  std::optional<ratio_estimate> const& compared) {
    if (one.what == gate::metric::slower && compared) return check_ratio(one, *compared);
    auto const figure = bounds_of(one, seen);
    if (!figure) return {false, one.text + ": nothing was measured"};
    if (is_upper(one) && !figure->most)
        return {false, one.text + ": at least " + text_of(one, figure->least) + ", as " +
                           std::to_string(seen.unsent()) + " were due and never sent"};
    auto const known = is_upper(one) ? *figure->most : figure->least;
    return {holds(one, known), one.text + ": " + text_of(one, known)};
}

} // namespace milter::load
