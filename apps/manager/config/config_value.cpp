// SPDX-License-Identifier: BSL-1.0
// manager/config/config_value.cpp - numbers with units, choices, names, paths
#include "manager/config/config_value.hpp"

#include "manager/config/config_socket.hpp"
#include "manager/config/printable.hpp"
#include "manager/config/suggestion.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <type_traits>

namespace milter::manager {

namespace {

using refusal = std::optional<complaint>;

struct unit {
    std::string_view name;
    std::uint64_t factor;
};

constexpr unit durations[] = {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}};
constexpr unit sizes[] = {{"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};

constexpr std::string_view duration_form =
    R"(a duration is a whole number with a unit: "500ms", "3s", "2m", "1h")";
constexpr std::string_view size_form =
    R"(a size is a number of bytes, or text with a unit: 65536, "64KiB", "16MiB", "1GiB")";

// By the order of the enumerators.
constexpr std::string_view on_error_names[] = {"tempfail", "accept", "reject", "quarantine",
                                               "shutdown"};
constexpr std::string_view on_internal_error_names[] = {"tempfail", "reject", "shutdown"};
constexpr std::string_view header_rules_names[] = {"auto", "postfix", "sendmail"};

constexpr std::span<std::string_view const> names_of(on_error) { return on_error_names; }
constexpr std::span<std::string_view const> names_of(on_internal_error) {
    return on_internal_error_names;
}
constexpr std::span<std::string_view const> names_of(header_rules_setting) {
    return header_rules_names;
}

/// "a, b or c"
std::string list_of(std::span<std::string_view const> names) {
    std::string out;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (i > 0) out += i + 1 == names.size() ? " or " : ", ";
        (out += '"') += names[i];
        out += '"';
    }
    return out;
}

std::string describe(raw_value const& value) {
    struct {
        std::string operator()(other_value v) const { return std::string(v.what); }
        std::string operator()(bool v) const { return v ? "true" : "false"; }
        std::string operator()(std::int64_t v) const { return "the number " + std::to_string(v); }
        std::string operator()(std::string const& v) const { return "the text " + in_quotes(v); }
        std::string operator()(std::vector<std::string> const&) const { return "an array"; }
    } words;
    return std::visit(words, value);
}

complaint not_a(std::string_view expected, raw_value const& value, std::string_view hint = {}) {
    return {"expected " + std::string(expected) + ", not " + describe(value), std::string(hint)};
}

// ---- numbers -------------------------------------------------------------------------------------------------

using number_text = std::string (*)(std::uint64_t);

refusal check_range(std::uint64_t value, range allowed, number_text text) {
    if (value < allowed.least)
        return complaint{text(value) + " is too small: at least " + text(allowed.least), {}};
    if (value > allowed.most)
        return complaint{text(value) + " is too large: at most " + text(allowed.most), {}};
    return {};
}

std::string count_text(std::uint64_t value) { return std::to_string(value); }

template <class Number> refusal assign_count(Number& to, raw_value const& value, range allowed) {
    auto const* number = std::get_if<std::int64_t>(&value);
    if (!number) {
        auto const* text = std::get_if<std::string>(&value);
        bool const digits =
            text && !text->empty() && text->find_first_not_of("0123456789") == text->npos;
        return not_a("a number", value, digits ? "leave out the quotes" : "");
    }
    if (*number < 0) return complaint{std::to_string(*number) + " is negative", {}};
    auto const count = static_cast<std::uint64_t>(*number);
    if (auto refused = check_range(count, allowed, count_text)) return refused;
    to = static_cast<Number>(count);
    return {};
}

/// What was probably meant by "16MB", "3 sec", "2min".
std::string likely_unit(std::string_view digits, std::string_view wrong,
                        std::span<unit const> units) {
    auto const first = wrong.find_first_not_of(' ');
    if (first == wrong.npos || digits.empty()) return {};
    wrong.remove_prefix(first);
    auto const letter = to_lower(wrong.front());
    bool const milli =
        wrong.size() > 1 && letter == 'm' && (wrong[1] == 's' || wrong.substr(0, 3) == "mil");
    for (auto const& unit : units) {
        if (to_lower(unit.name.front()) != letter || milli != (unit.name == "ms")) continue;
        return "did you mean \"" + std::string(digits) + std::string(unit.name) + "\"?";
    }
    return {};
}

/// Reads `"64KiB"` with one of the units. @return false with `why` set
bool parse_scaled(std::string_view text, std::span<unit const> units, std::string_view form,
                  std::uint64_t& out, complaint& why) {
    auto const digits = text.substr(0, std::min(text.find_first_not_of("0123456789"), text.size()));
    auto const name = text.substr(digits.size());
    auto const found =
        std::find_if(units.begin(), units.end(), [&](unit const& u) { return u.name == name; });
    if (digits.empty() || found == units.end()) {
        auto const hint = likely_unit(digits, name, units);
        why = {"cannot read " + in_quotes(text), hint.empty() ? std::string(form) : hint};
        return false;
    }
    std::uint64_t number = 0;
    auto const [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (ec != std::errc() || number > std::numeric_limits<std::int64_t>::max() / found->factor) {
        why = {in_quotes(text) + " is too large", {}};
        return false;
    }
    out = number * found->factor;
    return true;
}

std::string scaled_text(std::uint64_t value, std::span<unit const> units) {
    auto unit = units.rbegin();
    while (value % unit->factor != 0 || (value == 0 && unit->factor != 1)) ++unit;
    return std::to_string(value / unit->factor) + std::string(unit->name);
}

refusal assign_duration(proto::duration& to, raw_value const& value, range allowed) {
    auto const* text = std::get_if<std::string>(&value);
    if (!text) {
        auto const* number = std::get_if<std::int64_t>(&value);
        auto const hint =
            number ? "did you mean \"" + std::to_string(*number) + "s\"? " : std::string();
        return not_a("a duration", value, hint + std::string(duration_form));
    }
    std::uint64_t milliseconds = 0;
    complaint why;
    if (!parse_scaled(*text, durations, duration_form, milliseconds, why)) return why;
    if (auto refused = check_range(milliseconds, allowed, duration_text)) return refused;
    to = std::chrono::milliseconds(milliseconds);
    return {};
}

refusal assign_size(std::size_t& to, raw_value const& value, range allowed) {
    std::uint64_t bytes = 0;
    complaint why;
    if (auto const* text = std::get_if<std::string>(&value)) {
        if (!parse_scaled(*text, sizes, size_form, bytes, why)) return why;
    } else if (auto const* number = std::get_if<std::int64_t>(&value)) {
        if (*number < 0) return complaint{std::to_string(*number) + " is negative", {}};
        bytes = static_cast<std::uint64_t>(*number);
    } else {
        return not_a("a size", value, size_form);
    }
    if (auto refused = check_range(bytes, allowed, size_text)) return refused;
    to = bytes;
    return {};
}

// ---- texts ---------------------------------------------------------------------------------------------------

/// Gives the text, or the complaint that there is none. Control characters have no place in any of them.
refusal get_text(std::string_view expected, raw_value const& value, std::string& text,
                 std::string_view hint = {}) {
    auto const* given = std::get_if<std::string>(&value);
    if (!given) return not_a(expected, value, hint);
    if (given->empty())
        return complaint{"expected " + std::string(expected) + ", not an empty text",
                         std::string(hint)};
    auto const control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    if (std::any_of(given->begin(), given->end(), control))
        return complaint{"control character in " + in_quotes(*given), {}};
    text = *given;
    return {};
}

template <class Enum> refusal assign_choice(Enum& to, raw_value const& value) {
    auto const names = names_of(Enum{});
    auto const expected = "expected one of " + list_of(names);
    std::string text;
    if (!std::holds_alternative<std::string>(value)) return not_a("a text", value, expected);
    if (auto refused = get_text("a text", value, text, expected)) return refused;
    auto const found = std::find(names.begin(), names.end(), text);
    if (found == names.end()) {
        auto const near = nearest(text, names);
        auto const hint = near.empty() ? "" : "did you mean \"" + std::string(near) + "\"? ";
        return complaint{"unknown value " + in_quotes(text), hint + expected};
    }
    to = static_cast<Enum>(found - names.begin());
    return {};
}

refusal assign_mode(std::optional<unsigned>& to, raw_value const& value) {
    constexpr std::string_view form = R"(a mode is octal digits in quotes: "0660")";
    std::string text;
    if (std::holds_alternative<std::int64_t>(value)) return not_a("a mode", value, form);
    if (auto refused = get_text("a mode", value, text, form)) return refused;
    bool const octal = text.find_first_not_of("01234567") == text.npos;
    if (!octal || text.size() < 3 || text.size() > 4)
        return complaint{"cannot read " + in_quotes(text), std::string(form)};
    unsigned mode = 0;
    for (char c : text) mode = mode * 8 + static_cast<unsigned>(c - '0');
    if (mode > 0777)
        return complaint{in_quotes(text) + " has bits that mean nothing for a socket",
                         std::string(form)};
    to = mode;
    return {};
}

refusal assign_milter_name(std::string& to, raw_value const& value) {
    constexpr std::size_t limit = 64;
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789_.-";
    constexpr std::string_view form = R"(a name has lower-case letters, digits and "_.-")";
    std::string text;
    if (auto refused = get_text("a name", value, text, form)) return refused;
    if (text.size() > limit)
        return complaint{in_quotes(text) + " is longer than " + std::to_string(limit), {}};
    if (text.find_first_not_of(allowed) != text.npos)
        return complaint{"not a name: " + in_quotes(text), std::string(form)};
    if (text == "mta" || text == "manager")
        return complaint{in_quotes(text) + " is taken: logs use it for other things than milters",
                         {}};
    to = text;
    return {};
}

refusal assign_group(std::string& to, raw_value const& value) {
    std::string text;
    if (auto refused = get_text("a group", value, text)) return refused;
    if (text.size() > 32 || text.find_first_of(" :/\t") != text.npos)
        return complaint{"not a group: " + in_quotes(text),
                         "expected the name or the number of a group"};
    to = text;
    return {};
}

refusal assign_path(std::string& to, raw_value const& value) {
    constexpr std::size_t limit = 4095; // bytes: PATH_MAX less its NUL
    std::string text;
    if (auto refused = get_text("a path", value, text)) return refused;
    if (text.front() != '/')
        return complaint{"relative path " + in_quotes(text), "a path begins with \"/\""};
    if (text.size() > limit)
        return complaint{"path of " + std::to_string(text.size()) + " bytes", {}};
    to = text;
    return {};
}

refusal assign_log_file(std::string& to, raw_value const& value) {
    auto const* text = std::get_if<std::string>(&value);
    if (!text || *text != "-") return assign_path(to, value);
    to.clear();
    return {};
}

// ---- macros --------------------------------------------------------------------------------------------------

bool is_macro_name(std::string_view name) noexcept {
    auto const plain = [](char c) {
        return c > ' ' && c < 0x7f && c != '{' && c != '}' && c != ',';
    };
    if (name.size() == 1) return plain(name.front());
    if (name.size() < 3 || name.front() != '{' || name.back() != '}') return false;
    name = name.substr(1, name.size() - 2);
    return std::all_of(name.begin(), name.end(), plain);
}

/// Appends the names in one text. @return the first that is none
std::optional<std::string> append_names(std::vector<std::string>& names, std::string_view text) {
    std::optional<std::string> bad;
    proto::for_each_name(text, [&](std::string_view name) {
        if (!bad && !is_macro_name(name)) bad = name;
        if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
    });
    return bad;
}

refusal assign_macros(std::string& to, raw_value const& value) {
    constexpr std::string_view form =
        R"(macros are written "i {auth_type}" or ["i", "{auth_type}"])";
    auto texts = std::get_if<std::vector<std::string>>(&value);
    auto const* one = std::get_if<std::string>(&value);
    std::vector<std::string> const single = one ? std::vector{*one} : std::vector<std::string>{};
    if (one) texts = &single;
    if (!texts) return not_a("names of macros", value, form);
    std::vector<std::string> names;
    for (auto const& text : *texts) {
        auto const bad = append_names(names, text);
        if (!bad) continue;
        auto const braces = '{' + *bad + '}';
        bool const mended = is_macro_name(braces);
        return complaint{"not a macro: " + in_quotes(*bad),
                         mended ? "did you mean " + in_quotes(braces) + "?" : std::string(form)};
    }
    if (names.empty()) return complaint{"no macro is named", "leave the key out for the default"};
    if (names.size() > proto::max_macro_names)
        return complaint{std::to_string(names.size()) + " macros: Sendmail takes at most " +
                             std::to_string(proto::max_macro_names),
                         {}};
    to.clear();
    for (auto const& name : names) (to += to.empty() ? "" : " ") += name;
    return {};
}

// ---- fields --------------------------------------------------------------------------------------------------

struct assigner {
    raw_value const& value;
    range allowed;

    refusal operator()(bool* to) const {
        auto const* given = std::get_if<bool>(&value);
        if (!given) return not_a("true or false", value);
        *to = *given;
        return {};
    }
    refusal operator()(unsigned* to) const { return assign_count(*to, value, allowed); }
    refusal operator()(std::size_t* to) const { return assign_count(*to, value, allowed); }
    refusal operator()(proto::duration* to) const { return assign_duration(*to, value, allowed); }
    refusal operator()(std::optional<proto::duration>* to) const {
        auto const* text = std::get_if<std::string>(&value);
        if (text && *text == "auto") {
            to->reset();
            return {};
        }
        proto::duration given{};
        auto refused = assign_duration(given, value, allowed);
        if (!refused) *to = given;
        return refused;
    }
    refusal operator()(endpoint* to) const {
        std::string text;
        if (auto refused = get_text("a socket", value, text, socket_form)) return refused;
        return assign_socket(*to, text);
    }
    template <class Enum>
    requires std::is_enum_v<Enum> refusal operator()(Enum* to) const {
        return assign_choice(*to, value);
    }
    refusal operator()(byte_size f) const { return assign_size(*f.to, value, allowed); }
    refusal operator()(octal_mode f) const { return assign_mode(*f.to, value); }
    refusal operator()(milter_name f) const { return assign_milter_name(*f.to, value); }
    refusal operator()(group_name f) const { return assign_group(*f.to, value); }
    refusal operator()(absolute_path f) const { return assign_path(*f.to, value); }
    refusal operator()(log_file f) const { return assign_log_file(*f.to, value); }
    refusal operator()(macro_names f) const { return assign_macros(*f.to, value); }
};

/// The fields hold no control characters.
std::string toml_text(std::string_view text) {
    if (text.empty()) return {};
    std::string out = "\"";
    for (char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

std::string toml_text(proto::duration value) {
    using std::chrono::milliseconds;
    auto const count = std::chrono::duration_cast<milliseconds>(value).count();
    return toml_text(duration_text(static_cast<std::uint64_t>(count)));
}

struct formatter {
    std::string operator()(bool* from) const { return *from ? "true" : "false"; }
    std::string operator()(unsigned* from) const { return std::to_string(*from); }
    std::string operator()(std::size_t* from) const { return std::to_string(*from); }
    std::string operator()(proto::duration* from) const { return toml_text(*from); }
    std::string operator()(std::optional<proto::duration>* from) const {
        return *from ? toml_text(**from) : R"("auto")";
    }
    std::string operator()(endpoint* from) const {
        return *from == endpoint{} ? "" : toml_text(to_string(*from));
    }
    template <class Enum>
    requires std::is_enum_v<Enum> std::string operator()(Enum* from) const {
        return toml_text(names_of(*from)[static_cast<std::size_t>(*from)]);
    }
    std::string operator()(byte_size f) const { return toml_text(size_text(*f.to)); }
    std::string operator()(octal_mode f) const {
        if (!*f.to) return {};
        auto const digit = [&](unsigned shift) {
            return static_cast<char>('0' + (**f.to >> shift & 7));
        };
        return toml_text(std::string{'0', digit(6), digit(3), digit(0)});
    }
    std::string operator()(milter_name f) const { return toml_text(*f.to); }
    std::string operator()(group_name f) const { return toml_text(*f.to); }
    std::string operator()(absolute_path f) const { return toml_text(*f.to); }
    std::string operator()(log_file f) const { return toml_text(f.to->empty() ? "-" : *f.to); }
    std::string operator()(macro_names f) const { return toml_text(*f.to); }
};

struct type_namer {
    std::string operator()(bool*) const { return "true or false"; }
    std::string operator()(unsigned*) const { return "number"; }
    std::string operator()(std::size_t*) const { return "number"; }
    std::string operator()(proto::duration*) const { return "duration"; }
    std::string operator()(std::optional<proto::duration>*) const {
        return R"(duration or "auto")";
    }
    std::string operator()(endpoint*) const { return "socket"; }
    template <class Enum>
    requires std::is_enum_v<Enum> std::string operator()(Enum*) const {
        return list_of(names_of(Enum{}));
    }
    std::string operator()(byte_size) const { return "size"; }
    std::string operator()(octal_mode) const { return "octal mode"; }
    std::string operator()(milter_name) const { return "name"; }
    std::string operator()(group_name) const { return "group"; }
    std::string operator()(absolute_path) const { return "path"; }
    std::string operator()(log_file) const { return R"(path or "-")"; }
    std::string operator()(macro_names) const { return "macros"; }
};

} // namespace

std::optional<complaint> assign(field const& to, raw_value const& value, range allowed) {
    return std::visit(assigner{value, allowed}, to);
}

std::string to_toml(field const& from) { return std::visit(formatter{}, from); }
std::string type_of(field const& what) { return std::visit(type_namer{}, what); }
std::string duration_text(std::uint64_t milliseconds) {
    return scaled_text(milliseconds, durations);
}
std::string size_text(std::uint64_t bytes) { return scaled_text(bytes, sizes); }

} // namespace milter::manager
