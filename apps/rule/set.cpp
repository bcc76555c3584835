// SPDX-License-Identifier: BSL-1.0
// rule/set.cpp
#include "rule/set.hpp"

#include "rule/domain_set.hpp"
#include "rule/lookup_table.hpp"
#include "rule/mail_set.hpp"
#include "rule/match.hpp"
#include "rule/name_table.hpp"
#include "rule/prefix_set.hpp"
#include <milter/wire/describe.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace milter::rule {

/// Only what belongs to the kind has entries.
struct set::content {
    set_kind kind{};
    std::size_t size = 0;
    prefix_set addresses;
    domain_set domains;
    mail_set mail;
    name_table texts;
    pattern_list patterns;
    std::vector<time_window> windows;
    std::optional<lookup_table> table; // then nothing else has
};

set::set(std::shared_ptr<content const> of) noexcept : content_(std::move(of)) {}

set::set(set_kind kind, lookup_table table) {
    auto made = std::make_shared<content>();
    made->kind = kind;
    made->size = table.size();
    made->table = std::move(table);
    content_ = std::move(made);
}

set_kind set::kind() const noexcept { return content_->kind; }
std::size_t set::size() const noexcept { return content_->size; }

bool set::has(ip const& address) const noexcept {
    if (content_->kind != set_kind::addresses) return false;
    if (content_->table) return content_->table->has(address);
    return content_->addresses.find(address).has_value();
}

bool set::has_domain(std::string_view normal) const noexcept {
    if (content_->kind != set_kind::domains) return false;
    if (content_->table) return content_->table->has_domain(normal);
    return content_->domains.has(normal) || content_->patterns.any_match(normal);
}

bool set::has_mail(mail_address const& address) const noexcept {
    if (content_->kind != set_kind::mail) return false;
    if (content_->table) return content_->table->has_mail(address);
    return content_->mail.has(address) || content_->patterns.any_match(address.whole);
}

bool set::has_text(std::string_view text) const noexcept {
    if (content_->kind != set_kind::text) return false;
    if (content_->table) return content_->table->has_text(text);
    return content_->texts.find(text).has_value() || content_->patterns.any_match(text);
}

bool set::has_time(int weekday, int minute_of_day) const noexcept {
    auto const& windows = content_->windows;
    return std::any_of(windows.begin(), windows.end(), [&](time_window const& one) {
        return contains(one, weekday, minute_of_day);
    });
}

namespace {

constexpr std::string_view blanks = " \t\r";

bool is_blank(char c) noexcept { return blanks.find(c) != blanks.npos; }

/// An entry, and where it stands.
struct entry_place {
    std::string_view text;
    std::size_t line = 1, column = 1;
};

entry_place trimmed(entry_place entry) noexcept {
    while (!entry.text.empty() && is_blank(entry.text.front())) {
        entry.text.remove_prefix(1);
        ++entry.column;
    }
    while (!entry.text.empty() && is_blank(entry.text.back())) entry.text.remove_suffix(1);
    return entry;
}

std::string_view without_comment(std::string_view entry) noexcept {
    for (std::size_t i = 1; i < entry.size(); ++i)
        if (entry[i] == '#' && is_blank(entry[i - 1])) return entry.substr(0, i);
    return entry;
}

/// What sets of mail addresses have for "*@example.com", "*@*.example.com", "user@*". Empty: that has no star.
std::string without_stars(std::string_view entry) {
    auto const at = entry.rfind('@');
    if (at == entry.npos || entry.find('*') == entry.npos) return {};
    auto local = entry.substr(0, at), domain = entry.substr(at + 1);
    if (local == "*") local = {};
    if (domain.starts_with('*')) domain.remove_prefix(1);
    bool const is_one_part =
        local.empty() != domain.empty(); // a user below a domain cannot be said
    if (!is_one_part || local.find('*') != local.npos || domain.find('*') != domain.npos) return {};
    return domain.starts_with('.') ? std::string(domain)
                                   : std::string(local) + '@' + std::string(domain);
}

bool takes_patterns(set_kind kind) noexcept {
    return kind == set_kind::domains || kind == set_kind::mail || kind == set_kind::text;
}

/// What stands between the slashes of /pattern/ and /pattern/i.
std::optional<std::string_view> pattern_in(std::string_view entry) noexcept {
    if (entry.size() >= 3 && entry.ends_with("/i")) entry.remove_suffix(1);
    if (entry.size() < 3 || entry.front() != '/' || entry.back() != '/') return std::nullopt;
    return entry.substr(1, entry.size() - 2);
}

} // namespace

