// SPDX-License-Identifier: BSL-1.0
// cli/statement.hpp - the numbered statements of the protocol, for reports that cite them
#pragma once

#include <string_view>

namespace milter::cli {

/// Of docs/protocol.md section 10, without its sources and backticks; empty for a number that is none, and for those
/// about the manager.
std::string_view statement_text(unsigned number) noexcept;

/// "mta", "filter" or "any": whom it is about; empty as above.
std::string_view statement_side(unsigned number) noexcept;

} // namespace milter::cli
