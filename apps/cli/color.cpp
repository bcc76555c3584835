// SPDX-License-Identifier: BSL-1.0
// cli/color.cpp - whether to colour what goes to standard output
#include "color.hpp"

#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

namespace milter::cli {

namespace {

std::string_view variable(char const* name) noexcept {
    auto const* const value =
        std::getenv(name); // NOLINT(concurrency-mt-unsafe): nobody sets variables
    return value ? value : "";
}

} // namespace

std::optional<color> parse_color(std::string_view text) noexcept {
    if (text == "auto") return color::automatic;
    if (text == "always" || text == "yes" || text == "true") return color::always;
    if (text == "never" || text == "no" || text == "false") return color::never;
    return std::nullopt;
}

bool use_color(color wanted) noexcept {
    if (wanted != color::automatic) return wanted == color::always;
    if (!variable("NO_COLOR").empty()) return false;
    auto const forced = variable("CLICOLOR_FORCE");
    if (!forced.empty() && forced != "0") return true;
    return ::isatty(STDOUT_FILENO) == 1 && variable("TERM") != "dumb";
}

bool color_of_option(std::string const& text) {
    auto const wanted = text.empty() ? color::always : parse_color(text);
    if (!wanted)
        throw std::invalid_argument("--color: \"" + text + "\" is none of auto, always, never");
    return use_color(*wanted);
}

} // namespace milter::cli
