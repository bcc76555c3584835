// SPDX-License-Identifier: BSL-1.0
// rule/hash_table.cpp
#include "rule/hash_table.hpp"

#include "rule/domain.hpp"
#include <milter/wire/describe.hpp>

#include <algorithm>
#include <array>
#include <string>

namespace milter::rule {

namespace {

enum key_value : std::uint32_t { is_new, does_not_count, counts };

bool is_ascii(std::string_view text) noexcept {
    return std::none_of(text.begin(), text.end(), [](char c) { return (c & 0x80) != 0; });
}

/// Domains may be written in Unicode.
std::string normal_key(std::string_view key) {
    if (is_ascii(key)) return std::string(key);
    auto const at = key.rfind('@');
    auto const domain = at == key.npos ? key : key.substr(at + 1);
    auto front = std::string(key.substr(0, key.size() - domain.size()));
    if (domain.starts_with('.')) return front + "." + normal_domain(domain.substr(1));
    return front + normal_domain(domain);
}

} // namespace

class hash_table_reader {
public:
    hash_table_reader(std::string_view text, parent_keys parents, counting_results const& results,
                      table_problems& problems)
        : lines_(text), results_(results), problems_(problems) {
        table_.parents_ = parents;
    }

    hash_table read() {
        while (!problems_.are_too_many() && lines_.next()) read_line();
        return std::move(table_);
    }

private:
    void read_line() {
        auto const key = first_word(lines_.text());
        auto const result = trimmed_left(lines_.text().substr(key.size()));
        if (result.empty())
            return problems_.add(lines_, key.size(),
                                 "no result behind the key " + wire::quoted(key),
                                 "write for example OK behind it");
        auto& value = table_.keys_[normal_key(key)];
        if (value == is_new)
            value = results_.has(result) ? counts : does_not_count; // Postfix: the first counts
    }

    table_lines lines_;
    counting_results const& results_;
    table_problems& problems_;
    hash_table table_;
};

hash_table hash_table::parse(std::string_view text, parent_keys parents,
                             counting_results const& results, table_problems& problems) {
    return hash_table_reader(text, parents, results, problems).read();
}

std::optional<bool> hash_table::find_key(name_table::parts of_key) const noexcept {
    auto const value = keys_.find(of_key);
    return value ? std::optional(*value == counts) : std::nullopt;
}

std::optional<bool> hash_table::find(ip const& address) const noexcept {
    ip_text const text(address);
    auto const separator = address.is_v6 ? ':' : '.';
    for (auto key = text.view();;) {
        if (auto const found = find_key({key})) return found;
        auto const end = key.rfind(separator);
        if (end == key.npos) return std::nullopt;
        key = key.substr(0, end);
        while (key.ends_with(separator)) key.remove_suffix(1);
        if (key.empty()) return std::nullopt;
    }
}

std::optional<bool> hash_table::find_domain(std::string_view normal) const noexcept {
    if (normal.empty()) return std::nullopt;
    // Of a name that is longer than all keys only parents can be there: hostile ones have many.
    auto const longest = keys_.longest();
    if (normal.size() <= longest)
        if (auto const found = find_key({normal})) return found;
    auto from = normal.size() > longest ? normal.size() - longest - 1 : 0;
    for (auto dot = normal.find('.', from); dot != normal.npos; dot = normal.find('.', dot + 1)) {
        auto const parent = normal.substr(dot + 1);
        if (parent.empty()) break;
        if (parents_ != parent_keys::dotted)
            if (auto const found = find_key({parent})) return found;
        if (parents_ != parent_keys::plain)
            if (auto const found = find_key({".", parent})) return found;
    }
    return std::nullopt;
}

std::optional<bool> hash_table::find_mail(mail_address const& address) const noexcept {
    if (address.is_null) return find_key({"<>"});
    std::array<char, longest_local_part> buffer; // NOLINT: unquoted() writes what it gives
    auto const local = unquoted(address.local, buffer);
    auto domain = address.domain;
    std::string converted;
    while (!domain.empty() && domain.back() == '.') domain.remove_suffix(1);
    if (!is_ascii(domain)) domain = converted = normal_domain(domain);
    if (!domain.empty()) {
        if (auto const found = find_key({local, "@", domain})) return found;
        if (auto const found = find_domain(domain)) return found;
    }
    return find_key({local, "@"});
}

std::optional<bool> hash_table::find_text(std::string_view text) const noexcept {
    return find_key({text});
}

} // namespace milter::rule
