// SPDX-License-Identifier: BSL-1.0
// manager/config/config_value.cpp - each kind of field: how it is read, written, and called
#include "manager/config/config_value.hpp"

#include "manager/config/config_choice.hpp"
#include "manager/config/config_number.hpp"
#include "manager/config/config_socket.hpp"
#include "manager/config/config_text.hpp"
#include "manager/config/toml_text.hpp"

#include <algorithm>
#include <span>
#include <type_traits>

namespace milter::manager {

namespace {

constexpr std::uint64_t most_unsigned = std::numeric_limits<unsigned>::max();

// By the order of the enumerators.
constexpr std::string_view on_error_names[] = {"tempfail", "accept", "reject", "quarantine",
                                               "shutdown"};
constexpr std::string_view on_internal_error_names[] = {"tempfail", "reject", "shutdown"};
constexpr std::string_view header_rules_names[] = {"auto", "postfix", "sendmail"};
constexpr std::string_view balance_names[] = {"fail_over", "round_robin"};
constexpr std::string_view late_rcpt_reject_names[] = {"message", "delete_recipient", "ignore"};
constexpr std::string_view milter_mode_names[] = {"enforce", "evaluate"};
constexpr std::string_view sample_key_names[] = {"client.address", "sender.address",
                                                 "sender.domain", "session"};

constexpr words names_of(on_error) { return on_error_names; }
constexpr words names_of(on_internal_error) { return on_internal_error_names; }
constexpr words names_of(header_rules_setting) { return header_rules_names; }
constexpr words names_of(balance) { return balance_names; }
constexpr words names_of(late_rcpt_reject) { return late_rcpt_reject_names; }
constexpr words names_of(milter_mode) { return milter_mode_names; }
constexpr words names_of(sample_key) { return sample_key_names; }

/// Those of config_rule_value.hpp.
template <class Kind>
concept rule_kind = requires(Kind kind) {
    called(kind);
};

struct assigner {
    raw_value const& value;
    range allowed;

