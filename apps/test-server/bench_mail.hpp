// SPDX-License-Identifier: BSL-1.0
// test-server/bench_mail.hpp - the messages of a load: from files, folders and corpora
#pragma once

#include "test-server/compose.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace milter::test_server {

/// Messages in the order of `paths`: a file is one; a folder all its .eml below it by name, or all its files when none is
/// called so; a corpus (.jsonl) each whole message of its conversations. Without paths: one made up.
/// @param said  as for compose(); of messages of a corpus only sender and recipients are replaced
/// @param lines  that are added to each body
/// @throws std::runtime_error, std::invalid_argument
std::vector<message_plan> gather_mail(std::vector<std::string> const& paths,
                                      message_texts const& said, std::size_t lines);

} // namespace milter::test_server
