// SPDX-License-Identifier: BSL-1.0
// cli/case_report_file.cpp - the reports of a suite, written where the user wants them
#include "cli/case_report_file.hpp"

#include "cli/file.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <stdexcept>

namespace milter::cli {

namespace {

/// Calls `what`. @return  whether it went well; what it throws is printed
template <class What> bool is_done(std::string const& program, What what) {
    try {
        what();
        return true;
    } catch (std::runtime_error const& why) {
        fmt::print(stderr, "{}: {}\n", program, why.what());
        return false;
    }
}

} // namespace

bool write_reports(report_files const& files, report_head const& head,
                   std::vector<case_result> const& all, std::string const& program) {
    bool good = true;
    if (!files.json.empty())
        good = is_done(program, [&] { write_file(files.json, report_json(head, all) + "\n"); });
    if (!files.junit.empty())
        good = is_done(program, [&] { write_file(files.junit, report_junit(head, all) + "\n"); }) &&
               good;
    return good;
}

bool can_write_reports(report_files const& files, std::string const& program) {
    return is_done(program, [&] {
        for (auto const& file : {files.json, files.junit})
            if (!file.empty()) refuse_unwritable(file);
    });
}

} // namespace milter::cli
