// SPDX-License-Identifier: BSL-1.0
// rule/parser.cpp - a Pratt parser: each word knows how tightly it binds what stands left of it
#include "rule/parser.hpp"

#include "rule/foreign_word.hpp"
#include "rule/lexer.hpp"
#include "rule/literal.hpp"
#include "rule/quote.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace milter::rule {

namespace {

/// How tightly a word binds; 0: it does not stand between two expressions.
enum binding : unsigned { loosest = 0, of_or = 1, of_and = 2, of_not = 3, of_comparison = 4 };

/// What stops the parsing; never leaves this file.
struct stopped {
    finding why;
};

class parser {
public:
    explicit parser(std::string_view text) : lexer_(text) { advance(); }

    node whole() {
        auto tree = expression(loosest);
        if (now_.kind != token_kind::end)
            stop(now_.at, "unexpected " + shown(now_),
                 hint_at_hand("join two conditions with and, or"));
        return tree;
    }

private:
    [[noreturn]] static void stop(place at, std::string message, std::string hint = {}) {
        throw stopped{{at, std::move(message), std::move(hint)}};
    }

    static std::string shown(token const& what) {
        switch (what.kind) {
        case token_kind::end: return "end of the expression";
        case token_kind::text: return "text " + in_quotes(what.text);
        case token_kind::pattern: return "pattern /" + what.text + "/";
        case token_kind::set: return in_quotes("@" + what.text);
        default: return in_quotes(what.text);
        }
    }

    void advance() {
        before_ = now_.at;
        now_ = lexer_.next();
        if (lexer_.problem()) throw stopped{*lexer_.problem()};
    }

    bool is_symbol(std::string_view text) const {
        return now_.kind == token_kind::symbol && now_.text == text;
    }
    bool is_word(std::string_view text) const {
        return now_.kind == token_kind::name && now_.text == text;
    }
    void expect(std::string_view symbol, std::string_view hint) {
        if (!is_symbol(symbol))
            stop(now_.at, "expected " + in_quotes(symbol) + ", not " + shown(now_),
                 hint_at_hand(hint));
        advance();
    }

    /// Of a word of another language, what is written here.
    std::string hint_at_hand(std::string_view otherwise) const {
        auto const meant =
            now_.kind == token_kind::name ? hint_for_word(now_.text) : std::string_view();
        return std::string(meant.empty() ? otherwise : meant);
    }

    node made(node_kind kind, place at, std::string text = {}) {
        if (++nodes_ > max_nodes)
            stop(at, "more than " + std::to_string(max_nodes) + " parts",
                 "name some of them as [condition.NAME]");
        node one;
        one.kind = kind;
        one.at = at;
        one.text = std::move(text);
        return one;
    }

    /// Counts levels of nesting while it lives.
    class level {
    public:
        explicit level(parser& of) : of_(of) {
            if (++of_.depth_ > max_depth)
                stop(of_.now_.at, "nested more than " + std::to_string(max_depth) + " deep",
                     "name a part of it as [condition.NAME]");
        }
        level(level const&) = delete;
        level& operator=(level const&) = delete;
        ~level() { --of_.depth_; }

    private:
        parser& of_;
    };

    // ---- logic

    /// Everything that binds more tightly than `least`.
    node expression(unsigned least) {
        level const here(*this);
        return continued(prefix(), least);
    }

    node continued(node left, unsigned least) {
        for (bool is_compared = false;;) {
            auto const strength = binding_of_word();
            if (strength <= least) return left;
            if (strength == of_comparison && std::exchange(is_compared, true))
                stop(now_.at, "a comparison of a comparison", "write it as two, joined with and");
            left = strength == of_comparison ? comparison_of(std::move(left))
                                             : chain(std::move(left), strength);
        }
    }

