// SPDX-License-Identifier: BSL-1.0
// manager/doctor/listener_examination.cpp - whether the MTA gets at the sockets of the manager
#include "manager/doctor/asked_milters.hpp"
#include "manager/doctor/examination.hpp"
#include "manager/doctor/mta_spelling.hpp"

#include <cerrno>

namespace milter::manager::doctor {

namespace {

constexpr auto no_milters =
    "it takes the manager for failed: milter_default_action says what becomes of mail";

/// Who looks is not who will own it.
std::string managers_user(facts const& what) {
    return what.is_roots_view ? std::string(usual_user) : what.user;
}

std::string folder_line(facts const& what, std::string const& folder) {
    return "install -d -o " + managers_user(what) + " -g " + what.mta_user + " -m 0750 " + folder;
}

/// A socket below the queue directory, and what leads there, in a chroot and without.
std::vector<std::string> below_queue(facts const& what) {
    auto const folder = queue_folder(what.postfix) + "milter-manager";
    std::vector<std::string> lines{folder_line(what, folder),
                                   "# [[listen]] in milter-manager.toml:",
                                   "socket = \"unix:" + folder + "/mta.sock\"",
                                   "mode = \"0660\"",
                                   "group = \"" + what.mta_user + '"',
                                   "systemctl restart milter-manager"};
    auto const ask = lines_to_ask_manager("unix:milter-manager/mta.sock", what);
    lines.insert(lines.end(), ask.begin(), ask.end());
    return lines;
}

/// A folder is for who owns it to open: one of another is left alone.
std::vector<std::string> way_in(obstacle const& at, facts const& what) {
    auto const& mta = what.mta_user;
    if (at.is_socket)
        return {"# its [[listen]] in milter-manager.toml:", "mode = \"0660\"",
                "group = \"" + mta + '"'};
    if (at.is_off_limits || at.owner != managers_user(what)) return below_queue(what);
    constexpr unsigned for_group = 0750;
    if ((at.mode & for_group) == for_group) return {"chgrp " + mta + ' ' + at.path};
    return {"chgrp " + mta + ' ' + at.path, "chmod g+x " + at.path};
}

/// A folder in Postfix's is nobody's to make but the administrator's.
std::vector<std::string> way_to_missing(obstacle const& at, facts const& what) {
    if (at.is_socket || !at.path.starts_with(queue_folder(what.postfix)))
        return {"systemctl status milter-manager"};
    return {folder_line(what, at.path), "systemctl restart milter-manager"};
}

void examine_one(facts const& what, std::size_t place, finding_list& to) {
    auto const& asked = what.settings->listens[place];
    auto const name = "listener " + to_string(asked.socket);
    if (asked.socket.family != endpoint::kind::unix_path) return;
    if (!spelling_for(asked.socket, what.postfix))
        return to.add(weight::problem,
                      name + ": smtpd runs in a chroot and sees nothing outside of " +
                          queue_folder(what.postfix),
                      no_milters, below_queue(what));
    auto const& seen = what.listeners[place];
    if (seen.barred && seen.barred->error == 0) {
        auto const* const verb = seen.barred->is_socket ? " may not write to " : " may not pass ";
        return to.add(weight::problem,
                      name + ": user " + what.mta_user + verb + describe(*seen.barred), no_milters,
                      way_in(*seen.barred, what));
    }
    if (seen.barred && seen.barred->error == EACCES)
        return to.add(weight::note, name + " cannot be looked at: " + describe(*seen.barred),
                      "whether " + what.mta_user + " gets there is not known; root can see it");
    if (seen.barred)
        return to.add(weight::warning, name + " is not there: " + describe(*seen.barred),
                      "the manager does not run, or listens elsewhere",
                      way_to_missing(*seen.barred, what));
    to.add(weight::right, name + ": user " + what.mta_user + " gets there");
}

} // namespace

std::vector<finding> examine_listeners(facts const& what) {
    finding_list found("listeners");
    if (what.mta_user.empty()) return {};
    for (std::size_t i = 0; i < what.listeners.size(); ++i) examine_one(what, i, found);
    return found.take();
}

} // namespace milter::manager::doctor
