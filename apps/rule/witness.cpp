// SPDX-License-Identifier: BSL-1.0
// rule/witness.cpp
#include "rule/witness.hpp"

#include "rule/compile.hpp"
#include "rule/domain.hpp"
#include "rule/evaluate.hpp"
#include "rule/format.hpp"
#include "rule/parser.hpp"
#include "rule/time_window.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <string_view>

namespace milter::rule {

namespace {

constexpr std::size_t most_questions = 400'000; // values times comparisons: some 10 ms

/// A value of the operand.
struct witness {
    std::int64_t number = 0;
    std::string text;
    ip address;
};

/// A mail of which one fact is known, whichever is asked for.
class one_fact final : public fact_source {
public:
    one_fact(witness const& of, type is) noexcept
        : mail_(parse_mail_address(of.text)), value_(value_of(of, is)) {}

    value read(fact, argument const*, cursor const*) const noexcept override { return value_; }
    bool next(quantity, argument const*, cursor&) const noexcept override { return false; }
    knowledge is_complete(quantity, argument const*) const noexcept override {
        return knowledge::known;
    }

private:
    value value_of(witness const& of, type is) const noexcept {
        switch (is) {
        case type::ip: return known_ip(of.address);
        case type::mail: return known_mail(mail_);
        case type::text:
        case type::domain: return known_text(of.text);
        default: return known_number(of.number);
        }
    }

    mail_address mail_;
    value value_;
};

/// A fact of the type, which stands for the operand.
std::string_view stand_in(type of) noexcept {
    switch (of) {
    case type::boolean: return "sender.null";
    case type::integer: return "client.port";
    case type::size: return "body.size";
    case type::duration: return "milter(\"m\").latency";
    case type::percent: return "load.cpu";
    case type::text: return "listener";
    case type::domain: return "helo";
    case type::mail: return "sender";
    case type::ip: return "client.address";
    case type::time: return "now";
    }
    return {};
}

std::optional<program> compiled(node const& comparison, type of) {
    scope names;
    names.milters.emplace("m", 0);
    auto tree = comparison;
    tree.children[0] = *parse(stand_in(of)).tree;
    return compile(tree, to_text(tree), names, {}).value;
}

/// The largest number that a fact has.
std::int64_t most_of(node const& operand) {
    constexpr std::int64_t ports = 65'535, whole = 10'000; // hundredths of a percent
    auto const* const row = operand.kind == node_kind::name ? find_fact(operand.text) : nullptr;
    if (row && row->id == fact::client_port) return ports;
    if (row && row->id == fact::load_cpu) return whole;
    return std::numeric_limits<std::int64_t>::max();
}

template <class Take> void each_literal(node const& comparison, Take take) {
    auto const& right = comparison.children[1];
    if (right.kind != node_kind::list) return take(right);
    for (auto const& one : right.children) take(one);
}

std::string_view trimmed(std::string_view text) noexcept {
    constexpr std::string_view blanks = " \t\r";
    auto const begin = std::min(text.find_first_not_of(blanks), text.size());
    text.remove_prefix(begin);
    return text.substr(0, text.find_last_not_of(blanks) + 1);
}

/// Collects the values to try.
class witnesses {
public:
    witnesses(std::vector<node const*> const& all, type is)
        : most_(most_of(all.at(0)->children[0])) {
        for (auto const* const one : all)
            each_literal(*one, [&](node const& literal) {
                longest_ = std::max(longest_, literal.text.size());
            });
        add_general(is);
        for (auto const* const one : all)
            each_literal(*one, [&](node const& literal) { add(literal, is); });
    }

    std::vector<witness> const& all() const noexcept { return all_; }

private:
    /// No text that is written is it, ends with it, or is part of it.
    std::string unlike_all() const { return std::string(longest_ + 1, 'x'); }

    void number(std::int64_t of) { all_.push_back({of, {}, {}}); }
    void text(std::string of) { all_.push_back({0, std::move(of), {}}); }
    void address(ip const& of) { all_.push_back({0, {}, of}); }

    void add_general(type is) {
        if (is == type::time)
            for (int i = 0; i < days_of_week * minutes_of_day; ++i) number(i);
        if (is == type::ip)
            for (auto const* const first : {"0.0.0.0", "::"}) address(*parse_ip(first));
        if (is_number(is))
            for (auto const end : {std::int64_t{0}, most_}) number(end);
        if (!is_textual(is)) return;
        text(unlike_all());
        text({});
    }

    void add(node const& literal, type is) {
        switch (is) {
        case type::text: text(std::string(trimmed(literal.text))); [[fallthrough]];
        case type::mail: return text(literal.text);
        case type::domain: return domain(literal.text);
        case type::ip: return network(literal.text);
        case type::time:
        case type::boolean: return;
        default: return beside(static_cast<std::int64_t>(literal.number));
        }
    }

