// SPDX-License-Identifier: BSL-1.0
// cli/text_json.hpp - bytes of mail in JSON, without loss
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string_view>

namespace milter::cli {

/// A string when the bytes are valid UTF-8, else {"base64": "..."}.
nlohmann::ordered_json text_json(std::string_view bytes);

bool is_utf8(std::string_view bytes) noexcept;

} // namespace milter::cli
