// SPDX-License-Identifier: BSL-1.0
// manager/import/m4_text.cpp - quotes, comments and parentheses of m4
#include "manager/import/m4_text.hpp"

#include <milter/ascii.hpp>

namespace milter::manager {

namespace {

bool is_word(char c) noexcept {
    char const lower = to_lower(c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

} // namespace

char m4_reader::step() noexcept {
    char const c = text_[at_++];
    if (c == '\n') ++line_;
    return c;
}

void m4_reader::skip_line() noexcept {
    while (at_ < text_.size() && step() != '\n') {
    }
}

/// From behind the opening quote to behind the closing one. @param into  what stands between, with inner quotes
void m4_reader::read_quoted(std::string& into) {
    auto const from = line_;
    for (int depth = 1; at_ < text_.size();) {
        char const c = step();
        if (c == '`') ++depth;
        if (c == '\'' && --depth == 0) return;
        into += c;
    }
    open_quote_ = from;
}

std::string_view m4_reader::take_word() noexcept {
    auto const from = at_;
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    return text_.substr(from, at_ - from);
}

/// From behind the opening parenthesis.
void m4_reader::read_arguments(m4_call& into) {
    into.is_open = true;
    std::string one;
    bool begins = true; // blanks in front of an argument do not belong to it
    for (int depth = 1; at_ < text_.size();) {
        char const c = step();
        if (begins && is_blank(c)) continue;
        begins = false;
        if (c == '`') {
            read_quoted(one);
            continue;
        }
        if (c == ')' && --depth == 0) {
            into.is_open = false;
            break;
        }
        if (c == '(') ++depth;
        if (c == ',' && depth == 1) {
            into.arguments.push_back(std::move(one));
            one.clear();
            begins = true;
            continue;
        }
        one += c;
    }
    into.arguments.push_back(std::move(one));
}

std::optional<m4_call> m4_reader::next() {
    while (at_ < text_.size()) {
        if (!is_word(text_[at_])) {
            char const c = step();
            if (c == '#') skip_line();
            if (c == '`') {
                std::string passed_over;
                read_quoted(passed_over);
            }
            continue;
        }
        auto const word = take_word();
        if (word == "dnl") {
            skip_line();
        } else if (at_ < text_.size() && text_[at_] == '(') {
            m4_call call{word, {}, line_, false};
            ++at_;
            read_arguments(call);
            return call;
        }
    }
    return std::nullopt;
}

} // namespace milter::manager
