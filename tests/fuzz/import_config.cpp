// SPDX-License-Identifier: BSL-1.0
// tests/fuzz/import_config.cpp - configurations of other programs: the first byte says whose, the rest is the text
//
// What is printed is read by the manager's own reader, and must have no error.

#include "invariant.hpp"
#include "manager/config/config_toml.hpp"
#include "manager/config/printable.hpp"
#include "manager/import/import.hpp"

#include <support/exact_copy.hpp>

#include <string>
#include <string_view>

namespace manager = milter::manager;
using fuzz::require;

namespace {

/// Without the conditions, which the reader does not know yet.
std::string without_conditions(std::string_view toml) {
    std::string out;
    while (!toml.empty()) {
        auto const end = std::min(toml.find('\n'), toml.size() - 1) + 1;
        auto const line = toml.substr(0, end);
        if (!line.starts_with("when = ")) out += line;
        toml.remove_prefix(end);
    }
    return out;
}

/// A lone file of more than the reader takes is no fault of it.
bool is_readable(std::string_view toml) {
    constexpr std::size_t longest_file = 1 << 20, longest_line = 8192; // bytes
    if (toml.size() > longest_file) return false;
    for (std::size_t at = 0; at < toml.size();) {
        auto const end = std::min(toml.find('\n', at), toml.size());
        if (end - at > longest_line) return false;
        at = end + 1;
    }
    return true;
}

void check_toml(std::string const& text) {
    if (!is_readable(text)) return;
    auto const loaded = manager::parse_config(text, "t");
    for (auto const& one : loaded.problems)
        if (one.weight == manager::problem_weight::error)
            std::fprintf(stderr, "%s\n%s\n", to_string(one).c_str(), text.c_str());
    require(loaded.config != nullptr, "what is printed is a configuration");
}

void check(std::string_view text, manager::import_source from) {
    auto const made = import_setup(text, "F", from);
    require(made.understood || (made.toml.empty() && made.remarks.empty()),
            "nothing is made of what was not understood");
    if (!made.understood) return;
    for (auto const& line : made.remarks) {
        require(manager::printable(line) == line, "a remark can be shown");
        require(made.toml.find("# " + line + '\n') != made.toml.npos,
                "each remark is in the configuration, too");
    }
    require(!made.remarks.empty() || made.complete, "what is lost is said");
    check_toml(without_conditions(made.toml));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    if (size == 0) return 0;
    support::exact_copy const text(fuzz::view(data + 1, size - 1));
    check(text.view(), static_cast<manager::import_source>(data[0] % 3));
    static_cast<void>(manager::guess_source(text.view()));
    return 0;
}
