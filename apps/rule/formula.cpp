// SPDX-License-Identifier: BSL-1.0
// rule/formula.cpp
#include "rule/formula.hpp"

#include "rule/format.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace milter::rule {

namespace {

class formula_builder {
public:
    explicit formula_builder(condition_trees const& conditions) : conditions_(conditions) {}

    std::optional<formula> run(node const& tree, std::string_view salt) {
        add(tree, salt);
        return is_full() ? std::nullopt : std::optional(std::move(made_));
    }

private:
    using kind = formula::kind;

    bool is_full() const noexcept { return made_.all.size() >= most_parts; }

    std::uint32_t push(formula::part one) {
        made_.all.push_back(std::move(one));
        return static_cast<std::uint32_t>(made_.all.size() - 1);
    }
    std::uint32_t opposite_of(std::uint32_t inner) { return push({kind::not_, false, 0, {inner}}); }

    std::uint32_t add(node const& tree, std::string_view salt);
    std::uint32_t chain(node const& tree, std::string_view salt);
    std::uint32_t comparison_of(node const& tree, std::string_view salt);
    std::uint32_t atom(node tree, std::string_view salt);

    condition_trees const& conditions_;
    formula made_;
    std::map<std::string, std::uint32_t> known_; // atoms by what they say
};

std::uint32_t formula_builder::add(node const& tree, std::string_view salt) {
    if (is_full()) return 0;
    switch (tree.kind) {
    case node_kind::boolean: return push({kind::constant, tree.number != 0, 0, {}});
    case node_kind::not_: return opposite_of(add(tree.children[0], salt));
    case node_kind::and_:
    case node_kind::or_: return chain(tree, salt);
    case node_kind::compare: return comparison_of(tree, salt);
    case node_kind::name: {
        auto const found = conditions_.find(tree.text);
        return found == conditions_.end() ? atom(tree, salt) : add(*found->second, found->first);
    }
    default: break;
    }
    if (tree.kind != node_kind::call || tree.text != "none" || !tree.member.empty())
        return atom(tree, salt);
    auto any = tree;
    any.text = "any";
    return opposite_of(atom(std::move(any), salt));
}

std::uint32_t formula_builder::chain(node const& tree, std::string_view salt) {
    formula::part whole{tree.kind == node_kind::and_ ? kind::and_ : kind::or_, false, 0, {}};
    for (auto const& one : tree.children) whole.parts.push_back(add(one, salt));
    return push(std::move(whole));
}

/// Equal, less, greater, and the words as they are; all others are the opposite of one of these.
std::uint32_t formula_builder::comparison_of(node const& tree, std::string_view salt) {
    auto plain = tree;
    bool is_opposite = std::exchange(plain.negated, false);
    auto const turn = [&](comparison into) {
        plain.how = into;
        is_opposite = !is_opposite;
    };
    if (tree.how == comparison::not_equal) turn(comparison::equal);
    if (tree.how == comparison::greater_or_equal) turn(comparison::less);
    if (tree.how == comparison::less_or_equal) turn(comparison::greater);
    auto const& right = plain.children[1];
    if (right.kind == node_kind::boolean) { // a condition, compared with true or false
        auto const inner = add(plain.children[0], salt);
        return is_opposite == (right.number != 0) ? opposite_of(inner) : inner;
    }
    auto const inner = atom(std::move(plain), salt);
    return is_opposite ? opposite_of(inner) : inner;
}

std::uint32_t formula_builder::atom(node tree, std::string_view salt) {
    auto key = to_text(tree);
    if (has_sample(tree)) (key += '\n') += salt;
    auto const [found, is_new] =
        known_.emplace(std::move(key), static_cast<std::uint32_t>(made_.atoms.size()));
    if (is_new) made_.atoms.push_back(std::move(tree));
    return push({kind::atom, false, found->second, {}});
}

} // namespace

bool has_sample(node const& tree) {
    return (tree.kind == node_kind::call && tree.text == "sample") ||
           std::any_of(tree.children.begin(), tree.children.end(), has_sample);
}

bool formula::holds(std::vector<bool> const& given) const {
    std::vector<bool> answers(all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        auto const& one = all[i];
        auto const holds_too = [&](std::uint32_t index) { return answers[index]; };
        switch (one.what) {
        case kind::constant: answers[i] = one.value; break;
        case kind::atom: answers[i] = given[one.atom]; break;
        case kind::not_: answers[i] = !answers[one.parts[0]]; break;
        case kind::and_:
            answers[i] = std::all_of(one.parts.begin(), one.parts.end(), holds_too);
            break;
        case kind::or_:
            answers[i] = std::any_of(one.parts.begin(), one.parts.end(), holds_too);
            break;
        }
    }
    return answers.back();
}

std::optional<formula> formula_of(node const& tree, condition_trees const& conditions,
                                  std::string_view salt) {
    return formula_builder(conditions).run(tree, salt);
}

} // namespace milter::rule
