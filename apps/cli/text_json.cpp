// SPDX-License-Identifier: BSL-1.0
// cli/text_json.cpp - bytes of mail in JSON, without loss
#include "text_json.hpp"

#include <milter/corpus/text_json.hpp>

namespace milter::cli {

bool is_utf8(std::string_view bytes) noexcept { return corpus::is_utf8(bytes); }

nlohmann::ordered_json text_json(std::string_view bytes) { return corpus::text_json(bytes); }

} // namespace milter::cli
