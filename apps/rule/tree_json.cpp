// SPDX-License-Identifier: BSL-1.0
// rule/tree_json.cpp
#include "rule/tree_json.hpp"

#include "rule/format.hpp"
#include "rule/literal.hpp"
#include "rule/quote.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace milter::rule {

namespace {

using json = nlohmann::ordered_json;

// ---- to JSON

json encoded(node const& tree);

json encoded_all(std::vector<node> const& trees) {
    auto list = json::array();
    for (auto const& one : trees) list.push_back(encoded(one));
    return list;
}

json encoded_call(node const& call) {
    auto arguments = json::array();
    json out{{"call", call.text}};
    auto named = json::object();
    for (auto const& one : call.children) {
        if (one.kind == node_kind::named)
            named[one.text] = encoded(one.children[0]);
        else
            arguments.push_back(encoded(one));
    }
    out["arguments"] = std::move(arguments);
    if (!named.empty()) out["named"] = std::move(named);
    if (!call.member.empty()) out["member"] = call.member;
    return out;
}

json encoded_comparison(node const& of) {
    auto const word = (of.negated ? "not " : "") + std::string(spelling(of.how));
    return {{word, encoded_all(of.children)}};
}

json encoded(node const& tree) {
    switch (tree.kind) {
    case node_kind::boolean: return tree.number != 0;
    case node_kind::integer: return tree.number;
    case node_kind::text: return tree.text;
    case node_kind::size: return {{"size", tree.text}};
    case node_kind::duration: return {{"duration", tree.text}};
    case node_kind::percent: return {{"percent", tree.text}};
    case node_kind::pattern:
        return tree.member.empty() ? json{{"pattern", tree.text}}
                                   : json{{"pattern", tree.text}, {"flags", tree.member}};
    case node_kind::list: return {{"list", encoded_all(tree.children)}};
    case node_kind::set: return {{"set", tree.text}};
    case node_kind::name: return {{"name", tree.text}};
    case node_kind::call: return encoded_call(tree);
    case node_kind::named: break; // of a call
    case node_kind::not_: return {{"not", encoded(tree.children[0])}};
    case node_kind::and_: return {{"and", encoded_all(tree.children)}};
    case node_kind::or_: return {{"or", encoded_all(tree.children)}};
    case node_kind::compare: return encoded_comparison(tree);
    }
    return nullptr;
}

// ---- from JSON

struct refused {
    std::string what;
};

class decoder {
public:
    node decode(json const& from, std::string const& at) {
        if (++nodes_ > max_nodes)
            throw refused{at + ": more than " + std::to_string(max_nodes) + " parts"};
        if (from.is_boolean())
            return leaf(node_kind::boolean, from.get<bool>() ? "true" : "false",
                        from.get<bool>() ? 1 : 0);
        if (from.is_number_unsigned()) return number(node_kind::integer, from.dump(), at);
        if (from.is_string()) return leaf(node_kind::text, from.get<std::string>());
        if (!from.is_object() || from.empty())
            throw refused{at + ": expected an object, a text, a whole number, true or false"};
        return object(from, at);
    }

private:
    static node leaf(node_kind kind, std::string text, std::uint64_t number = 0) {
        node one;
        one.kind = kind;
        one.text = std::move(text);
        one.number = number;
        return one;
    }

    static node number(node_kind kind, std::string const& text, std::string const& at) {
        auto const value = read_number(text);
        if (!value || value->kind != kind)
            throw refused{at + ": " + in_quotes(text) + " is no such number"};
        return leaf(kind, text, value->value);
    }

    static std::string text_of(json const& from, std::string const& at) {
        if (!from.is_string()) throw refused{at + ": expected a text"};
        return from.get<std::string>();
    }

    static void expect_keys(json const& from, std::string const& at,
                            std::initializer_list<std::string_view> known) {
        for (auto const& [key, ignored] : from.items())
            if (std::find(known.begin(), known.end(), key) == known.end())
                throw refused{at + ": unknown key " + in_quotes(key)};
    }

