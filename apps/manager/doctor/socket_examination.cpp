// SPDX-License-Identifier: BSL-1.0
// manager/doctor/socket_examination.cpp - whether the manager gets at its milters, and what they negotiate
#include "manager/doctor/examination.hpp"

#include <string>
#include <string_view>

namespace milter::manager::doctor {

namespace {

std::string_view meaning_of(on_error what) {
    switch (what) {
    case on_error::tempfail: return "is refused for now";
    case on_error::accept: return "passes without it";
    case on_error::reject: return "is refused for good";
    case on_error::quarantine: return "is held";
    case on_error::shutdown: return "is refused for now, and the client is hung up on";
    }
    return {};
}

std::string consequence(milter_config const& of) {
    if (of.mode == milter_mode::evaluate) return "nothing is evaluated";
    return "mail that it applies to " + std::string(meaning_of(of.on_error));
}

bool is_barred(milter_socket const& one) { return one.barred && one.barred->error == 0; }

/// For the manager's user, who need not be who asked.
bool works(milter_socket const& one) { return one.heard && one.heard->agreed && !is_barred(one); }

/// Where the way is not to be opened.
/// Another one than `now`, which ends with its socket.
std::vector<std::string> other_place(std::string const& milter, std::string_view now) {
    auto const socket_in = [&](std::string const& folder) {
        return "unix:/run/" + folder + '/' + milter + ".sock";
    };
    auto place = socket_in(milter);
    if (now.ends_with(place)) place = socket_in(milter + "-socket");
    return {"# let " + milter +
                " listen in a folder and with a group of its own, and write to its "
                "[[milter]] in milter-manager.toml:",
            "socket = \"" + place + '"'};
}

/// What opens the way: membership where the mode has it, else the mode first.
std::vector<std::string> way_through(obstacle const& at, std::string const& user) {
    constexpr unsigned group_may_pass = 0010, group_may_write = 0020;
    unsigned const wanted = at.is_socket ? group_may_write : group_may_pass;
    std::vector<std::string> lines;
    if ((at.mode & wanted) == 0)
        lines.push_back((at.is_socket ? "chmod g+w " : "chmod g+x ") + at.path);
    lines.push_back("usermod -a -G " + at.group + ' ' + user);
    lines.emplace_back("systemctl restart milter-manager");
    return lines;
}

class examination {
public:
    examination(facts const& what, std::size_t place)
        : facts_(what), milter_(what.settings->milters[place]), sockets_(what.milters[place]) {
        for (auto const& one : sockets_) one_works_ = one_works_ || works(one);
    }

    void examine(finding_list& to) const {
        for (std::size_t i = 0; i < sockets_.size(); ++i) examine(i, to);
    }

private:
    void examine(std::size_t i, finding_list& to) const {
        auto const& one = sockets_[i];
        auto const where = "milter " + milter_.name + " on " + to_string(milter_.sockets[i]);
        if (is_barred(one)) tell_barred(where, *one.barred, to);
        if (one.heard && one.heard->agreed) return tell_agreement(where, *one.heard->agreed, to);
        if (is_barred(one)) return;
        if (one.barred && !one.heard) return tell_missing(where, *one.barred, to);
        if (one.heard) tell_silence(where, *one.heard, to);
    }

    /// It may have other sockets, or not count at all.
    weight how_bad() const {
        bool const matters = !one_works_ && milter_.mode == milter_mode::enforce;
        return matters ? weight::problem : weight::warning;
    }

    std::string why() const {
        return one_works_ ? "it answers on another of its sockets" : consequence(milter_);
    }

    void tell_barred(std::string const& where, obstacle const& at, finding_list& to) const {
        auto const* const verb = at.is_socket ? " may not write to " : " may not pass ";
        auto reason = why();
        if (at.is_socket)
            reason += "; the milter makes the socket at each start, so its umask is to let the "
                      "group write: UMask=0007";
        if (at.is_off_limits)
            reason = why() + "; " + (at.is_socket ? "the socket" : "the folder") +
                     " is not to be opened: move the socket";
        to.add(how_bad(), where + ": user " + facts_.user + verb + describe(at), reason,
               at.is_off_limits ? other_place(milter_.name, where) : way_through(at, facts_.user));
    }

    void tell_missing(std::string const& where, obstacle const& at, finding_list& to) const {
        to.add(how_bad(), where + ": " + describe(at), why(), look());
    }

    void tell_silence(std::string const& where, probe_result const& heard, finding_list& to) const {
        if (!heard.negotiate.empty())
            return to.add(how_bad(), where + " does not negotiate: " + heard.negotiate, why());
        auto reason = why();
        if (heard.connect == boost::system::errc::connection_refused)
            reason = "nobody listens there; " + reason;
        to.add(how_bad(), where + ": " + heard.connect.message(), reason, look());
    }

    /// The name of a milter is often that of its service.
    std::vector<std::string> look() const { return {"systemctl status " + milter_.name}; }

    static void tell_agreement(std::string const& where, proto::agreement const& agreed,
                               finding_list& to) {
        constexpr std::string_view stages[] = {"connect", "helo",           "mail",          "rcpt",
                                               "data",    "end_of_message", "end_of_headers"};
        std::string macros;
        for (std::size_t i = 0; i < agreed.lists.size(); ++i)
            if (agreed.lists[i])
                (macros += macros.empty() ? "" : "; ") +=
                    std::string(stages[i]) + ' ' + *agreed.lists[i];
        to.add(weight::right, where + " answers: version " + std::to_string(agreed.version),
               "actions " + wire::to_string(agreed.actions) + ", steps " +
                   wire::to_string(agreed.steps) + ", macros " +
                   (macros.empty() ? "as the MTA sends them" : macros));
    }

    facts const& facts_;
    milter_config const& milter_;
    std::vector<milter_socket> const& sockets_;
    bool one_works_ = false;
};

} // namespace

std::vector<finding> examine_sockets(facts const& what) {
    finding_list found("sockets");
    if (what.is_roots_view)
        found.add(weight::note, "looked at as root, who may pass every folder",
                  "what the manager's own user may not do is not seen",
                  {"sudo -u milter-manager milter-manager doctor" + what.arguments});
    for (std::size_t i = 0; i < what.milters.size(); ++i)
        if (what.settings->milters[i].enabled) examination(what, i).examine(found);
    return found.take();
}

} // namespace milter::manager::doctor
