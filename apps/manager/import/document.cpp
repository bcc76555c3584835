// SPDX-License-Identifier: BSL-1.0
// manager/import/document.cpp - the configuration that is printed
#include "manager/import/document.hpp"

#include "manager/config/config_value.hpp"
#include "manager/config/printable.hpp"
#include "manager/import/condition_name.hpp"

#include <iterator>

namespace milter::manager {

namespace {

// By the order of macro_stage.
constexpr std::string_view macro_keys[] = {"connect", "helo",           "mail",          "rcpt",
                                           "data",    "end_of_message", "end_of_headers"};

/// Lines of the file that is made.
class writer {
public:
    explicit writer(std::string_view file) : file_(file) {}

    void comment(std::string_view text) {
        (out_ += text.empty() ? "#" : "# ") += text;
        out_ += '\n';
    }
    void remarks(remark_list const& all) {
        for (auto const& one : all.entries()) comment(to_text(one, file_));
        if (all.left_out() > 0) comment(more(all, file_));
    }
    void remarks_of(setup const& all, std::string const& table) {
        auto const found = all.remarks.find(table);
        if (found != all.remarks.end()) remarks(found->second);
    }
    void heading(std::string_view text) { line(text); }
    void key(std::string_view name, std::string_view value) {
        if (!value.empty()) line(std::string(name) + " = " + std::string(value));
    }
    void line(std::string_view text) { ((out_ += prefix_) += text) += '\n'; }
    void blank() { out_ += '\n'; }
    /// What follows is a comment, as it cannot be used.
    void begin_comment() { prefix_ = "# "; }
    void end_comment() { prefix_ = {}; }

    static std::string more(remark_list const& all, std::string_view file) {
        return printable(file) + ": " + std::to_string(all.left_out()) +
               " more of these; look through the file yourself";
    }

