// SPDX-License-Identifier: BSL-1.0
// rule/odd_value.cpp
#include "rule/odd_value.hpp"

#include "rule/format.hpp"
#include "rule/quote.hpp"
#include "rule/witness.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace milter::rule {

namespace {

/// "==" between an operand and a text, as it might be written instead.
std::string written(std::string_view operand, comparison how, std::string_view text) {
    return "write " + std::string(operand) + ' ' + std::string(spelling(how)) + ' ' +
           in_quotes(text);
}

/// One comparison with a text.
class text_comparison {
public:
    text_comparison(node const& tree, findings& to)
        : tree_(tree), operand_(to_text(tree.children[0])), to_(to) {}

    void check(node const& given) {
        if (given.kind != node_kind::text || given.text.empty()) return;
        auto const is = type_of_operand(tree_.children[0]);
        bool const equals = tree_.how == comparison::equal || tree_.how == comparison::not_equal;
        if (is == type::mail && equals) return check_mail(given);
        if (is == type::domain && (equals || tree_.how == comparison::under))
            return check_domain(given);
        bool const is_in = tree_.how == comparison::in && given.text.front() != '/';
        if (operand_ == "content_type" && (equals || is_in)) check_content_type(given);
    }

private:
    void check_mail(node const& given) {
        std::string_view const text = given.text;
        auto const at = text.rfind('@');
        auto const domain = at == text.npos ? text : text.substr(at + 1);
        bool const has_domain = !domain.empty() && domain.find('*') == domain.npos;
        if (text.find('*') != text.npos)
            tell(given, in_quotes(text) + " is compared as it is written",
                 has_domain && text.substr(0, at) == "*" ? with_domain(domain)
                                                         : "a pattern stands behind matches");
        else if (at == 0)
            tell(given, operand_ + " is never " + in_quotes(text),
                 has_domain ? with_domain(domain) : "");
        else if (at == text.npos && text.find('.') != text.npos && text != "<>")
            tell(given, in_quotes(text) + " has no \"@\"", with_domain(text));
    }

    std::string with_domain(std::string_view domain) const {
        bool const has_part = operand_ == "sender" || operand_ == "recipient";
        return has_part ? written(operand_ + ".domain", tree_.how, domain) : std::string();
    }

    /// A client may say anything in HELO, but not with a star.
    void check_domain(node const& given) {
        std::string_view const text = given.text;
        auto const front = std::min(text.find_first_not_of("*."), text.size());
        bool const is_name = front < text.size() && text.find_first_of("*@", front) == text.npos;
        auto const under = is_name ? written(operand_, comparison::under, text.substr(front))
                                   : "a pattern stands behind matches";
        if (text.find('*') != text.npos)
            tell(given, in_quotes(text) + " is compared as it is written", under);
        else if (operand_ == "helo")
            return;
        else if (text.find('@') != text.npos)
            tell(given, operand_ + " is never " + in_quotes(text), address_of_domain(text));
        else if (front > 0)
            tell(given, operand_ + " is never " + in_quotes(text), under);
    }

    /// sender for sender.domain, where an address was written.
    std::string address_of_domain(std::string_view text) const {
        constexpr std::string_view part = ".domain";
        bool const is_part = operand_.ends_with(part) && tree_.how != comparison::under;
        if (!is_part || text.front() == '@') return "a domain has no \"@\"";
        return written(operand_.substr(0, operand_.size() - part.size()), tree_.how, text);
    }

    void check_content_type(node const& given) {
        std::string_view const text = given.text;
        auto const end = text.find(';');
        if (end == text.npos) return; // old programs write "text", or leave the semicolon out
        auto const type = text.substr(0, std::min(end, text.find_first_of(" \t")));
        tell(given, operand_ + " is never " + in_quotes(text),
             "it has no parameters: write " + in_quotes(type));
    }

    void tell(node const& given, std::string message, std::string hint) {
        to_.push_back({given.at, std::move(message), std::move(hint)});
    }

    node const& tree_;
    std::string operand_;
    findings& to_;
};

void collect(node const& tree, findings& to) {
    if (tree.kind == node_kind::compare) {
        text_comparison one(tree, to);
        auto const& right = tree.children[1];
        one.check(right);
        if (right.kind == node_kind::list)
            for (auto const& element : right.children) one.check(element);
    }
    for (auto const& one : tree.children) collect(one, to);
}

} // namespace

findings odd_values_in(node const& tree) {
    findings all;
    collect(tree, all);
    return all;
}

} // namespace milter::rule
