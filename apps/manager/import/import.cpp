// SPDX-License-Identifier: BSL-1.0
// manager/import/import.cpp - from the text to the configuration
#include "manager/import/import.hpp"

#include "manager/import/document.hpp"
#include "manager/import/finding.hpp"
#include "manager/import/postfix.hpp"
#include "manager/import/sendmail.hpp"
#include "manager/import/show_config.hpp"
#include "manager/import/spelling.hpp"

#include <algorithm>
#include <iterator>

namespace milter::manager {

namespace {

constexpr std::string_view source_names[] = {"milter-manager", "postfix", "sendmail"}; // by source

setup read(std::string_view text, import_source from) {
    switch (from) {
    case import_source::milter_manager: return read_show_config(text);
    case import_source::postfix: return read_postfix(text);
    case import_source::sendmail: return read_sendmail(text);
    }
    return {};
}

bool begins_with_one_of(std::string_view line, std::initializer_list<std::string_view> words) {
    return std::any_of(words.begin(), words.end(),
                       [&](std::string_view word) { return line.starts_with(word); });
}

std::optional<import_source> source_of_line(std::string_view line) {
    if (begins_with_one_of(line, {"define_milter", "define_applicable_condition", "manager.",
                                  "security.", "controller."}))
        return import_source::milter_manager;
    if (begins_with_one_of(line, {"INPUT_MAIL_FILTER(", "MAIL_FILTER(", "divert(", "OSTYPE(",
                                  "MAILER(", "define(`", "dnl", "O ", "V10/", "VERSIONID("}))
        return import_source::sendmail;
    auto const name = trimmed(line.substr(0, std::min(line.find('='), line.size())));
    bool const is_parameter =
        name.size() < line.size() && name.find_first_of(" \t.(\"") == name.npos;
    if (is_parameter &&
        begins_with_one_of(name, {"smtpd_", "non_smtpd_", "milter_", "my", "queue_directory",
                                  "compatibility_level", "mail_owner", "inet_", "alias_",
                                  "command_dir", "daemon_dir", "data_directory"}))
        return import_source::postfix;
    return std::nullopt;
}

} // namespace

std::string_view name_of(import_source from) noexcept {
    return source_names[static_cast<std::size_t>(from)];
}

std::optional<import_source> import_source_of(std::string_view name) noexcept {
    auto const* const found = std::find(std::begin(source_names), std::end(source_names), name);
    if (found == std::end(source_names)) return std::nullopt;
    return static_cast<import_source>(found - std::begin(source_names));
}

std::optional<import_source> guess_source(std::string_view text) {
    while (!text.empty()) {
        auto const end = std::min(text.find('\n'), text.size());
        auto const line = trimmed(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty() || line.front() == '#') continue;
        if (auto const found = source_of_line(line)) return found;
    }
    return std::nullopt;
}

import_result import_setup(std::string_view text, std::string_view file, import_source from) {
    import_result made;
    if (text.size() > import_size_limit) return made;
    auto all = read(text, from);
    if (!all.understood) return made;
    find_conflicts(all);
    made.understood = true;
    made.complete = !loses_something(all);
    made.toml =
        to_toml(all, file, "Made by milter-manager import --from " + std::string(name_of(from)));
    made.remarks = remark_lines(all, file);
    return made;
}

} // namespace milter::manager
