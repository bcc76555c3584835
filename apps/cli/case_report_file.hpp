// SPDX-License-Identifier: BSL-1.0
// cli/case_report_file.hpp - the reports of a suite, written where the user wants them
#pragma once

#include "cli/case_report.hpp"

#include <string>
#include <vector>

namespace milter::cli {

/// Files; `-` is standard output, empty: none.
struct report_files {
    std::string json, junit;

    /// Whether standard output is free for text.
    bool leave_room_for_text() const noexcept { return json != "-" && junit != "-"; }
};

/// @param program  in front of complaints, which it prints itself
/// @return  whether all could be written
bool write_reports(report_files const& files, report_head const& head,
                   std::vector<case_result> const& all, std::string const& program);

/// Before anything is tried: whether write_reports() will be able to.
/// @param program  as of write_reports()
bool can_write_reports(report_files const& files, std::string const& program);

} // namespace milter::cli
