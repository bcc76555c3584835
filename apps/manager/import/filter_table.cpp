// SPDX-License-Identifier: BSL-1.0
// manager/import/filter_table.cpp - filters in their order, macros, and the way for Sendmail to the manager
#include "manager/import/filter_table.hpp"

#include "manager/config/printable.hpp"
#include "manager/import/spelling.hpp"
#include <milter/ascii.hpp>

#include <algorithm>
#include <utility>

namespace milter::manager {

namespace {

struct macro_row {
    std::string_view stage; ///< behind "O Milter.macros."
    std::string_view by_default;
};

// By the order of macro_stage. Source: cf/m4/proto.m4.
constexpr macro_row macro_rows[wire::macro_stage_count] = {
    {"connect", "j, _, {daemon_name}, {if_name}, {if_addr}"},
    {"helo", "{tls_version}, {cipher}, {cipher_bits}, {cert_subject}, {cert_issuer}"},
    {"envfrom", "i, {auth_type}, {auth_authen}, {auth_ssf}, {auth_author}, {mail_mailer}, "
                "{mail_host}, {mail_addr}"},
    {"envrcpt", "{rcpt_mailer}, {rcpt_host}, {rcpt_addr}"},
    {"data", ""},
    {"eom", "{msg_id}"},
    {"eoh", ""},
};

constexpr std::size_t macro_text_limit = 8192; // bytes: what is appended again and again ends here

std::string replaced(std::string text, std::string_view what, std::string_view with) {
    if (auto const at = text.find(what); at != text.npos) text.replace(at, what.size(), with);
    return text;
}

} // namespace

void filter_table::define(std::string_view name, std::string_view equates, unsigned line) {
    understand();
    auto const found = definitions_.find(name);
    if (found != definitions_.end()) {
        remarks().note(line, "filter " + in_quotes(name) + " is defined a second time",
                       "the second one is taken");
        found->second = {std::string(equates), line};
        return;
    }
    if (definitions_.size() >= import_milter_limit)
        return remarks().lost(line, "filter " + in_quotes(name) + " is one too many",
                              "at most " + std::to_string(import_milter_limit) + " are imported");
    definitions_.emplace(name, definition{std::string(equates), line});
    defined_.emplace_back(name);
}

void filter_table::append_to_order(std::string_view name, unsigned line) {
    order_line_ = line;
    if (order_.size() < 2 * import_milter_limit) order_.emplace_back(name);
}

void filter_table::set_order(std::string_view names, unsigned line) {
    order_.clear();
    while (!names.empty()) {
        auto const end = std::min(names.find_first_of(",; \t\n"), names.size());
        if (end > 0) append_to_order(names.substr(0, end), line);
        names.remove_prefix(std::min(end + 1, names.size()));
    }
}

void filter_table::set_macros(std::string_view stage, std::string_view names, unsigned line) {
    for (std::size_t i = 0; i < wire::macro_stage_count; ++i) {
        if (!equal_ignoring_case(macro_rows[i].stage, stage)) continue;
        auto const word = "confMILTER_MACROS_" + std::string(stage);
        auto const before = macros_[i].empty() ? macro_rows[i].by_default : macros_[i];
        macros_[i] = replaced(std::string(names.substr(0, macro_text_limit)), word, before);
        macro_lines_[i] = line;
        if (macros_[i].size() > macro_text_limit) macros_[i].resize(macro_text_limit);
        return;
    }
    remarks().lost(line, "macros of a stage that is not known: " + in_quotes(stage),
                   "see docs/configuration.md, [macros]");
}

void filter_table::refuse_daemon(std::string_view options, unsigned line) {
    remarks().lost(line, "filters of one port alone: " + in_quotes(options, 200),
                   "give that port a [[listen]] with a [profile.NAME] of its own");
}

imported_milter filter_table::read(std::string const& name, definition const& one) {
    imported_milter milter;
    milter.known_as = name;
    milter.name = names_.give(name);
    milter.line = one.line;
    if (milter.name != name)
        milter.remarks.note(
            one.line, "name " + in_quotes(name) + " became " + in_quotes(milter.name),
            "names have lower-case letters, digits and \"_.-\", and each is there once");
    read_equates(one.equates, one.line, milter);
    return milter;
}

setup filter_table::finish() {
    std::set<std::string> seen;
    for (auto const& name : order_) {
        auto const found = definitions_.find(name);
        if (found == definitions_.end())
            remarks().lost(order_line_, "filter " + in_quotes(name) + " is not defined",
                           "take it out of the list, or define it");
        else if (seen.insert(name).second)
            all_.milters.push_back(read(name, found->second));
    }
    place_unused();
    if (all_.milters.empty()) remarks().lost(0, "no filter is defined", "is it the right file?");
    place_listener();
    place_macros();
    return std::move(all_);
}

/// Those that are defined, and not in the list of those that are asked.
void filter_table::place_unused() {
    for (auto const& name : defined_) {
        if (std::find(order_.begin(), order_.end(), name) != order_.end()) continue;
        auto const& one = definitions_.find(name)->second;
        auto milter = read(name, one);
        milter.enabled = false;
        milter.remarks.note(one.line,
                            "filter " + in_quotes(name) + " is not in the list of those asked",
                            "it is not enabled here either");
        all_.milters.push_back(std::move(milter));
    }
}

void filter_table::place_listener() {
    imported_listen one;
    one.socket = {endpoint::kind::inet, {}, "127.0.0.1", "10025"};
    one.about = {
        "In sendmail.mc, in place of all the other filters:",
        "  INPUT_MAIL_FILTER(`manager', `S=inet:10025@127.0.0.1, F=T, T=S:30s;R:30s;E:5m')",
        "With another R: than that, command_budget below has to be less, too."};
    all_.listens.push_back(std::move(one));
    all_.command_budget = import_command_budget;
}

void filter_table::place_macros() {
    remark_list remarks;
    for (std::size_t i = 0; i < wire::macro_stage_count; ++i)
        all_.macros[i] =
            macros_of(macros_[i], macro_rows[i].by_default,
                      "macros of " + std::string(macro_rows[i].stage), macro_lines_[i], remarks);
    if (!remarks.entries().empty()) all_.remarks["macros"] = std::move(remarks);
}

} // namespace milter::manager
