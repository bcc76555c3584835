// SPDX-License-Identifier: BSL-1.0
// manager/import/postfix.cpp - from main.cf to milters, listeners and profiles
#include "manager/import/postfix.hpp"

#include "manager/config/printable.hpp"
#include "manager/import/main_cf.hpp"
#include "manager/import/socket_name.hpp"
#include "manager/import/spelling.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace milter::manager {

namespace {

constexpr double usual_short = 30; // milter_connect_timeout, milter_command_timeout: seconds
constexpr double usual_long = 300; // milter_content_timeout, seconds

/// Of main.cf, or of one milter in braces.
struct milter_options {
    struct setting {
        std::string text;
        unsigned line = 0;
        bool is_own = false; ///< of one milter, not of all
    };

    setting connect_timeout, command_timeout, content_timeout, default_action;

    setting* find(std::string_view name) noexcept {
        if (name == "connect_timeout") return &connect_timeout;
        if (name == "command_timeout") return &command_timeout;
        if (name == "content_timeout") return &content_timeout;
        return name == "default_action" ? &default_action : nullptr;
    }
};

using milter_list = std::vector<std::size_t>; // places among the milters

class reader {
public:
    explicit reader(std::string_view text) : file_(text) {}

    setup read() {
        all_.understood = file_.size() > 0 && file_.odd_lines().size() <= file_.size();
        for (auto const& odd : file_.odd_lines())
            head().lost(odd.line, "not a parameter: " + in_quotes(odd.text), "see what it is");
        read_directory();
        read_options();
        auto const smtpd = read_list("smtpd_milters");
        auto const local = read_list("non_smtpd_milters");
        if (smtpd.empty() && local.empty())
            head().lost(0, "neither smtpd_milters nor non_smtpd_milters names a milter",
                        "is it the right file?");
        place_listeners(smtpd, local);
        read_macros();
        tell_the_rest();
        return std::move(all_);
    }

private:
    remark_list& head() { return all_.remarks[""]; }

    main_cf::expanded value_of(std::string_view name) {
        auto found = file_.value(name);
        for (auto const& one : found.unknown)
            head().lost(found.line,
                        std::string(name) + ": " + in_quotes('$' + one) + " has no value here",
                        "import the output of postconf, or put it in yourself");
        if (found.is_cut)
            head().lost(found.line, std::string(name) + ": too many names in names, or too long",
                        "import the output of postconf -x");
        return found;
    }

    void read_directory() {
        auto const found = value_of("queue_directory");
        bool const fits = found.text.starts_with('/') && found.text.size() < 64 &&
                          printable(found.text) == found.text;
        if (fits) directory_ = found.text;
        if (!fits)
            head().lost(found.line, "queue_directory " + in_quotes(found.text),
                        directory_ + " is taken");
    }

    void read_options() {
        for (std::string_view const name :
             {"connect_timeout", "command_timeout", "content_timeout", "default_action"}) {
            auto const found = value_of("milter_" + std::string(name));
            *options_.find(name) = {found.text, found.line, false};
        }
        imported_milter any; // what is said of those that are for all is said once
        for_all_ = &head();
        place_options(any, options_);
        for_all_ = &said_already_;
    }

    // ---- milters

    milter_list read_list(std::string_view name) {
        auto const found = value_of(name);
        milter_list list;
        for (auto const element : list_elements(found.text)) {
            if (all_.milters.size() >= import_milter_limit) {
                head().lost(found.line, std::string(name) + " has too many milters",
                            "at most " + std::to_string(import_milter_limit) + " are imported");
                break;
            }
            list.push_back(place_of(element, found.line));
        }
        return list;
    }

    /// The same words are the same milter.
    std::size_t place_of(std::string_view element, unsigned line) {
        auto const [found, is_new] = places_.try_emplace(std::string(element), all_.milters.size());
        if (is_new) all_.milters.push_back(read_milter(element, line));
        return found->second;
    }

    imported_milter read_milter(std::string_view element, unsigned line) {
        imported_milter one;
        one.line = line;
        one.known_as = element;
        auto options = options_;
        auto const words = list_elements(element);
        for (std::size_t i = 1; i < words.size(); ++i)
            read_option(words[i], options, line, one.remarks);
        auto const socket = words.empty() ? std::string_view{} : words[0];
        one.socket = socket_of(socket, {"localhost", directory_, true}, line, one.remarks);
        auto const named = one.socket ? name_of_socket(*one.socket) : socket_name{"unreadable", {}};
        one.name = names_.give(named.name);
        one.about_name = named.about;
        if (one.socket) warn_of_family(*one.socket, line, one.remarks);
        place_options(one, options);
        return one;
    }

    /// Postfix goes through all addresses of a name.
    static void warn_of_family(endpoint const& where, unsigned line, remark_list& remarks) {
        bool const is_name = where.family == endpoint::kind::inet && where.host != "localhost" &&
                             where.host.find_first_not_of("0123456789.") != std::string::npos;
        if (is_name)
            remarks.note(line, "host " + in_quotes(where.host) + ": its IPv4 addresses are tried",
                         "for those of IPv6 write inet6 in place of inet");
    }

    static void read_option(std::string_view word, milter_options& into, unsigned line,
                            remark_list& remarks) {
        auto const equals = word.find('=');
        auto const name = trimmed(word.substr(0, std::min(equals, word.size())));
        auto* const setting = into.find(name);
        if (equals == word.npos || (!setting && name != "protocol"))
            remarks.lost(line, "no setting of a milter: " + in_quotes(word), "see what it is");
        else if (setting)
            *setting = {std::string(trimmed(word.substr(equals + 1))), line, true};
        else
            remarks.note(line, "protocol: the manager negotiates the version with each milter",
                         "nothing has to be set for that here");
    }