    std::string take() { return std::move(out_); }

private:
    std::string_view file_;
    std::string_view prefix_;
    std::string out_;
};

/// A value as it is written.
template <class Value> std::string written(Value value) { return to_toml(field(&value)); }
std::string written(std::string value) { return to_toml(field(one_line{&value})); }

std::string names_written(std::vector<std::string> names) {
    return to_toml(field(name_list{&names}));
}

std::string joined(std::set<std::string> const& names) {
    std::string out;
    for (auto const& one : names) (out += out.empty() ? "" : ", ") += one;
    return out;
}

/// Those that set macros are for a milter, and name it as Debian does.
void write_rules_to_edit(writer& to, setup const& all) {
    constexpr std::string_view named = "milter-greylist";
    for (auto const& one : all.milters)
        if (one.name == named) return;
    for (auto const& one : known_conditions())
        if (one.term.empty() && all.rules.contains(std::string(one.file)))
            to.comment("In " + std::string(one.file) +
                       " write the name of your milter in place of " + std::string(named));
}

void write_rules(writer& to, setup const& all) {
    if (all.rules.empty()) return;
    to.comment("");
    to.comment("Copy these from rules/ to rules.d/ beside this file:");
    for (auto const& [file, milters] : all.rules)
        to.comment("  " + file + "   for " + joined(milters));
    for (auto const& one : known_conditions())
        if (!one.set.empty() && all.rules.contains(std::string(one.file)))
            to.comment("and rules/sets/" + std::string(one.set) + " to sets/, which " +
                       std::string(one.file) + " reads");
    write_rules_to_edit(to, all);
}

void write_head(writer& to, setup const& all, std::string_view file, std::string_view made_by) {
    to.comment(printable(made_by) + ", from " + printable(file));
    to.comment("Look through it, then: milter-manager check -c FILE");
    write_rules(to, all);
    if (auto const head = all.remarks.find(""); head != all.remarks.end()) {
        to.comment("");
        to.remarks(head->second);
    }
    to.blank();
}

void write_socket_table(writer& to, std::string_view heading, imported_listen const& one) {
    to.remarks(one.remarks);
    for (auto const& line : one.about) to.comment(line);
    to.heading(heading);
    to.key("socket", written(one.socket));
    auto mode = one.mode;
    if (mode) to.key("mode", to_toml(field(octal_mode{&mode})));
    if (!one.group.empty()) to.key("group", written(one.group));
    if (!one.profile.empty()) to.key("profile", written(one.profile));
    to.blank();
}

std::string timeouts_written(imported_timeouts const& times) {
    std::string out;
    auto const append = [&](std::string_view name, std::optional<proto::duration> const& value) {
        if (!value) return;
        ((out += out.empty() ? "{ " : ", ") += name) += " = ";
        out += written(*value);
    };
    append("connect", times.connect);
    append("command", times.command);
    append("content", times.content);
    append("end_of_message", times.end_of_message);
    return out.empty() ? out : out + " }";
}

std::string when_written(std::vector<std::string> const& terms) {
    std::string out;
    for (auto const& one : terms) (out += out.empty() ? "" : " and ") += one;
    return out.empty() ? out : '"' + out + '"';
}

void write_milter(writer& to, imported_milter const& one) {
    to.remarks(one.remarks);
    if (!one.about_name.empty()) to.comment(one.about_name);
    if (!one.socket) to.begin_comment();
    to.heading("[[milter]]");
    to.key("name", written(one.name));
    if (!one.description.empty()) to.key("description", written(one.description));
    to.key("socket", one.socket ? written(*one.socket) : "\"\"");
    to.key("when", when_written(one.when));
    if (one.evaluated)
        to.comment("on_error = " + written(one.on_error) + "   # when it is enforced again");
    else
        to.key("on_error", written(one.on_error));
    if (!one.enabled) to.key("enabled", "false");
    if (one.evaluated) to.key("mode", "\"evaluate\"");
    to.key("timeout", timeouts_written(one.timeouts));
    to.end_comment();
    to.blank();
}

void write_accounts(writer& to, imported_accounts const& one) {
    to.heading("[set." + one.name + "]");
    to.key("mail", names_written(one.accounts));
    to.blank();
    to.heading("[condition." + one.name + "]");
    to.key("when", "\"any(recipient in @" + one.name + ")\"");
    to.blank();
}

void write_profile(writer& to, imported_profile const& one) {
    to.heading("[profile." + one.name + "]");
    to.key("milters", names_written(one.milters));
    to.blank();
}

/// A table whose keys are optional; nothing when there is nothing to say.
void write_table(writer& to, setup const& all, std::string const& name,
                 std::vector<std::pair<std::string_view, std::string>> const& keys) {
    auto const remarked = all.remarks.find(name);
    bool any = false;
    for (auto const& one : keys) any = any || !one.second.empty();
    if (!any && remarked == all.remarks.end()) return;
    to.remarks_of(all, name);
    if (any) to.heading("[" + name + "]");
    for (auto const& [key, value] : keys) to.key(key, value);
    to.blank();
}

void write_macros(writer& to, setup const& all) {
    std::vector<std::pair<std::string_view, std::string>> keys;
    for (std::size_t i = 0; i < all.macros.size(); ++i) {
        auto names = all.macros[i];
        keys.emplace_back(macro_keys[i], names.empty() ? "" : to_toml(field(macro_names{&names})));
    }
    write_table(to, all, "macros", keys);
}

void append(std::vector<std::string>& lines, remark_list const& all, std::string_view file) {
    for (auto const& one : all.entries()) lines.push_back(to_text(one, file));
    if (all.left_out() > 0) lines.push_back(writer::more(all, file));
}

} // namespace

std::string to_text(remark const& one, std::string_view file) {
    auto out = printable(file);
    if (one.line > 0) out += ':' + std::to_string(one.line);
    out += one.weight == remark_weight::note ? ": note: " : ": ";
    return out + one.what + "; " + one.advice;
}

std::vector<std::string> remark_lines(setup const& all, std::string_view file) {
    std::vector<std::string> lines;
    auto const of_table = [&](std::string const& name) {
        if (auto const found = all.remarks.find(name); found != all.remarks.end())
            append(lines, found->second, file);
    };
    of_table("");
    for (auto const& one : all.listens) append(lines, one.remarks, file);
    for (auto const& one : all.milters) append(lines, one.remarks, file);
    of_table("manager");
    if (all.control) append(lines, all.control->remarks, file);
    of_table("control");
    of_table("limits");
    of_table("macros");
    return lines;
}

std::string to_toml(setup const& all, std::string_view file, std::string_view made_by) {
    writer to(file);
    write_head(to, all, file, made_by);
    for (auto const& one : all.listens) write_socket_table(to, "[[listen]]", one);
    for (auto const& one : all.milters) write_milter(to, one);
    for (auto const& one : all.account_lists) write_accounts(to, one);
    for (auto const& one : all.profiles) write_profile(to, one);
    auto const internal = all.on_internal_error ? written(*all.on_internal_error) : "";
    auto const workers = all.workers ? written(*all.workers) : "";
    auto const budget = all.command_budget ? written(*all.command_budget) : "";
    write_table(
        to, all, "manager",
        {{"on_internal_error", internal}, {"command_budget", budget}, {"workers", workers}});
    if (all.control) write_socket_table(to, "[control]", *all.control);
    write_table(to, all, "control", {});
    auto const sessions = all.sessions ? written(*all.sessions) : "";
    write_table(to, all, "limits", {{"sessions", sessions}});
    write_macros(to, all);
    auto text = to.take();
    while (text.size() > 1 && text.ends_with("\n\n")) text.pop_back();
    return text;
}

} // namespace milter::manager
