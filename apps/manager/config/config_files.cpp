// SPDX-License-Identifier: BSL-1.0
// manager/config/config_files.cpp
#include "manager/config/config_files.hpp"

#include "manager/config/descriptor.hpp"
#include "manager/config/printable.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

namespace milter::manager {

namespace {

namespace fs = std::filesystem;

/// Names alone: what a link leads to is found out when it is read.
std::vector<std::string> names_in(std::string const& folder, std::error_code& ec) {
    std::vector<std::string> names;
    for (fs::directory_iterator at(folder, ec), end; !ec && at != end; at.increment(ec)) {
        auto name = at->path().filename().string();
        if (name.front() != '.' && name.ends_with(".toml")) names.push_back(std::move(name));
    }
    std::sort(names.begin(), names.end());
    return names;
}

} // namespace

std::string folder_of(std::string const& file) {
    auto const slash = file.rfind('/');
    if (slash == file.npos) return {};
    return slash == 0 ? "/" : file.substr(0, slash);
}

std::string path_in(std::string const& folder, std::string const& path) {
    if (path.starts_with('/') || folder.empty()) return path;
    return folder == "/" ? '/' + path : folder + '/' + path;
}

config_files files_beside(std::string const& main_file) {
    config_files out;
    auto const beside = folder_of(main_file);
    for (auto const part : {file_part::milters, file_part::rules, file_part::local}) {
        auto const folder = path_in(beside, std::string(folder_of(part)));
        std::error_code ec;
        auto const names = names_in(folder, ec);
        if (ec && ec != std::errc::no_such_file_or_directory)
            out.problems.push_back("cannot read the folder " + printable(folder) + ": " +
                                   ec.message());
        for (auto const& name : names) out.found.push_back({folder + '/' + name, part});
    }
    if (out.found.size() > config_file_limit) {
        out.problems.push_back(std::to_string(out.found.size()) + " files beside it: at most " +
                               std::to_string(config_file_limit));
        out.found.clear();
    }
    return out;
}

std::string read_file(std::string const& path, std::size_t limit, std::string& text) {
    text.clear();
    auto const why = [](int error) { return std::generic_category().message(error); };
    descriptor const file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file.is_open()) return why(errno);
    struct stat found {};
    if (::fstat(file.number(), &found) != 0) return why(errno);
    if (S_ISDIR(found.st_mode)) return why(EISDIR);
    if (!S_ISREG(found.st_mode) && !S_ISCHR(found.st_mode)) return "it is no file";
    constexpr std::size_t piece = 1 << 16; // bytes
    while (text.size() <= limit) {
        auto const had = text.size();
        text.resize(had + std::min(piece, limit + 1 - had));
        auto const size = ::read(file.number(), text.data() + had, text.size() - had);
        text.resize(had + static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
        if (size == 0) break;
        if (size < 0 && errno != EINTR) return why(errno);
    }
    return {};
}

} // namespace milter::manager
