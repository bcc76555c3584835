// SPDX-License-Identifier: BSL-1.0
// manager/run.cpp - `milter-manager run`: from the configuration to the last session
#include "manager/run.hpp"

#include "manager/check_command.hpp"
#include "manager/machine.hpp"
#include "manager/mta_settings.hpp"
#include "manager/server.hpp"

#include <boost/system/system_error.hpp>

#include <sys/resource.h>
#include <sysexits.h>

#include <csignal>
#include <iostream>
#include <string>
#include <system_error>
#include <utility>

namespace milter::manager {

namespace {

/// A session needs a descriptor for the MTA and one for each milter.
void raise_descriptor_limit() noexcept {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// No descriptors or threads to be had, not even for a start.
int cannot_serve(std::string const& why) {
    std::cerr << "milter-manager: cannot serve: " << why << '\n';
    return EX_OSERR;
}

} // namespace

int run(options const& options) {
    supervisor const supervisor;
    auto inherited = inherited_sockets::of_environment(); // before anything else is opened
    auto const loaded = load_and_tell(options.config_file, this_machine());
    if (!loaded.config) return EX_CONFIG;
    std::signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();
    auto const& spool = loaded.config->spool;
    if (int const error = this_machine().spool_error(spool)) {
        std::cerr << "milter-manager: " << spool_problem(spool, error) << '\n';
        return EX_CANTCREAT;
    }
    try {
        auto const settings = fitted(loaded.config, read_postfix_settings());
        server one(options, settings, supervisor, std::move(inherited));
        return one.serve();
    } catch (line_writer::cannot_open const& failed) {
        std::cerr << "milter-manager: decision log " << failed.what() << '\n';
        return EX_CANTCREAT;
    } catch (std::system_error const& failed) {
        return cannot_serve(failed.what());
    } catch (boost::system::system_error const& failed) { // Asio's
        return cannot_serve(failed.code().message());
    }
}

} // namespace milter::manager
