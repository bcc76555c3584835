// SPDX-License-Identifier: BSL-1.0
// test-filter/conformance/options.hpp - the command line of milter-test-filter conformance
#pragma once

#include "cli/case_report_file.hpp"
#include "cli/case_selection.hpp"
#include "test-filter/conformance/judging_service.hpp"

#include <optional>
#include <string>

namespace milter::test_filter {

struct conformance_options {
    judging_plan plan;
    cli::case_selection selected;
    cli::case_style style;
    bool strict = false;
    bool list = false;
    cli::report_files files;
};

struct parsed_conformance_options {
    conformance_options value;
    std::optional<int> exit_code; ///< set: everything has been said, exit with it
};

/// Prints help and complaints itself.
parsed_conformance_options parse_conformance_options(int argc, char const* const* argv);

} // namespace milter::test_filter
