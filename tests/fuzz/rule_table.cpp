// SPDX-License-Identifier: BSL-1.0
// tests/fuzz/rule_table.cpp - files of sets, and Postfix' tables, as somebody may have written them
//
// Input: a letter that says what the file is (c, r, p, h: a table of type cidr, regexp, pcre, texthash; a, d, m, t, w: a set
// of addresses, domains, mail, text, windows), what is looked up in it, a line end, and the file.
#include "invariant.hpp"
#include "rule/domain.hpp"
#include "rule/lookup_table.hpp"
#include "rule/set.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace milter;
using fuzz::require;

std::size_t lines_of(std::string_view text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
}

void check_problems(std::vector<rule::entry_problem> const& problems, std::string_view text) {
    require(problems.size() <= rule::most_problems, "problems have an end");
    for (auto const& one : problems) {
        require(one.line >= 1 && one.line <= lines_of(text), "a problem is on a line of the file");
        require(one.column >= 1 && one.column <= text.size() + 1, "and in that line");
        require(!one.message.empty(), "it says what it is");
    }
}

/// What the file says of the subject, asked in all ways; of a file with problems nothing.
using answers = std::vector<bool>;

template <class Asked> answers ask(Asked const& asked, std::string_view subject) {
    answers out;
    if (auto const address = rule::parse_ip(subject)) out.push_back(asked.has(*address));
    out.push_back(asked.has_domain(rule::normal_domain(subject)));
    out.push_back(asked.has_mail(rule::parse_mail_address(subject)));
    out.push_back(asked.has_text(subject));
    return out;
}

answers ask_table(rule::table_kind kind, std::string_view text, std::string_view subject) {
    auto const made = rule::lookup_table::parse(kind, text);
    require(made.value.has_value() == made.problems.empty(), "a table or problems");
    check_problems(made.problems, text);
    return made.value ? ask(*made.value, subject) : answers();
}

answers ask_set(rule::set_kind kind, std::string_view text, std::string_view subject) {
    auto const made = rule::parse_set_text(kind, text);
    require(made.value.has_value() == made.problems.empty(), "a set or problems");
    check_problems(made.problems, text);
    if (!made.value) return {};
    auto out = ask(*made.value, subject);
    out.push_back(made.value->has_time(static_cast<int>(subject.size() % 7), 720));
    return out;
}

answers ask_file(char kind, std::string_view text, std::string_view subject) {
    switch (kind) {
    case 'c': return ask_table(rule::table_kind::cidr, text, subject);
    case 'r': return ask_table(rule::table_kind::regexp, text, subject);
    case 'p': return ask_table(rule::table_kind::pcre, text, subject);
    case 'h': return ask_table(rule::table_kind::texthash, text, subject);
    case 'a': return ask_set(rule::set_kind::addresses, text, subject);
    case 'd': return ask_set(rule::set_kind::domains, text, subject);
    case 'm': return ask_set(rule::set_kind::mail, text, subject);
    case 't': return ask_set(rule::set_kind::text, text, subject);
    case 'w': return ask_set(rule::set_kind::windows, text, subject);
    default: return {};
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view input(reinterpret_cast<char const*>(data), size);
    auto const line = input.find('\n');
    if (line == 0 || line == input.npos) return 0;
    auto const subject = input.substr(1, line - 1);
    auto const text = input.substr(line + 1);
    auto const said = ask_file(input[0], text, subject);
    auto const with_comments = "# before\n\n" + std::string(text) + "\n# behind\n \n";
    require(ask_file(input[0], with_comments, subject) == said, "comments change nothing");
    return 0;
}
