// SPDX-License-Identifier: BSL-1.0
// rule/explain.cpp
#include "rule/explain.hpp"

#include "rule/quote.hpp"
#include "rule/value_text.hpp"

#include <algorithm>

namespace milter::rule {

namespace {

constexpr std::size_t elements_shown = 3; // of recipients and header fields

std::string_view slice(program const& what, std::uint32_t step) noexcept {
    auto const at = what.places[step];
    return std::string_view(what.text).substr(std::min<std::size_t>(at.offset, what.text.size()),
                                              at.length);
}

/// A condition may be an operand, too: `private(client.address) == false`.
type type_of(step const& operand) noexcept {
    return operand.what <= step_kind::bool_or_else ? type::boolean : operand.is;
}

/// One program, as far as its conditions are followed.
class explaining {
public:
    explaining(program const& what, moment const& at, bool follows) noexcept
        : program_(what), at_(at), follows_(follows) {}

    explanation of_step(std::uint32_t index) const;

private:
    std::uint32_t part(step const& of, std::uint32_t which) const noexcept {
        return program_.part(of, which);
    }
    argument const* argument_of(step const& of) const noexcept {
        return of.index == step::no_index ? nullptr : &program_.arguments[of.index];
    }

    void add_parts(explanation& to, step const& of) const;
    bool is_list(step const& of) const noexcept;
    std::string values_of(std::uint32_t index) const;
    std::string values_of_many(step const& of) const;
    void collect_operands(std::uint32_t index, std::vector<std::uint32_t>& into) const;
    std::string of_operand(std::uint32_t index) const;
    std::string elements(step const& many, step const& read) const;

    program const& program_;
    moment const& at_;
    bool follows_;
};

explanation explaining::of_step(std::uint32_t index) const {
    auto const& of = program_.steps[index];
    explanation all{std::string(slice(program_, index)),
                    evaluate_step(program_, index, at_),
                    values_of(index),
                    {}};
    add_parts(all, of);
    return all;
}

void explaining::add_parts(explanation& to, step const& of) const {
    switch (of.what) {
    case step_kind::condition:
        if (!follows_) return;
        to.parts.push_back(explaining(at_.conditions[of.index], at_, false)
                               .of_step(at_.conditions[of.index].root));
        return;
    case step_kind::not_:
    case step_kind::and_:
    case step_kind::or_:
    case step_kind::bool_or_else: break;
    default: return;
    }
    if (is_list(of)) {
        to.values = values_of(part(of, 0));
        return;
    }
    for (std::uint32_t i = 0; i < of.count; ++i) {
        auto one = of_step(part(of, i));
        if (one.text == to.text) { // "not in" is two steps at one place
            to.values = one.values;
            to.parts = std::move(one.parts);
        } else {
            to.parts.push_back(std::move(one));
        }
    }
}

/// `helo under ["a", "b"]`: a comparison for each element, which stands behind its operand.
bool explaining::is_list(step const& of) const noexcept {
    if (of.what != step_kind::or_ || of.count == 0) return false;
    auto const& first = program_.steps[part(of, 0)];
    bool const compares = first.what == step_kind::compare || first.what == step_kind::under;
    return compares && program_.places[part(first, 0)].offset < program_.places[part(of, 0)].offset;
}

// ---- what it looked at

std::string explaining::values_of(std::uint32_t index) const {
    auto const& of = program_.steps[index];
    switch (of.what) {
    case step_kind::constant:
    case step_kind::condition:
    case step_kind::fact: // its answer is its value
    case step_kind::not_:
    case step_kind::and_:
    case step_kind::or_:
    case step_kind::bool_or_else: return {};
    case step_kind::any:
    case step_kind::all:
    case step_kind::none: return values_of_many(of);
    default: break;
    }
    std::vector<std::uint32_t> operands;
    for (std::uint32_t i = 0; i < of.count; ++i) collect_operands(part(of, i), operands);
    std::string all;
    for (auto const one : operands) (all += all.empty() ? "" : ", ") += of_operand(one);
    return all;
}

/// Those that are not written out in the expression; each spelling once.
void explaining::collect_operands(std::uint32_t index, std::vector<std::uint32_t>& into) const {
    auto const what = program_.steps[index].what;
    if (what == step_kind::literal || what == step_kind::constant) return;
    for (auto const one : into)
        if (slice(program_, one) == slice(program_, index)) return;
    into.push_back(index);
}

std::string explaining::of_operand(std::uint32_t index) const {
    auto const& of = program_.steps[index];
    auto const found = value_of_step(program_, index, at_);
    return on_one_line(slice(program_, index)) + (found.is_known() ? " = " : " ") +
           to_text(found, type_of(of));
}

/// The facts that the condition reads of each element.
std::string explaining::values_of_many(step const& of) const {
    std::vector<std::uint32_t> reads, left{part(of, 0)};
    while (!left.empty()) {
        auto const index = left.back();
        left.pop_back();
        auto const& one = program_.steps[index];
        for (auto i = one.count; i > 0; --i) left.push_back(part(one, i - 1));
        bool const is_fact = one.what == step_kind::read || one.what == step_kind::fact;
        if (is_fact && row_of(one.which).of != quantity::one) collect_operands(index, reads);
    }
    std::string all;
    for (auto const one : reads) {
        (all += all.empty() ? "" : "; ") += on_one_line(slice(program_, one));
        all += " = " + elements(of, program_.steps[one]);
    }
    auto const end = at_.facts.is_complete(of.of, argument_of(of));
    if (end == knowledge::known) return all;
    return all + (end == knowledge::pending ? "; more may come" : "; there may be more");
}

std::string explaining::elements(step const& many, step const& read) const {
    std::string all;
    std::size_t count = 0;
    bool const is_field = many.of != quantity::each_recipient;
    for (cursor at; at_.facts.next(many.of, argument_of(many), at); ++count) {
        if (count >= elements_shown) continue;
        auto const one = is_field ? at.element : at_.facts.read(read.which, argument_of(read), &at);
        (all += count > 0 ? ", " : "") += to_text(one, read.is);
    }
    if (count == 0) return "none";
    if (count > elements_shown) all += ", and " + std::to_string(count - elements_shown) + " more";
    return all;
}

void append(std::string& out, explanation const& of, std::size_t depth) {
    out.append(2 * depth, ' ');
    (out += name_of(of.answer)) += ": ";
    out += on_one_line(of.text);
    if (!of.values.empty()) out += " (" + of.values + ")";
    out += '\n';
    for (auto const& one : of.parts) append(out, one, depth + 1);
}

} // namespace

explanation explain(program const& what, moment const& at) {
    return explaining(what, at, true).of_step(what.root);
}

std::string describe(explanation const& of) {
    std::string out;
    append(out, of, 0);
    return out;
}

} // namespace milter::rule