    node object(json const& from, std::string const& at) {
        auto const& key = from.begin().key();
        auto const& value = from.begin().value();
        auto const inside = at + "/" + key;
        if (key == "call") return call(from, at);
        if (key == "pattern") {
            expect_keys(from, at, {"pattern", "flags"});
            auto one = leaf(node_kind::pattern, text_of(value, inside));
            if (from.contains("flags")) one.member = text_of(from["flags"], at + "/flags");
            return one;
        }
        expect_keys(from, at, {key});
        if (key == "size") return number(node_kind::size, text_of(value, inside), inside);
        if (key == "duration") return number(node_kind::duration, text_of(value, inside), inside);
        if (key == "percent") return number(node_kind::percent, text_of(value, inside), inside);
        if (key == "set") return leaf(node_kind::set, text_of(value, inside));
        if (key == "name") return leaf(node_kind::name, text_of(value, inside));
        if (key == "list") return with_all(leaf(node_kind::list, {}), value, inside, 0);
        if (key == "and") return with_all(leaf(node_kind::and_, {}), value, inside, 2);
        if (key == "or") return with_all(leaf(node_kind::or_, {}), value, inside, 2);
        if (key == "not") {
            auto one = leaf(node_kind::not_, {});
            one.children.push_back(decode(value, inside));
            return one;
        }
        return comparison_of(key, value, inside);
    }

    node with_all(node one, json const& from, std::string const& at, std::size_t least) {
        if (!from.is_array() || from.size() < least)
            throw refused{at + ": expected a list" +
                          (least > 0 ? " of two or more" : std::string())};
        for (std::size_t i = 0; i < from.size(); ++i)
            one.children.push_back(decode(from[i], at + "/" + std::to_string(i)));
        return one;
    }

    node call(json const& from, std::string const& at) {
        expect_keys(from, at, {"call", "arguments", "named", "member"});
        auto one = leaf(node_kind::call, text_of(from["call"], at + "/call"));
        if (from.contains("arguments"))
            one = with_all(std::move(one), from["arguments"], at + "/arguments", 0);
        if (from.contains("named")) {
            if (!from["named"].is_object()) throw refused{at + "/named: expected an object"};
            for (auto const& [key, value] : from["named"].items()) {
                auto named = leaf(node_kind::named, key);
                named.children.push_back(decode(value, at + "/named/" + key));
                one.children.push_back(std::move(named));
            }
        }
        if (from.contains("member")) one.member = text_of(from["member"], at + "/member");
        return one;
    }

    node comparison_of(std::string const& key, json const& value, std::string const& at) {
        bool const negated = key.substr(0, 4) == "not ";
        auto const word = negated ? key.substr(4) : key;
        for (std::size_t i = 0; i < comparison_count; ++i) {
            auto const how = static_cast<comparison>(i);
            if (word != spelling(how) || (negated && how < comparison::in)) continue;
            if (!value.is_array() || value.size() != 2)
                throw refused{at + ": expected a list of two"};
            auto one = with_all(leaf(node_kind::compare, {}), value, at, 2);
            one.how = how;
            one.negated = negated;
            return one;
        }
        throw refused{at + ": unknown key " + in_quotes(key)};
    }

    std::size_t nodes_ = 0;
};

/// nlohmann's parser does not mind how deep it goes.
bool is_too_deep(std::string_view text) noexcept {
    std::size_t depth = 0;
    bool in_text = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char const c = text[i];
        if (c == '\\' && in_text) ++i;
        if (c == '"') in_text = !in_text;
        if (in_text) continue;
        if ((c == '[' || c == '{') && ++depth > 4 * max_depth) return true;
        if ((c == ']' || c == '}') && depth > 0) --depth;
    }
    return false;
}

parsed_tree refusal(std::string what) { return {std::nullopt, {{}, std::move(what), {}}}; }

} // namespace

std::string to_json(node const& tree) {
    return encoded(tree).dump(-1, ' ', false, json::error_handler_t::replace);
}

parsed_tree from_json(std::string_view text) {
    if (text.size() > 4 * max_text)
        return refusal("longer than " + std::to_string(4 * max_text) + " bytes");
    if (is_too_deep(text))
        return refusal("nested more than " + std::to_string(4 * max_depth) + " deep");
    try {
        auto decoded = decoder().decode(json::parse(text), "");
        auto again = parse(to_text(decoded)); // names, depth and lengths have one judge
        if (!again.tree) return refusal(again.problem.message);
        if (!(*again.tree == decoded))
            return refusal(
                "it cannot be written as text: names and texts are not what they should be");
        return again;
    } catch (refused const& why) {
        return refusal(on_one_line(why.what));
    } catch (json::parse_error const& wrong) {
        auto const at = std::min(wrong.byte > 0 ? wrong.byte - 1 : 0, text.size());
        return {std::nullopt,
                {{static_cast<std::uint32_t>(at), at < text.size() ? 1U : 0U}, "no JSON", {}}};
    } catch (json::exception const&) { // 1e999
        return refusal("a number that is too large");
    }
}

} // namespace milter::rule