    void beside(std::int64_t of) {
        if (of > 0 && of - 1 <= most_) number(of - 1); // no fact is below 0
        if (of <= most_) number(of);
        if (of < most_) number(of + 1);
    }

    /// The name as it is written, and as entries of sets mean it; what lies under each.
    void domain(std::string_view written) {
        for (auto name : {written, without_star(written)}) {
            auto const normal = normal_domain(name);
            text(normal);
            text("." + normal);
            text(unlike_all() + "." + normal);
        }
    }
    static std::string_view without_star(std::string_view entry) noexcept {
        entry = trimmed(entry);
        if (entry.starts_with("*.")) entry.remove_prefix(1);
        if (entry.starts_with(".")) entry.remove_prefix(1);
        return entry;
    }

    /// Answers change only where a network begins and behind its end.
    void network(std::string_view written) {
        if (auto const one = parse_ip(trimmed(written)))
            return network(prefix{*one, one->is_v6 ? 128U : 32U});
        if (auto const parsed = parse_prefix(trimmed(written)); parsed.value)
            network(*parsed.value);
    }
    void network(prefix const& of) {
        address(of.base);
        auto last = of.base;
        for (auto bit = fixed_bits(of); bit < 128; ++bit)
            last.bytes[bit / 8] = static_cast<std::uint8_t>(last.bytes[bit / 8] | 0x80U >> bit % 8);
        address(last);
        auto const first_byte = last.is_v6 ? std::size_t{0} : std::size_t{v4_offset / 8};
        for (auto i = last.bytes.size(); i > first_byte; --i)
            if (++last.bytes[i - 1] != 0) return address(last);
    }

    std::int64_t most_;
    std::size_t longest_ = 0;
    std::vector<witness> all_;
};

bool is_value(node const& tree, type of) {
    bool const is_text = tree.kind == node_kind::text;
    if (is_number(of) || of == type::boolean)
        return tree.kind == node_kind::integer || tree.kind == node_kind::size ||
               tree.kind == node_kind::duration || tree.kind == node_kind::percent;
    // A pattern in a list holds of texts that nobody can guess.
    return is_text && !trimmed(tree.text).starts_with('/');
}

bool is_list_of_values(node const& tree, type of) {
    if (tree.kind != node_kind::list) return is_value(tree, of);
    return std::all_of(tree.children.begin(), tree.children.end(),
                       [&](node const& one) { return is_value(one, of); });
}

} // namespace

std::optional<type> type_of_operand(node const& operand) {
    bool const is_call = operand.kind == node_kind::call;
    if (!is_call && operand.kind != node_kind::name) return std::nullopt;
    if (is_call && operand.member.empty()) {
        if (operand.text == "count" || operand.text == "length") return type::integer;
        if (operand.text == "or_else") return type_of_operand(operand.children.at(0));
    }
    auto const* const row = find_fact(operand.text + (is_call ? "()" : "") +
                                      (operand.member.empty() ? "" : "." + operand.member));
    return row ? std::optional(row->is) : std::nullopt;
}

bool has_witnesses(node const& comparison) {
    if (comparison.kind != node_kind::compare) return false;
    auto const is = type_of_operand(comparison.children[0]);
    auto const& right = comparison.children[1];
    if (!is || *is == type::boolean) return false;
    switch (comparison.how) {
    case comparison::equal:
    case comparison::less:
    case comparison::greater: return is_value(right, *is);
    // Entries of mail addresses are of many sorts.
    case comparison::in: return *is != type::mail && is_list_of_values(right, *is);
    case comparison::under: return *is == type::domain && is_list_of_values(right, *is);
    default: return false;
    }
}

std::vector<std::uint64_t> answers_together(std::vector<node const*> const& all) {
    auto const is = *type_of_operand(all.at(0)->children[0]);
    std::vector<program> programs;
    for (auto const* const one : all) {
        auto made = compiled(*one, is);
        if (!made) return {};
        programs.push_back(std::move(*made));
    }
    witnesses const tried(all, is);
    if (tried.all().size() * programs.size() > most_questions) return {};
    std::vector<std::uint64_t> found;
    memo nothing_known;
    for (auto const& one : tried.all()) {
        one_fact const mail(one, is);
        std::uint64_t bits = 0;
        for (std::size_t i = 0; i < programs.size(); ++i)
            if (evaluate(programs[i], {{}, {}, mail, nothing_known}) == truth::yes)
                bits |= std::uint64_t{1} << i;
        found.push_back(bits);
    }
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
}

} // namespace milter::rule
