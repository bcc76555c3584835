// SPDX-License-Identifier: BSL-1.0
// manager/postfix_settings.cpp
#include "manager/postfix_settings.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <utility>
#include <vector>

namespace milter::manager {

namespace {

constexpr std::string_view blanks = " \t";

// In our order of stages.
constexpr std::string_view macro_lists[] = {
    "milter_connect_macros",     "milter_helo_macros", "milter_mail_macros",
    "milter_rcpt_macros",        "milter_data_macros", "milter_end_of_header_macros",
    "milter_end_of_data_macros",
};
static_assert(std::size(macro_lists) ==
              std::tuple_size_v<decltype(postfix_settings::milter_macros)>);

constexpr std::string_view others[] = {
    "default_process_limit",
    "milter_connect_timeout",
    "milter_command_timeout",
    "milter_content_timeout",
    "milter_protocol",
    "milter_default_action",
    "milter_macro_defaults",
    "smtpd_milters",
    "non_smtpd_milters",
    "message_size_limit",
    "smtpd_recipient_limit",
    "queue_directory",
    "mail_owner",
};

std::string_view first_line(std::string_view& of) {
    auto const line = of.substr(0, of.find('\n'));
    of.remove_prefix(std::min(line.size() + 1, of.size()));
    return line;
}

std::string_view without_blanks(std::string_view text) {
    auto const first = text.find_first_not_of(blanks);
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// What stands in braces is of one word, with what is `between` words elsewhere. Source: mystrtokq() of Postfix
std::string_view first_word(std::string_view text, std::string_view between) {
    std::size_t depth = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (depth == 0 && between.find(text[i]) != between.npos) return text.substr(0, i);
        if (text[i] == '{') ++depth;
        if (text[i] == '}' && depth > 0) --depth;
    }
    return text;
}

std::vector<std::string_view> words_of(std::string_view text, std::string_view between) {
    std::vector<std::string_view> words;
    for (;;) {
        auto const first = text.find_first_not_of(between);
        if (first == text.npos) return words;
        text.remove_prefix(first);
        words.push_back(first_word(text, between));
        text.remove_prefix(words.back().size());
    }
}

struct setting {
    std::string_view name, value;
};

/// `name=value` or `{ name = value }`; a name may have braces of its own. Empty: there is no `=`.
std::optional<setting> parse_setting(std::string_view word) {
    auto const equals_of = [](std::string_view text) { return first_word(text, "=").size(); };
    if (word.starts_with('{') && word.ends_with('}') && equals_of(word) == word.size())
        word = word.substr(1, word.size() - 2);
    auto const equals = equals_of(word);
    if (equals == word.size()) return std::nullopt;
    return setting{without_blanks(word.substr(0, equals)), without_blanks(word.substr(equals + 1))};
}

template <class Number> std::optional<Number> parse_number(std::string_view text) {
    Number value{};
    auto const [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// ---- main.cf

std::string_view value_of(std::string_view parameters, std::string_view name) {
    while (!parameters.empty()) {
        auto const line = first_line(parameters);
        auto const equals = std::min(line.find('='), line.size());
        if (without_blanks(line.substr(0, equals)) == name && equals < line.size())
            return without_blanks(line.substr(equals + 1));
    }
    return {};
}

proto::duration time_of(std::string_view parameters, std::string_view name) {
    return parse_postfix_time(value_of(parameters, name)).value_or(proto::duration{});
}

// ---- master.cf

struct service {
    std::string_view name, type, chroot, limit, command;
    std::vector<std::string_view> arguments;
};

// Columns of a line of master.cf. Source: master(5)
constexpr std::size_t chroot_column = 4;
constexpr std::size_t limit_column = 6;
constexpr std::size_t command_column = 7;

std::vector<service> services_of(std::string_view text) {
    std::vector<service> all;
    while (!text.empty()) {
        auto const words = words_of(first_line(text), blanks);
        if (words.size() <= command_column || words[0].front() == '#') continue;
        all.push_back({words[0],
                       words[1],
                       words[chroot_column],
                       words[limit_column],
                       words[command_column],
                       {words.begin() + command_column + 1, words.end()}});
    }
    return all;
}

/// What a service has in place of the parameter of main.cf: the last `-o` counts. Empty: nothing, or an empty text.
std::string_view own_value(service const& of, std::string_view parameter) {
    std::string_view value;
    for (std::size_t i = 1; i < of.arguments.size(); ++i) {
        if (of.arguments[i - 1] != "-o") continue;
        auto const one = parse_setting(of.arguments[i]);
        if (one && one->name == parameter) value = one->value;
    }
    return value;
}

/// `smtp`, `25`, also with an address in front: `[::1]:smtp`.
bool is_on_port_smtp(service const& one) {
    auto const colon = one.name.rfind(':');
    auto const port = colon == one.name.npos ? one.name : one.name.substr(colon + 1);
    return one.type == "inet" && (port == "smtp" || port == "25");
}

/// Who answers on the port, or takes over from who does.
std::vector<service> answering_smtpds(std::vector<service> const& all) {
    std::vector<service> found;
    bool has_postscreen = false;
    for (auto const& one : all) {
        if (!is_on_port_smtp(one)) continue;
        if (one.command == "smtpd") found.push_back(one);
        has_postscreen = has_postscreen || one.command == "postscreen";
    }
    for (auto const& one : all)
        if (has_postscreen && one.type == "pass" && one.name == "smtpd") found.push_back(one);
    return found;
}

/// Postfix is installed and not set up: postconf would sleep for a second before it says so. Empty: it is there, or where
/// it is only postconf knows.
std::string missing_main_cf(std::string const& config_directory) {
    std::filesystem::path const folder =
        config_directory.empty() ? "/etc/postfix" : config_directory;
    std::error_code ec;
    bool const is_here = std::filesystem::is_directory(folder, ec);
    auto const file = folder / "main.cf";
    return is_here && !std::filesystem::exists(file, ec) && !ec ? file.string() : std::string();
}

} // namespace

void read_parameters(std::string_view parameters, postfix_settings& into) {
    auto const text = [parameters](std::string_view name) {
        return std::string(value_of(parameters, name));
    };
    for (std::size_t i = 0; i < into.milter_macros.size(); ++i)
        into.milter_macros[i] = tidy_macros(value_of(parameters, macro_lists[i]));
    into.milter_connect_timeout = time_of(parameters, "milter_connect_timeout");
    into.milter_command_timeout = time_of(parameters, "milter_command_timeout");
    into.milter_content_timeout = time_of(parameters, "milter_content_timeout");
    into.milter_protocol = text("milter_protocol");
    into.milter_default_action = text("milter_default_action");
    into.macro_defaults = parse_macro_defaults(value_of(parameters, "milter_macro_defaults"));
    into.smtpd_milters = text("smtpd_milters");
    into.non_smtpd_milters = text("non_smtpd_milters");
    into.message_size_limit =
        parse_number<std::uint64_t>(value_of(parameters, "message_size_limit")).value_or(0);
    into.smtpd_recipient_limit =
        parse_number<std::uint64_t>(value_of(parameters, "smtpd_recipient_limit")).value_or(0);
    into.queue_directory = text("queue_directory");
    into.mail_owner = text("mail_owner");
}

void read_services(std::string_view services, postfix_settings& into) {
    auto const all = services_of(services);
    for (auto const& one : answering_smtpds(all))
        into.smtpd_in_chroot = into.smtpd_in_chroot || one.chroot == "y";
    auto const note = [](service const& one, std::string_view parameter, auto& to) {
        if (auto const own = own_value(one, parameter); !own.empty())
            to.push_back({std::string(one.name), std::string(own)});
    };
    for (auto const& one : all) {
        if (one.command == "smtpd") note(one, "smtpd_milters", into.service_milters);
        if (one.command == "cleanup") note(one, "non_smtpd_milters", into.cleanup_milters);
    }
}

unsigned smtpd_process_limit(std::string_view services, unsigned default_limit) {
    std::uint64_t sum = 0;
    for (auto const& one : answering_smtpds(services_of(services))) {
        auto const limit =
            one.limit == "-" ? default_limit : parse_number<unsigned>(one.limit).value_or(0);
        if (limit == 0) return 0; // any number
        sum += limit;
    }
    return static_cast<unsigned>(std::min<std::uint64_t>(sum, UINT32_MAX));
}

std::optional<proto::duration> parse_postfix_time(std::string_view text) {
    struct {
        char letter;
        unsigned seconds;
    } const units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86'400}, {'w', 604'800}};
    unsigned factor = 1;
    for (auto const& unit : units)
        if (!text.empty() && text.back() == unit.letter) {
            factor = unit.seconds;
            text.remove_suffix(1);
            break;
        }
    auto const number = parse_number<std::uint32_t>(text);
    constexpr std::uint64_t most = INT32_MAX; // Postfix keeps an int
    if (!number || std::uint64_t{*number} * factor > most) return std::nullopt;
    return std::chrono::seconds(std::uint64_t{*number} * factor);
}

std::string tidy_macros(std::string_view names) {
    std::vector<std::string> all;
    for (auto word : words_of(names, " \t\r\n,")) {
        if (word.size() > 2 && word.front() == '{' && word.back() == '}')
            word = word.substr(1, word.size() - 2);
        auto name = word.size() == 1 ? std::string(word) : '{' + std::string(word) + '}';
        if (std::find(all.begin(), all.end(), name) == all.end()) all.push_back(std::move(name));
    }
    std::string text;
    for (auto const& one : all) text += (text.empty() ? "" : " ") + one;
    return text;
}

std::vector<macro_default> parse_macro_defaults(std::string_view list) {
    std::vector<macro_default> all;
    for (auto const word : words_of(list, " \t\r\n,"))
        if (auto const one = parse_setting(word); one && !one->name.empty())
            all.push_back({tidy_macros(one->name), std::string(one->value)});
    return all;
}

postfix_settings read_postfix_settings(postfix_query const& query) {
    postfix_settings read;
    read.config_directory = query.config_directory;
    auto const program = query.postconf.empty() ? find_program("postconf") : query.postconf;
    if (program.empty()) {
        read.problem = "there is no postconf on this machine";
        return read;
    }
    auto const missing =
        query.postconf.empty() ? missing_main_cf(query.config_directory) : std::string();
    if (!missing.empty()) {
        read.problem = "there is no " + missing;
        return read;
    }
    std::vector<std::string> ask{program};
    if (!query.config_directory.empty()) ask.insert(ask.end(), {"-c", query.config_directory});
    auto limits = query.limits;
    limits.time /= 2;
    auto ask_services = ask;
    ask_services.insert(ask_services.end(), {"-M", "-x"});
    ask.emplace_back("-x");
    ask.insert(ask.end(), std::begin(macro_lists), std::end(macro_lists));
    ask.insert(ask.end(), std::begin(others), std::end(others));
    auto const parameters = output_of(ask, limits);
    auto const services = parameters.problem.empty() ? output_of(ask_services, limits) : parameters;
    if (!services.problem.empty()) {
        read.problem = program + ": " + services.problem;
        return read;
    }
    read.found = true;
    read_parameters(parameters.text, read);
    read_services(services.text, read);
    auto const by_default =
        parse_number<unsigned>(value_of(parameters.text, "default_process_limit"));
    read.smtpd_process_limit = smtpd_process_limit(services.text, by_default.value_or(0));
    return read;
}

unsigned stress_threshold(postfix_settings const& settings) noexcept {
    return static_cast<unsigned>(std::uint64_t{settings.smtpd_process_limit} * 3 / 4);
}

} // namespace milter::manager
