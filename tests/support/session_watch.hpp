// SPDX-License-Identifier: BSL-1.0
// tests/support/session_watch.hpp - what the MTA is answered, set against what the milters said
//
// A model of what peers see, not of how a session works inside: who let the message pass, who refused it, whose edits
// went upstream. Only what each peer was sent and said counts.
// Source: docs/operations.md, "What a milter's failure means"; statements 129, 153, 211, 255.
#pragma once

#include "manager/core/config.hpp"

#include <support/milter_watch.hpp>
#include <support/mta_watch.hpp>
#include <support/staged_selection.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace support {

namespace manager = milter::manager;

class session_watch {
public:
    using report = std::function<void(std::string const&)>;

    session_watch(std::shared_ptr<manager::config const> config, report fault)
        : mta(fault), config_(std::move(config)), fault_(std::move(fault)) {
        bool const postfix = config_->header_rules == manager::header_rules_setting::postfix;
        for (auto const& one : config_->milters)
            if (one.mode == manager::milter_mode::enforce)
                milters.emplace_back(one.name, postfix, fault_);
        auto const* rules = dynamic_cast<staged_selection const*>(config_->selection.get());
        for (std::size_t k = 0; rules && k < milters.size(); ++k)
            if (rules->choice(k).answer == applicability::no) milters[k].never_applies();
        mta.on_message_end = [this](message_end const& end) { judge(end); };
        mta.on_next_client = [this](wire::command_code code) { next_client(code); };
        mta.on_mail = [this](wire::reply_code code) { judge_mail(code); };
    }
    session_watch(session_watch const&) = delete;
    session_watch& operator=(session_watch const&) = delete;
    ~session_watch() = default;

    mta_watch mta;
    std::vector<milter_watch> milters;
    bool overloaded = false; ///< no milter is asked and no mail taken

    std::size_t accepted() const noexcept { return accepted_; }         ///< messages
    std::size_t edits_passed() const noexcept { return edits_passed_; } ///< to the MTA
    std::size_t deleted_late() const noexcept {
        return deleted_late_;
    } ///< recipients of accepted messages

private:
    void judge(message_end const& end);
    void judge_edits(message_end const& end);
    void judge_acceptance(message_end const& end);
    void judge_recipients(message_end const& end);
    bool was_deleted_late(seen_edit const& sent) const;
    void judge_completeness(message_end const& end);
    void judge_mail(wire::reply_code code);
    void next_client(wire::command_code code);
    bool holds_message(std::size_t k, std::string const& sender) const;

    std::shared_ptr<manager::config const> config_;
    report fault_;
    bool clients_mixed_ = false; ///< the MTA named another client without ending the first
    std::size_t accepted_ = 0, edits_passed_ = 0, deleted_late_ = 0;
};

inline void session_watch::next_client(wire::command_code code) {
    for (auto& one : milters) one.client_over();
    clients_mixed_ = clients_mixed_ || code == wire::command_code::connect;
}

inline void session_watch::judge_mail(wire::reply_code code) {
    bool const taken = code == wire::reply_code::proceed || code == wire::reply_code::accept;
    if (overloaded && taken) fault_("mail is taken by a session that is too many");
}

inline void session_watch::judge(message_end const& end) {
    judge_edits(end);
    if (end.clean && end.accepted() && !clients_mixed_) {
        judge_acceptance(end);
        judge_recipients(end);
        judge_completeness(end);
        ++accepted_;
    }
    for (auto& one : milters) one.message_over();
}

/// Nothing is changed but what somebody wanted who let the message pass.
inline void session_watch::judge_edits(message_end const& end) {
    if (!end.edits.empty() && !end.accepted()) fault_("edits before a refusal");
    edits_passed_ += end.edits.size();
    for (auto const& sent : end.edits) {
        if (sent.what == wire::reply_code::replace_body) continue; // below, as a whole
        bool wanted = was_deleted_late(sent);
        for (std::size_t k = 0; k < milters.size(); ++k) {
            if (sent.what == wire::reply_code::quarantine)
                wanted = wanted || milters[k].quarantines() || holds_message(k, end.sender);
            else
                wanted = wanted || comes_from(sent, milters[k].accepted_edits());
        }
        if (!wanted)
            fault_("an edit of nobody who accepted: " + std::string(wire::name_of(sent.what)) +
                   " " + sent.name + " " + sent.value);
    }
}

