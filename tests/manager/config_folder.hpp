// SPDX-License-Identifier: BSL-1.0
// tests/manager/config_folder.hpp - a configuration of several files, in a folder of its own that goes with it
#pragma once

#include "manager/config/config_toml.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace manager_test {

class config_folder {
public:
    config_folder() {
        auto name = (std::filesystem::temp_directory_path() / "milter-config-XXXXXX").string();
        if (!::mkdtemp(name.data())) throw std::runtime_error("no folder for a test");
        path_ = name;
    }
    config_folder(config_folder const&) = delete;
    config_folder& operator=(config_folder const&) = delete;
    ~config_folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    std::string path(std::string const& name) const { return path_ + '/' + name; }

    void write(std::string const& name, std::string const& text) const {
        std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
        std::ofstream(path(name), std::ios::binary) << text;
    }

    milter::manager::loaded_config load() const {
        return milter::manager::load_config(path("m.toml"));
    }

    /// All problems, with the folder left out of them.
    std::string report(milter::manager::loaded_config const& loaded) const {
        std::string out;
        for (auto const& problem : loaded.problems) out += to_string(problem) + '\n';
        for (auto at = out.find(path_ + '/'); at != out.npos; at = out.find(path_ + '/'))
            out.erase(at, path_.size() + 1);
        return out;
    }

private:
    std::string path_;
};

/// Two milters and a listener, to which a test adds what it is about.
inline constexpr char two_milters[] = R"([[listen]]
socket = "/run/mta.sock"
[[milter]]
name = "spf"
socket = "/run/spf.sock"
[[milter]]
name = "greylist"
socket = "/run/greylist.sock"
)";

} // namespace manager_test