    node prefix() {
        if (!is_word("not")) return operand();
        auto const at = now_.at;
        advance();
        auto inner = expression(of_not);
        auto one = made(node_kind::not_, from_to(at, inner.at));
        one.children.push_back(std::move(inner));
        return one;
    }

    /// a and b and c: one node.
    node chain(node first, unsigned strength) {
        std::string_view const word = strength == of_and ? "and" : "or";
        auto one = made(strength == of_and ? node_kind::and_ : node_kind::or_, first.at);
        one.children.push_back(std::move(first));
        while (is_word(word)) {
            advance();
            one.children.push_back(expression(strength));
        }
        one.at = from_to(one.at, one.children.back().at);
        return one;
    }

    unsigned binding_of_word() const {
        if (is_word("or")) return of_or;
        if (is_word("and")) return of_and;
        return comparison_at_hand() ? of_comparison : loosest;
    }

    // ---- comparisons

    static std::optional<comparison> comparison_named(token const& what) {
        if (what.kind != token_kind::symbol && what.kind != token_kind::name) return std::nullopt;
        for (std::size_t i = 0; i < comparison_count; ++i)
            if (what.text == spelling(static_cast<comparison>(i)))
                return static_cast<comparison>(i);
        return std::nullopt;
    }

    /// Behind an operand, not can only be that of not in.
    bool comparison_at_hand() const {
        return is_word("not") || is_symbol("=") || comparison_named(now_);
    }

    node comparison_of(node left) {
        auto one = made(node_kind::compare, left.at);
        one.negated = is_word("not");
        if (one.negated) advance();
        one.how = comparison_word(one.negated);
        one.children.push_back(std::move(left));
        one.children.push_back(operand());
        one.at = from_to(one.at, one.children.back().at);
        return one;
    }

    comparison comparison_word(bool negated) {
        if (is_symbol("=")) stop(now_.at, "expected a comparison, not \"=\"", "write ==");
        auto const found = comparison_named(now_);
        bool const by_word = found && *found >= comparison::in;
        if (!found || (negated && !by_word))
            stop(now_.at,
                 "expected in, under, matches, contains, starts_with or ends_with behind not, "
                 "found " +
                     shown(now_),
                 "not stands in front of a whole comparison, else");
        advance();
        return *found;
    }

    // ---- operands

    node operand() {
        switch (now_.kind) {
        case token_kind::text: return taken(node_kind::text);
        case token_kind::set: return taken(node_kind::set);
        case token_kind::number: return number();
        case token_kind::name: return name();
        case token_kind::pattern: {
            auto flags = now_.flags;
            auto one = taken(node_kind::pattern);
            one.member = std::move(flags);
            return one;
        }
        case token_kind::symbol:
            if (is_symbol("(")) return in_parentheses();
            if (is_symbol("[")) return list();
            break;
        case token_kind::end: break;
        }
        stop(now_.at, "expected a fact, a condition or a value, not " + shown(now_));
    }

    node taken(node_kind kind) {
        auto one = made(kind, now_.at, now_.text);
        advance();
        return one;
    }

    node number() {
        auto const value = read_number(now_.text);
        if (!value) no_number();
        auto one = taken(value->kind);
        one.number = value->value;
        if (one.kind == node_kind::integer)
            one.text = std::to_string(one.number); // as JSON has it: 007 is 7
        return one;
    }

    [[noreturn]] void no_number() const {
        if (is_too_large(now_.text)) stop(now_.at, in_quotes(now_.text) + " is too large");
        auto const end = std::min(now_.text.find_first_not_of("0123456789."), now_.text.size());
        auto const likely = likely_number(now_.text.substr(0, end), now_.text.substr(end));
        stop(now_.at, in_quotes(now_.text) + " is no number with a unit",
             likely.empty() ? "units are " + std::string(known_units)
                            : "did you mean " + likely + "?");
    }

    node in_parentheses() {
        auto const first = now_.at;
        advance();
        auto inner = expression(loosest);
        expect(")", "each ( needs its )");
        inner.at = from_to(first, before_);
        return inner;
    }