    refusal operator()(bool* to) const {
        auto const* given = std::get_if<bool>(&value);
        if (!given) return not_a("true or false", value);
        *to = *given;
        return {};
    }
    refusal operator()(std::optional<bool>* to) const {
        bool given = false;
        auto refused = (*this)(&given);
        if (!refused) *to = given;
        return refused;
    }
    refusal operator()(unsigned* to) const {
        std::size_t given = *to;
        auto refused =
            assign_count(given, value, {allowed.least, std::min(allowed.most, most_unsigned)});
        *to = static_cast<unsigned>(given);
        return refused;
    }
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
        if (refused)
            add_auto(refused->hint);
        else
            *to = given;
        return refused;
    }
    static void add_auto(std::string& hint) {
        constexpr std::string_view other = R"(, or "auto")";
        if (!hint.empty()) hint.insert(hint.size() - (hint.ends_with('?') ? 1 : 0), other);
    }
    refusal operator()(endpoint* to) const {
        std::string text;
        if (auto refused = get_text("a socket", value, text, socket_form)) return refused;
        return assign_socket(*to, text);
    }
    refusal operator()(spelled_socket f) const {
        std::string text;
        if (auto refused = get_text("a socket", value, text, socket_form)) return refused;
        if (auto refused = assign_socket(*f.to, text)) return refused;
        *f.spelled = std::move(text);
        return {};
    }
    template <class Enum>
    requires std::is_enum_v<Enum> refusal operator()(Enum* to) const {
        std::size_t found = 0;
        auto refused = assign_choice(found, value, names_of(Enum{}));
        if (!refused) *to = static_cast<Enum>(found);
        return refused;
    }
    refusal operator()(byte_size f) const { return assign_size(*f.to, value, allowed); }
    refusal operator()(percentage f) const { return assign_percentage(*f.to, value); }
    refusal operator()(octal_mode f) const { return assign_mode(*f.to, value); }
    refusal operator()(milter_name f) const { return assign_milter_name(*f.to, value); }
    refusal operator()(profile_name f) const { return assign_name(*f.to, value); }
    refusal operator()(name_list f) const { return assign_names(*f.to, value); }
    refusal operator()(group_name f) const { return assign_group(*f.to, value); }
    refusal operator()(absolute_path f) const { return assign_path(*f.to, value); }
    refusal operator()(log_file f) const { return assign_log_file(*f.to, value); }
    refusal operator()(socket_list f) const { return assign_sockets(*f.to, value); }
    refusal operator()(macro_names f) const { return assign_macros(*f.to, value); }
    refusal operator()(own_duration f) const { return read_value(f, value, allowed); }
    template <rule_kind Kind> refusal operator()(Kind f) const { return read_value(f, value); }
};

/// Of a field that is not set: nothing.
std::string set_text(std::string const& text) {
    return text.empty() ? std::string() : toml_text(text);
}

struct formatter {
    std::string operator()(bool const* from) const { return *from ? "true" : "false"; }
    std::string operator()(std::optional<bool> const* from) const {
        return *from ? (*this)(&**from) : "";
    }
    std::string operator()(unsigned const* from) const { return std::to_string(*from); }
    std::string operator()(std::size_t const* from) const { return std::to_string(*from); }
    std::string operator()(proto::duration* from) const { return toml_text(duration_text(*from)); }
    std::string operator()(std::optional<proto::duration>* from) const {
        return *from ? toml_text(duration_text(**from)) : R"("auto")";
    }
    std::string operator()(endpoint* from) const {
        return *from == endpoint{} ? "" : toml_text(to_string(*from));
    }
    std::string operator()(spelled_socket f) const {
        return f.spelled->empty() ? (*this)(f.to) : toml_text(*f.spelled);
    }
    template <class Enum>
    requires std::is_enum_v<Enum> std::string operator()(Enum* from) const {
        return toml_text(names_of(*from)[static_cast<std::size_t>(*from)]);
    }
    std::string operator()(byte_size f) const { return toml_text(size_text(*f.to)); }
    std::string operator()(percentage f) const { return toml_text(percentage_text(*f.to)); }
    std::string operator()(octal_mode f) const {
        if (!*f.to) return {};
        auto const digit = [&](unsigned shift) {
            return static_cast<char>('0' + (**f.to >> shift & 7));
        };
        return toml_text(std::string{'0', digit(6), digit(3), digit(0)});
    }
    std::string operator()(milter_name f) const { return set_text(*f.to); }
    std::string operator()(profile_name f) const { return set_text(*f.to); }
    std::string operator()(name_list f) const { return toml_list(*f.to); }
    std::string operator()(group_name f) const { return set_text(*f.to); }
    std::string operator()(absolute_path f) const { return set_text(*f.to); }
    std::string operator()(log_file f) const { return toml_text(f.to->empty() ? "-" : *f.to); }
    std::string operator()(socket_list f) const {
        std::string out;
        for (auto const& one : *f.to) (out += out.empty() ? "" : ", ") += toml_text(to_string(one));
        return f.to->size() > 1 ? "[" + out + "]" : out;
    }
    std::string operator()(macro_names f) const { return set_text(*f.to); }
    template <rule_kind Kind> std::string operator()(Kind f) const { return written(f); }
};

struct type_namer {
    std::string operator()(bool*) const { return "true or false"; }
    std::string operator()(std::optional<bool>*) const { return "true or false"; }
    std::string operator()(unsigned*) const { return "number"; }
    std::string operator()(std::size_t*) const { return "number"; }
    std::string operator()(proto::duration*) const { return "duration"; }
    std::string operator()(std::optional<proto::duration>*) const {
        return R"(duration or "auto")";
    }
    std::string operator()(endpoint*) const { return "socket"; }
    std::string operator()(spelled_socket) const { return "socket"; }
    template <class Enum>
    requires std::is_enum_v<Enum> std::string operator()(Enum*) const {
        return choice_of(names_of(Enum{}));
    }
    std::string operator()(byte_size) const { return "size"; }
    std::string operator()(percentage) const { return "percentage"; }
    std::string operator()(octal_mode) const { return "octal mode"; }
    std::string operator()(milter_name) const { return "name"; }
    std::string operator()(profile_name) const { return "name"; }
    std::string operator()(name_list) const { return "list of names"; }
    std::string operator()(group_name) const { return "group"; }
    std::string operator()(absolute_path) const { return "path"; }
    std::string operator()(log_file) const { return R"(path or "-")"; }
    std::string operator()(socket_list) const { return "socket or list of sockets"; }
    std::string operator()(macro_names) const { return "macros"; }
    template <rule_kind Kind> std::string operator()(Kind f) const { return called(f); }
};

} // namespace

refusal assign(field const& to, raw_value const& value, range allowed) {
    return std::visit(assigner{value, allowed}, to);
}

std::string to_toml(field const& from) { return std::visit(formatter{}, from); }
std::string type_of(field const& what) { return std::visit(type_namer{}, what); }

} // namespace milter::manager
