// SPDX-License-Identifier: BSL-1.0
// manager/import_command.cpp - reads what there is, prints the configuration, and says what is left to do
#include "manager/import_command.hpp"

#include "manager/config/printable.hpp"
#include "manager/import/setup.hpp"

#include <sysexits.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace milter::manager {

namespace {

constexpr int incomplete = 1; // exit status: printed, but not all of it

struct closer {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using file_handle = std::unique_ptr<std::FILE, closer>;

std::string why() { return std::strerror(errno); } // NOLINT(concurrency-mt-unsafe)

void say(std::string const& what) { std::cerr << "milter-manager: " << what << '\n'; }

/// One byte more than is taken at most. Empty: it cannot be read, and errno says why.
std::optional<std::string> read_all(std::FILE* from) {
    std::string text(import_size_limit + 1, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), from));
    if (std::ferror(from) != 0) return std::nullopt;
    return text;
}

std::optional<std::string> read_input(std::string const& file) {
    if (file == "-") return read_all(stdin);
    file_handle const from(std::fopen(file.c_str(), "re"));
    return from ? read_all(from.get()) : std::nullopt;
}

/// "x": a file that is there is not written over.
bool write_output(std::string const& text, import_options const& options) {
    file_handle to(std::fopen(options.output.c_str(), options.force ? "we" : "wxe"));
    if (!to) {
        auto const advice = errno == EEXIST ? "; --force writes over it" : "";
        say(printable(options.output) + ": " + why() + advice);
        return false;
    }
    bool const wrote = std::fwrite(text.data(), 1, text.size(), to.get()) == text.size();
    bool const closed = std::fclose(to.release()) == 0;
    if (!wrote || !closed) say(printable(options.output) + ": " + why());
    return wrote && closed;
}

bool print(std::string const& text) {
    std::cout << text << std::flush;
    if (!std::cout) say("standard output: " + why());
    return static_cast<bool>(std::cout);
}

/// As was asked for, or by what stands in the text, which is said.
std::optional<import_source> source_of(import_options const& options, std::string_view text,
                                       std::string const& name) {
    if (options.from) return options.from;
    auto const guess = guess_source(text);
    if (guess)
        say(printable(name) + " looks like " + std::string(name_of(*guess)) +
            "'s; --from says it for certain");
    return guess;
}

int not_understood(std::string const& why_not) {
    say(why_not);
    return EX_DATAERR;
}

} // namespace

int import_configuration(import_options const& options) {
    auto const name = options.file == "-" ? std::string("stdin") : options.file;
    auto const text = read_input(options.file);
    if (!text) {
        say(printable(name) + ": cannot read the file: " + why());
        return EX_NOINPUT;
    }
    if (text->size() > import_size_limit)
        return not_understood(printable(name) +
                              " has more than 1 MiB: it is no such configuration");
    auto const from = source_of(options, *text, name);
    if (!from)
        return not_understood(printable(name) +
                              " is not understood; say with --from what it is: milter-manager, "
                              "postfix or sendmail");
    auto const made = import_setup(*text, name, *from);
    if (!made.understood)
        return not_understood(printable(name) + " has nothing of " + std::string(name_of(*from)));
    for (auto const& line : made.remarks) std::cerr << line << '\n';
    bool const wrote = options.output.empty() ? print(made.toml) : write_output(made.toml, options);
    if (!wrote) return EX_CANTCREAT;
    return made.complete ? EX_OK : incomplete;
}

} // namespace milter::manager