    node list() {
        level const here(*this);
        auto one = made(node_kind::list, now_.at);
        advance();
        while (!is_symbol("]")) {
            one.children.push_back(operand());
            if (is_symbol("]")) break;
            expect(",", "elements stand between commas, and a list ends with ]");
        }
        advance();
        one.at = from_to(one.at, before_);
        return one;
    }

    static bool is_reserved(std::string_view word) {
        constexpr std::array words = {std::string_view("and"), std::string_view("or"),
                                      std::string_view("not")};
        return std::find(words.begin(), words.end(), word) != words.end() ||
               comparison_named({token_kind::name, std::string(word), {}, {}});
    }

    node name() {
        if (is_word("true") || is_word("false")) {
            auto one = taken(node_kind::boolean);
            one.number = one.text == "true" ? 1 : 0;
            return one;
        }
        if (is_reserved(now_.text))
            stop(now_.at, "expected a fact, a condition or a value, not " + shown(now_),
                 in_quotes(now_.text) + " stands between two of them");
        auto one = taken(node_kind::name);
        if (is_symbol("(")) call(one);
        if (is_symbol(".")) dot_behind(one);
        return one;
    }

    /// Within a name the dot would have been read with it.
    [[noreturn]] void dot_behind(node const& left) {
        auto const dot = now_.at;
        advance();
        if (now_.kind == token_kind::name)
            stop(from_to(left.at, now_.at), "blanks beside the dot of a name",
                 left.kind == node_kind::name ? "write " + left.text + "." + now_.text
                                              : "take them out");
        stop(now_.kind == token_kind::end ? dot : now_.at,
             "expected a name behind the dot, not " + shown(now_));
    }

    /// name(argument, key = argument).member
    void call(node& one) {
        one.kind = node_kind::call;
        advance();
        while (!is_symbol(")")) {
            auto const first = now_.at;
            one.children.push_back(argument());
            if (one.children.size() > 1 && one.children.back().kind != node_kind::named &&
                one.children[one.children.size() - 2].kind == node_kind::named)
                stop(first, "an argument behind one with a name", "those with names stand last");
            if (has_twice(one.children))
                stop(first, "a second argument named " + in_quotes(one.children.back().text));
            if (is_symbol(")")) break;
            expect(",", "arguments stand between commas, and end with )");
        }
        advance();
        if (is_symbol(".")) {
            advance();
            if (now_.kind != token_kind::name)
                stop(now_.at, "expected a name behind the dot, not " + shown(now_));
            one.member = now_.text;
            advance();
        }
        one.at = from_to(one.at, before_);
    }

    /// An argument with the name of the last one stands before it.
    static bool has_twice(std::vector<node> const& arguments) {
        return arguments.back().kind == node_kind::named &&
               std::any_of(arguments.begin(), arguments.end() - 1, [&](node const& one) {
                   return one.kind == node_kind::named && one.text == arguments.back().text;
               });
    }

    node argument() {
        level const here(*this);
        auto first = prefix();
        if (first.kind != node_kind::name || !is_symbol("="))
            return continued(std::move(first), loosest);
        first.kind = node_kind::named;
        advance();
        first.children.push_back(expression(loosest));
        first.at = from_to(first.at, first.children.back().at);
        return first;
    }

    lexer lexer_;
    token now_;
    place before_; ///< of the word before `now_`
    std::size_t nodes_ = 0;
    std::size_t depth_ = 0;
};

} // namespace

parsed_tree parse(std::string_view text) {
    if (text.size() > max_text)
        return {std::nullopt,
                {{},
                 "longer than " + std::to_string(max_text) + " bytes",
                 "name parts of it as [condition.NAME]"}};
    try {
        return {parser(text).whole(), {}};
    } catch (stopped& why) {
        return {std::nullopt, std::move(why.why)};
    }
}

} // namespace milter::rule