class set_builder {
public:
    explicit set_builder(set_kind kind) : made_(std::make_shared<set::content>()) {
        made_->kind = kind;
    }

    void add(entry_place const& entry) {
        if (problems_.size() >= most_problems) return;
        auto const pattern = takes_patterns(made_->kind) ? pattern_in(entry.text) : std::nullopt;
        pattern ? add_pattern(entry, *pattern) : add_plain(entry);
        ++made_->size;
    }

    set_result take() && {
        if (!problems_.empty()) return {std::nullopt, std::move(problems_)};
        made_->addresses.build();
        made_->patterns.build();
        return {set(std::move(made_)), {}};
    }

private:
    void fail(entry_place const& entry, std::size_t offset, std::string message, std::string hint) {
        problems_.push_back(
            {entry.line, entry.column + offset, std::move(message), std::move(hint)});
    }

    void add_pattern(entry_place const& entry, std::string_view text) {
        if (made_->patterns.size() == most_listed_patterns)
            return fail(entry, 0, "more than " + std::to_string(most_listed_patterns) + " patterns",
                        "names that are looked up as they are may be as many as you like");
        pattern_flags flags;
        flags.ignore_case = true;
        flags.memory = listed_pattern_memory;
        auto compiled = pattern::compile(text, flags);
        if (compiled.value) return made_->patterns.add(std::move(*compiled.value));
        fail(entry, 1 + compiled.offset.value_or(0), std::move(compiled.problem),
             "patterns are those of RE2");
    }

    void add_plain(entry_place const& entry) {
        switch (made_->kind) {
        case set_kind::addresses: return add_prefix(entry);
        case set_kind::domains: return add_domain(entry);
        case set_kind::mail: return add_mail(entry);
        case set_kind::text: made_->texts[entry.text] = 1; return;
        case set_kind::windows: return add_window(entry);
        }
    }

    void add_prefix(entry_place const& entry) {
        auto parsed = parse_prefix(entry.text);
        if (parsed.value) return made_->addresses.add(*parsed.value, 0);
        fail(entry, 0, std::move(parsed.problem),
             "write an address or a prefix, like 192.0.2.0/24 or 2001:db8::/32");
    }

    void add_domain(entry_place const& entry) {
        auto const bad = entry.text.find_first_of(" \t@/");
        if (bad == entry.text.npos && made_->domains.add(entry.text)) return;
        fail(entry, bad == entry.text.npos ? 0 : bad, wire::quoted(entry.text) + " is not a domain",
             "write example.com, .example.com for all names under it, or /pattern/");
    }

    void add_mail(entry_place const& entry) {
        if (made_->mail.add(entry.text)) return;
        auto const meant = without_stars(entry.text);
        fail(entry, 0, wire::quoted(entry.text) + " is not a mail address",
             meant.empty()
                 ? "write user@example.com, example.com, .example.com, user@, <> or /pattern/"
                 : "did you mean " + wire::quoted(meant) + "?");
    }

    void add_window(entry_place const& entry) {
        auto parsed = parse_time_window(entry.text);
        if (parsed.value) return made_->windows.push_back(*parsed.value);
        fail(entry, parsed.offset, std::move(parsed.problem), {});
    }

    std::shared_ptr<set::content> made_;
    std::vector<entry_problem> problems_;
};

set_result parse_set(set_kind kind, std::vector<std::string_view> const& entries) {
    set_builder builder(kind);
    for (std::size_t i = 0; i < entries.size(); ++i) builder.add(trimmed({entries[i], i + 1, 1}));
    return std::move(builder).take();
}

set_result parse_set_text(set_kind kind, std::string_view text) {
    set_builder builder(kind);
    for (std::size_t line = 1; !text.empty(); ++line) {
        auto const end = std::min(text.find('\n'), text.size());
        auto entry = trimmed({text.substr(0, end), line, 1});
        text.remove_prefix(std::min(end + 1, text.size()));
        bool const whole = kind == set_kind::text || entry.text.starts_with('/');
        if (!whole) entry = trimmed({without_comment(entry.text), entry.line, entry.column});
        if (!entry.text.empty() && entry.text.front() != '#') builder.add(entry);
    }
    return std::move(builder).take();
}

} // namespace milter::rule