    void place_options(imported_milter& one, milter_options const& options) {
        auto& times = one.timeouts;
        times.connect = time_of(options.connect_timeout, usual_short, "connect_timeout", one);
        times.command = time_of(options.command_timeout, usual_short, "command_timeout", one);
        auto const& content = options.content_timeout;
        times.content = time_of(content, usual_long, "content_timeout", one);
        if (times.content)
            times.end_of_message = taken_end(*times.content, "content_timeout", content.line,
                                             remarks_about(content, one));
        auto const& action = options.default_action;
        auto const known = on_error_of(action.text);
        one.on_error = known.value_or(on_error::tempfail);
        if (!known)
            remarks_about(action, one)
                .lost(action.line, "default_action " + in_quotes(action.text) + " is not known",
                      "it is on_error = \"tempfail\": choose one");
    }

    remark_list& remarks_about(milter_options::setting const& given, imported_milter& one) {
        return given.is_own ? one.remarks : *for_all_;
    }

    /// Empty: as usual there, and as by default here.
    std::optional<proto::duration> time_of(milter_options::setting const& given, double usual,
                                           std::string_view name, imported_milter& one) {
        auto const seconds = seconds_of(given.text);
        if (seconds == usual) return std::nullopt;
        return taken_timeout(seconds.value_or(0), name, given.line, remarks_about(given, one));
    }

    // ---- listeners

    void place_listeners(milter_list const& smtpd, milter_list const& local) {
        bool const differ = !local.empty() && !smtpd.empty() && smtpd != local;
        auto& first = all_.listens.emplace_back(listener("mta"));
        first.about = {
            "The directory has to be made first, see docs/operations.md. Then, in main.cf:",
            "  milter_default_action = tempfail"};
        if (!smtpd.empty())
            first.about.emplace_back("  smtpd_milters = unix:milter-manager/mta.sock");
        if (!local.empty() && !differ)
            first.about.emplace_back("  non_smtpd_milters = unix:milter-manager/mta.sock");
        if (!differ) return;
        first.profile = "smtp";
        auto& second = all_.listens.emplace_back(listener("local"));
        second.about = {"For mail of local programs, which went through other milters. In main.cf:",
                        "  non_smtpd_milters = unix:milter-manager/local.sock"};
        second.profile = "local";
        all_.profiles = {{"smtp", names_of(smtpd)}, {"local", names_of(local)}};
    }

    imported_listen listener(std::string const& name) const {
        imported_listen one;
        one.socket.path = directory_ + "/milter-manager/" + name + ".sock";
        one.mode = 0660;
        one.group = "postfix";
        return one;
    }

    /// Each once: a milter that stands in the list twice is asked at its first place.
    std::vector<std::string> names_of(milter_list const& list) const {
        std::vector<std::string> names;
        std::set<std::size_t> seen;
        for (auto const i : list)
            if (seen.insert(i).second) names.push_back(all_.milters[i].name);
        return names;
    }

    // ---- the rest

    void read_macros() {
        using wire::macro_stage;
        constexpr std::pair<std::string_view, macro_stage> keys[] = {
            {"milter_connect_macros", macro_stage::connect},
            {"milter_helo_macros", macro_stage::helo},
            {"milter_mail_macros", macro_stage::mail},
            {"milter_rcpt_macros", macro_stage::rcpt},
            {"milter_data_macros", macro_stage::data},
            {"milter_end_of_header_macros", macro_stage::end_of_headers},
            {"milter_end_of_data_macros", macro_stage::end_of_message},
        };
        remark_list remarks;
        for (auto const& [name, stage] : keys) {
            auto const found = value_of(name);
            all_.macros[static_cast<std::size_t>(stage)] =
                macros_of(found.text, postfix_default(name), name, found.line, remarks);
        }
        auto const unknown = value_of("milter_unknown_command_macros");
        if (!unknown.text.empty())
            remarks.lost(unknown.line, "milter_unknown_command_macros",
                         "milters cannot ask for macros of unknown commands: Postfix sends these "
                         "as long as they stay in main.cf");
        if (!remarks.entries().empty()) all_.remarks["macros"] = std::move(remarks);
    }

    void tell_the_rest() {
        if (all_.milters.empty()) return;
        head().note(0, "master.cf is not read, where -o smtpd_milters=... may name other milters",
                    "give each such service a [[listen]] with a [profile.NAME]");
        auto const maps = value_of("smtpd_milter_maps");
        if (!maps.text.empty())
            head().lost(maps.line, "smtpd_milter_maps: milters by the address of the client",
                        "write a condition, and name it in `when` of its milters");
        auto const protocol = value_of("milter_protocol");
        if (protocol.text != "6")
            head().note(protocol.line, "milter_protocol " + in_quotes(protocol.text),
                        "it should be 6 toward the manager: take it out of main.cf");
        auto const& command = options_.command_timeout;
        if (seconds_of(command.text).value_or(usual_short) < usual_short)
            head().note(command.line, "milter_command_timeout is less than 30s",
                        "the manager answers within 25s: take it out of main.cf");
    }

    main_cf file_;
    setup all_;
    milter_options options_;
    remark_list* for_all_ = nullptr; // for remarks about what all milters have
    remark_list said_already_;
    name_giver names_;
    std::string directory_ = "/var/spool/postfix";
    std::map<std::string, std::size_t> places_;
};

} // namespace

setup read_postfix(std::string_view text) { return reader(text).read(); }

} // namespace milter::manager
