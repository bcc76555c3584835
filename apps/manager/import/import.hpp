// SPDX-License-Identifier: BSL-1.0
// manager/import/import.hpp - a configuration made from what an administrator has now
//
//   auto const made = import_setup(text, "main.cf", import_source::postfix);
//   std::cout << made.toml;
//   for (auto const& line : made.remarks) std::cerr << line << '\n';
//
// Text in, text out; the text may be anything. What could not be translated is said, in the configuration and beside it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

enum class import_source { milter_manager, postfix, sendmail };

/// "milter-manager", "postfix", "sendmail"
std::string_view name_of(import_source from) noexcept;
std::optional<import_source> import_source_of(std::string_view name) noexcept;

/// By words that only one of them has. Empty: none of them.
std::optional<import_source> guess_source(std::string_view text);

struct import_result {
    bool understood = false; ///< else there is nothing in the rest
    bool complete = false;   ///< everything has been translated
    std::string toml;
    std::vector<std::string> remarks; ///< lines without their ends, escaped
};

/// @param file  how remarks call the text
import_result import_setup(std::string_view text, std::string_view file, import_source from);

} // namespace milter::manager