/// It failed, and such messages are to be held.
inline bool session_watch::holds_message(std::size_t k, std::string const& sender) const {
    return config_->milters[k].on_error == manager::on_error::quarantine &&
           (!milters[k].lets_pass(sender) || milters[k].uncertain());
}

/// Each milter let the message pass, or may be done without.
inline void session_watch::judge_acceptance(message_end const& end) {
    bool const quarantined =
        !end.edits.empty() && end.edits.back().what == wire::reply_code::quarantine;
    if (overloaded) fault_("a message is accepted by a session that is too many");
    for (std::size_t k = 0; k < milters.size(); ++k) {
        auto const& one = milters[k];
        auto const& name = config_->milters[k].name;
        if (end.sender_is_new && one.refuses(end.sender))
            fault_("accepted although milter " + name + " refused");
        if (one.quarantines() && !quarantined)
            fault_("accepted without the quarantine of milter " + name);
        if (overloaded || !one.applies() || one.lets_pass(end.sender)) continue;
        auto const policy = config_->milters[k].on_error;
        if (one.failed_for_want_of_ours())
            fault_("accepted past milter " + name + " for a shortage of the manager's own");
        if (policy == manager::on_error::quarantine && !quarantined)
            fault_("accepted, not held, past milter " + name);
        if (policy != manager::on_error::quarantine && policy != manager::on_error::accept)
            fault_("accepted past milter " + name);
    }
}

/// Whether a milter that joined late had the recipient taken off.
inline bool session_watch::was_deleted_late(seen_edit const& sent) const {
    for (std::size_t k = 0; k < milters.size(); ++k)
        if (config_->milters[k].late_rcpt_reject == manager::late_rcpt_reject::delete_recipient &&
            sent.what == wire::reply_code::delete_rcpt &&
            milters[k].refused_recipients().contains(sent.name))
            return true;
    return false;
}

/// The message goes to nobody whom a milter refused, unless that is how it is to be.
inline void session_watch::judge_recipients(message_end const& end) {
    for (std::size_t k = 0; k < milters.size(); ++k) {
        auto const policy = config_->milters[k].late_rcpt_reject;
        if (policy == manager::late_rcpt_reject::ignore) continue;
        for (auto const& refused : milters[k].refused_recipients()) {
            if (!end.recipients.contains(refused)) continue;
            ++deleted_late_;
            bool const deleted =
                std::any_of(end.edits.begin(), end.edits.end(), [&](seen_edit const& edit) {
                    return edit.what == wire::reply_code::delete_rcpt && edit.name == refused;
                });
            if (policy == manager::late_rcpt_reject::message || !deleted)
                fault_("accepted for a recipient that milter " + config_->milters[k].name +
                       " refused");
        }
    }
}

/// Nothing that was wanted is lost.
inline void session_watch::judge_completeness(message_end const& end) {
    std::size_t editors = 0, headers = 0, envelope = 0;
    edit_log const* body = nullptr;
    for (auto const& one : milters) {
        if (one.uncertain()) return;
        std::size_t own = 0;
        for (auto const& edit : one.accepted_edits()) {
            own += edit.of_header() ? 1U : 0U;
            envelope += edit.of_envelope() ? 1U : 0U;
        }
        headers += own;
        editors += own > 0 ? 1U : 0U;
        if (replaces_body(one.accepted_edits())) body = &one.accepted_edits();
    }
    std::size_t headers_sent = 0, envelope_sent = 0;
    for (auto const& edit : end.edits) {
        headers_sent += edit.of_header() ? 1U : 0U;
        envelope_sent += edit.of_envelope() && !was_deleted_late(edit) ? 1U : 0U;
    }
    if (editors == 1 && headers_sent != headers) fault_("header edits are lost or made up");
    if (envelope_sent != envelope) fault_("changes of the envelope are lost or made up");
    if (replaces_body(end.edits) != (body != nullptr)) fault_("a new body is lost or made up");
    if (body && without_line_ends(body_of(end.edits)) != without_line_ends(body_of(*body)))
        fault_("the new body is not that of its last author");
}

} // namespace support
