// SPDX-License-Identifier: BSL-1.0
// manager/rules/explain_verb.cpp
#include "manager/rules/explain_verb.hpp"

#include "manager/config/config_name_check.hpp"
#include "manager/config/printable.hpp"
#include "manager/core/listener_name.hpp"
#include "manager/rules/course_text.hpp"
#include "manager/rules/given_course.hpp"
#include "manager/rules/given_text.hpp"
#include "manager/rules/logged_mail.hpp"
#include "manager/rules/ready_rules.hpp"
#include "manager/rules/text_file.hpp"
#include <milter/corpus/conversation_json.hpp>

#include <sysexits.h>

#include <algorithm>
#include <utility>

namespace milter::manager {

namespace {

constexpr std::size_t longest_log = std::size_t{1} << 30; // bytes

/// The mail, or why there is none.
struct found_mail {
    logged_mail mail;
    int status = EX_OK;
    std::string problem; ///< lines
};

found_mail no_mail(int status, std::string const& problem) {
    return {{}, status, "milter-manager: " + problem + '\n'};
}

found_mail mail_of_test(std::string const& name, config const& settings) {
    for (auto const& one : settings.tests)
        if (one.name == name) return {{one, {}, {}, 0}, EX_OK, {}};
    return no_mail(EX_NOINPUT, "no test " + in_quotes(name) + "; " +
                                   did_you_mean(name, names_of(settings.tests),
                                                "rules test -v lists them all"));
}

found_mail mail_of_log(rules_request const& request) {
    auto const read = read_text_file(request.log, longest_log);
    if (!read.problem.empty())
        return no_mail(EX_NOINPUT, printable(request.log) + ": " + read.problem);
    auto found = find_in_log(read.text, request.queue_id);
    if (found) return {std::move(*found), EX_OK, {}};
    return no_mail(EX_NOINPUT, printable(request.log) + " has no decision with queue_id " +
                                   in_quotes(request.queue_id));
}

given_fact text_fact(rule::fact which, std::string value) {
    given_fact one;
    one.which = which;
    one.texts.push_back(std::move(value));
    return one;
}

/// At the first listener, and by its profile, where neither is given: as `simulate` has it.
void come_in(test_config& mail, config const& settings) {
    bool const is_said = std::any_of(mail.given.begin(), mail.given.end(), [](auto const& one) {
        return one.which == rule::fact::listener || one.which == rule::fact::profile;
    });
    if (is_said || settings.listens.empty()) return;
    mail.given.push_back(text_fact(rule::fact::listener, first_listener_name(settings)));
    mail.given.push_back(text_fact(rule::fact::profile, settings.listens[0].profile));
}

found_mail mail_for(rules_request const& request, config const& settings) {
    if (!request.test.empty()) return mail_of_test(request.test, settings);
    if (!request.log.empty()) return mail_of_log(request);
    auto made = mail_of(request.given, settings);
    if (made.problem.empty()) come_in(made.mail, settings);
    if (made.problem.empty()) return {{std::move(made.mail), {}, {}, 0}, EX_OK, {}};
    return {{}, EX_DATAERR, made.problem};
}

bool has_milter(config const& settings, std::string const& name) {
    return std::any_of(settings.milters.begin(), settings.milters.end(),
                       [&](auto const& one) { return one.name == name; });
}

/// Of a log: what no message of it has.
constexpr std::string_view log_note =
    "The log has no headers, macros, parameters, loads or answers of lists in DNS: what depends on "
    "them is not known to the rules of today.\n";

/// Of a log: which line it is, and what no line has.
std::string log_text(rules_request const& request, logged_mail const& mail) {
    if (request.log.empty()) return {};
    std::string out;
    if (mail.lines > 1)
        out = std::to_string(mail.lines) + " decisions in the log have the queue_id " +
              printable(request.queue_id) + "; this is the last one, of " +
              printable(mail.outcome.time) + ".\n";
    return out + std::string(log_note);
}

} // namespace

rules_answer explain_mail(rules_request const& request) {
    auto const rules = load_rules(request.config_file);
    if (!rules.settings) return {EX_CONFIG, {}, text_of(rules.problems)};
    auto const& settings = *rules.settings;
    if (!request.milter.empty() && !has_milter(settings, request.milter))
        return {EX_USAGE,
                {},
                "milter-manager: no milter " + in_quotes(request.milter) + "; " +
                    did_you_mean(request.milter, names_of(settings.milters), "check lists them") +
                    '\n'};
    auto const found = mail_for(request, settings);
    if (!found.problem.empty()) return {found.status, {}, found.problem};
    given_course const mail(settings, found.mail.mail, reasons::kept, found.mail.unknown);
    auto const missing = mail.missing();
    course_view const view{settings, mail.course(), request.milter, missing,
                           request.log.empty() ? nullptr : &found.mail};
    if (request.json) return {EX_OK, corpus::to_line(json_of(view)) + '\n', {}};
    return {EX_OK, log_text(request, found.mail) + text_of(view), {}};
}

} // namespace milter::manager
