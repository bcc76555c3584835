// SPDX-License-Identifier: BSL-1.0
// manager/import/sendmail.cpp - the lines of sendmail.cf and the macros of sendmail.mc that are about filters
#include "manager/import/sendmail.hpp"

#include "manager/config/printable.hpp"
#include "manager/import/filter_table.hpp"
#include "manager/import/m4_text.hpp"
#include "manager/import/spelling.hpp"
#include <milter/ascii.hpp>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

namespace milter::manager {

namespace {

constexpr std::string_view macro_prefix = "confMILTER_MACROS_";

// ---- sendmail.mc

std::string_view argument(m4_call const& call, std::size_t i) noexcept {
    return i < call.arguments.size() ? trimmed(call.arguments[i]) : std::string_view{};
}

bool is_of_sendmail(std::string_view name) noexcept {
    constexpr std::string_view known[] = {"OSTYPE",  "FEATURE",      "MAILER",    "define",
                                          "divert",  "DOMAIN",       "VERSIONID", "DAEMON_OPTIONS",
                                          "include", "EXPOSED_USER", "undefine"};
    return std::find(std::begin(known), std::end(known), name) != std::end(known);
}

void read_define(m4_call const& call, filter_table& into) {
    auto const name = argument(call, 0);
    if (name == "confINPUT_MAIL_FILTERS")
        into.set_order(argument(call, 1), call.line);
    else if (name.starts_with(macro_prefix))
        into.set_macros(name.substr(macro_prefix.size()), argument(call, 1), call.line);
}

/// A macro of m4 around filters, such as ifdef().
void look_inside(m4_call const& call, filter_table& into) {
    for (auto const& one : call.arguments) {
        if (one.find("MAIL_FILTER") == one.npos) continue;
        into.remarks().lost(call.line,
                            "filters inside of " + std::string(call.name) + "() are not read",
                            "import sendmail.cf, which m4 has made of it");
        return;
    }
}

void read_call(m4_call const& call, filter_table& into) {
    if (call.is_open)
        into.remarks().lost(call.line, std::string(call.name) + "( is not closed",
                            "see whether the file is whole");
    if (call.name == "INPUT_MAIL_FILTER" || call.name == "MAIL_FILTER") {
        into.define(argument(call, 0), argument(call, 1), call.line);
        if (call.name == "INPUT_MAIL_FILTER") into.append_to_order(argument(call, 0), call.line);
        return;
    }
    if (!is_of_sendmail(call.name)) return look_inside(call, into);
    into.understand();
    if (call.name == "define") return read_define(call, into);
    if (call.name == "include")
        return into.remarks().note(call.line, "what include() brings in is not read",
                                   "if it has filters, import sendmail.cf");
    bool const has_filters = call.name == "DAEMON_OPTIONS" &&
                             argument(call, 0).find("InputMailFilters") != std::string_view::npos;
    if (has_filters) into.refuse_daemon(argument(call, 0), call.line);
}

setup read_mc(std::string_view text) {
    filter_table filters;
    m4_reader calls(text);
    while (auto const call = calls.next()) read_call(*call, filters);
    if (calls.open_quote() > 0)
        filters.remarks().lost(calls.open_quote(), "a quote is not closed",
                               "nothing behind it was read: close it");
    return filters.finish();
}

// ---- sendmail.cf

void read_option(std::string_view option, unsigned line, filter_table& into) {
    constexpr std::string_view macros = "milter.macros.";
    auto const equals = option.find('=');
    if (equals == option.npos) return;
    auto const name = trimmed(option.substr(0, equals));
    auto const value = trimmed(option.substr(equals + 1));
    if (equal_ignoring_case(name, "InputMailFilters"))
        into.set_order(value, line);
    else if (equal_ignoring_case(name.substr(0, macros.size()), macros))
        into.set_macros(name.substr(macros.size()), value, line);
    else if (equal_ignoring_case(name, "DaemonPortOptions") &&
             value.find("InputMailFilters") != value.npos)
        into.refuse_daemon(value, line);
    into.understand();
}

/// @param one  a line with those that continue it
void read_cf_line(std::string_view one, unsigned line, filter_table& into) {
    if (one.starts_with("O ")) return read_option(trimmed(one.substr(2)), line, into);
    if (one.empty() || one.front() != 'X') return;
    auto const comma = std::min(one.find(','), one.size());
    auto const equates = one.substr(std::min(comma + 1, one.size()));
    into.define(trimmed(one.substr(1, comma - 1)), trimmed(equates), line);
}

setup read_cf(std::string_view text) {
    filter_table filters;
    std::string whole;
    unsigned line = 0, begin = 0;
    while (!text.empty()) {
        auto const end = std::min(text.find('\n'), text.size());
        auto const one = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        ++line;
        if (one.empty() || one.front() == '#') continue;
        if (one.front() == ' ' || one.front() == '\t') {
            (whole += ' ') += trimmed(one);
            continue;
        }
        read_cf_line(whole, begin, filters);
        whole = trimmed(one);
        begin = line;
    }
    read_cf_line(whole, begin, filters);
    return filters.finish();
}

/// By lines that only a text for m4 has.
bool is_mc(std::string_view text) {
    constexpr std::string_view signs[] = {"MAIL_FILTER(", "divert(", "OSTYPE(", "MAILER(",
                                          "define(`"};
    return std::any_of(std::begin(signs), std::end(signs), [&](std::string_view sign) {
        auto const at = text.find(sign);
        if (at == text.npos) return false;
        auto const begin = at == 0 ? 0 : text.rfind('\n', at - 1) + 1; // npos + 1 is 0
        return text[begin] != '#';
    });
}

} // namespace

setup read_sendmail(std::string_view text) { return is_mc(text) ? read_mc(text) : read_cf(text); }

} // namespace milter::manager
