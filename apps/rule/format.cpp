// SPDX-License-Identifier: BSL-1.0
// rule/format.cpp
#include "rule/format.hpp"

#include "rule/quote.hpp"

namespace milter::rule {

namespace {

void append(std::string& out, node const& tree);

/// As tightly as the parser lets the kind bind.
int strength(node const& of) noexcept {
    switch (of.kind) {
    case node_kind::or_: return 1;
    case node_kind::and_: return 2;
    case node_kind::not_: return 3;
    case node_kind::compare: return 4;
    default: return 5;
    }
}

void append_within(std::string& out, node const& tree, int least) {
    bool const bare = strength(tree) >= least;
    if (!bare) out += '(';
    append(out, tree);
    if (!bare) out += ')';
}

/// @param least  as tightly as each element must bind
void append_list(std::string& out, node const& of, char first, char last, int least) {
    out += first;
    for (std::size_t i = 0; i < of.children.size(); ++i) {
        if (i > 0) out += ", ";
        append_within(out, of.children[i], least);
    }
    out += last;
}

void append_chain(std::string& out, node const& of, std::string_view word) {
    for (std::size_t i = 0; i < of.children.size(); ++i) {
        if (i > 0) ((out += ' ') += word) += ' ';
        append_within(out, of.children[i],
                      strength(of) + 1); // an inner chain of the same word stays one
    }
}

void append_pattern(std::string& out, node const& of) {
    out += '/';
    for (std::size_t i = 0; i < of.text.size(); ++i) {
        char const c = of.text[i];
        if (c == '/') out += '\\';
        out += c;
        if (c == '\\' && i + 1 < of.text.size()) out += of.text[++i];
    }
    (out += '/') += of.member;
}

void append_comparison(std::string& out, node const& of) {
    append_within(out, of.children[0], 5);
    out += of.negated ? " not " : " ";
    (out += spelling(of.how)) += ' ';
    append_within(out, of.children[1], 5);
}

void append(std::string& out, node const& tree) {
    switch (tree.kind) {
    case node_kind::text: out += as_text(tree.text); return;
    case node_kind::pattern: return append_pattern(out, tree);
    case node_kind::set: (out += '@') += tree.text; return;
    case node_kind::list: return append_list(out, tree, '[', ']', 5);
    case node_kind::call:
        out += tree.text;
        append_list(out, tree, '(', ')', 0);
        if (!tree.member.empty()) (out += '.') += tree.member;
        return;
    case node_kind::named: (out += tree.text) += " = "; return append(out, tree.children[0]);
    case node_kind::not_: out += "not "; return append_within(out, tree.children[0], 3);
    case node_kind::and_: return append_chain(out, tree, "and");
    case node_kind::or_: return append_chain(out, tree, "or");
    case node_kind::compare: return append_comparison(out, tree);
    default: out += tree.text; return;
    }
}

} // namespace

std::string to_text(node const& tree) {
    std::string out;
    append(out, tree);
    return out;
}

} // namespace milter::rule
