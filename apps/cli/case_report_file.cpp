// SPDX-License-Identifier: BSL-1.0
// cli/case_report_file.cpp - the reports of a suite, written where the user wants them
#include "cli/case_report_file.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <fstream>

namespace milter::cli {

namespace {

bool write(std::string const& file, std::string const& text, std::string const& program) {
    if (file == "-") {
        fmt::print("{}\n", text);
        return std::fflush(stdout) == 0;
    }
    std::ofstream out(file, std::ios::binary);
    out << text << '\n';
    if (out.flush()) return true;
    fmt::print(stderr, "{}: cannot write {}\n", program, file);
    return false;
}

} // namespace

bool write_reports(report_files const& files, report_head const& head,
                   std::vector<case_result> const& all, std::string const& program) {
    bool good = true;
    if (!files.json.empty()) good = write(files.json, report_json(head, all), program);
    if (!files.junit.empty()) good = write(files.junit, report_junit(head, all), program) && good;
    return good;
}

} // namespace milter::cli
