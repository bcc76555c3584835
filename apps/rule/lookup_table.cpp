// SPDX-License-Identifier: BSL-1.0
// rule/lookup_table.cpp
#include "rule/lookup_table.hpp"

#include "rule/cidr_table.hpp"
#include "rule/pattern_table.hpp"

#include <utility>
#include <variant>

namespace milter::rule {

namespace {

using any_table = std::variant<cidr_table, pattern_table, hash_table>;

any_table parse_any(table_kind kind, std::string_view text, table_options const& options,
                    table_problems& problems) {
    counting_results const results(options.results);
    switch (kind) {
    case table_kind::cidr: return cidr_table::parse(text, results, problems);
    case table_kind::regexp:
        return pattern_table::parse(pattern_syntax::regexp, text, results, problems);
    case table_kind::pcre:
        return pattern_table::parse(pattern_syntax::pcre, text, results, problems);
    case table_kind::texthash: break;
    }
    return hash_table::parse(text, options.parents, results, problems);
}

struct find_ip {
    ip const& address;

    std::optional<bool> operator()(cidr_table const& in) const noexcept { return in.find(address); }
    std::optional<bool> operator()(hash_table const& in) const noexcept { return in.find(address); }
    std::optional<bool> operator()(pattern_table const& in) const noexcept {
        return in.find(ip_text(address).view());
    }
};

struct find_domain {
    std::string_view normal;

    std::optional<bool> operator()(cidr_table const&) const noexcept { return std::nullopt; }
    std::optional<bool> operator()(hash_table const& in) const noexcept {
        return in.find_domain(normal);
    }
    std::optional<bool> operator()(pattern_table const& in) const noexcept {
        return in.find(normal);
    }
};

struct find_mail {
    mail_address const& address;

    std::optional<bool> operator()(cidr_table const&) const noexcept { return std::nullopt; }
    std::optional<bool> operator()(hash_table const& in) const noexcept {
        return in.find_mail(address);
    }
    std::optional<bool> operator()(pattern_table const& in) const noexcept {
        return in.find(address.is_null ? "<>" : address.whole);
    }
};

struct find_text {
    std::string_view text;

    std::optional<bool> operator()(cidr_table const& in) const noexcept {
        auto const address = parse_ip(text);
        return address ? in.find(*address) : std::nullopt;
    }
    std::optional<bool> operator()(hash_table const& in) const noexcept {
        return in.find_text(text);
    }
    std::optional<bool> operator()(pattern_table const& in) const noexcept { return in.find(text); }
};

} // namespace

struct lookup_table::content {
    table_kind kind;
    any_table table;

    template <class Question> bool has(Question const& question) const noexcept {
        return std::visit(question, table).value_or(false);
    }
};

std::optional<table_kind> parse_table_kind(std::string_view name) noexcept {
    if (name == "cidr") return table_kind::cidr;
    if (name == "regexp") return table_kind::regexp;
    if (name == "pcre") return table_kind::pcre;
    if (name == "texthash") return table_kind::texthash;
    return std::nullopt;
}

lookup_table_result lookup_table::parse(table_kind kind, std::string_view text,
                                        table_options const& options) {
    table_problems problems;
    auto table = parse_any(kind, text, options, problems);
    if (!problems.empty()) return {std::nullopt, std::move(problems).take()};
    return {lookup_table(std::make_shared<content const>(content{kind, std::move(table)})), {}};
}

table_kind lookup_table::kind() const noexcept { return content_->kind; }

std::size_t lookup_table::size() const noexcept {
    return std::visit([](auto const& table) { return table.size(); }, content_->table);
}

bool lookup_table::has(ip const& address) const noexcept { return content_->has(find_ip{address}); }

bool lookup_table::has_domain(std::string_view normal) const noexcept {
    return content_->has(find_domain{normal});
}

bool lookup_table::has_mail(mail_address const& address) const noexcept {
    return content_->has(find_mail{address});
}

bool lookup_table::has_text(std::string_view text) const noexcept {
    return content_->has(find_text{text});
}

} // namespace milter::rule
