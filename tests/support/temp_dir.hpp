// SPDX-License-Identifier: BSL-1.0
// tests/support/temp_dir.hpp - a folder of one test, gone with it
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace support {

class temp_dir {
public:
    temp_dir() {
        auto name = (std::filesystem::temp_directory_path() / "milter-test-XXXXXX").string();
        if (!::mkdtemp(name.data())) throw std::runtime_error("mkdtemp failed");
        path_ = name;
    }
    temp_dir(temp_dir const&) = delete;
    temp_dir& operator=(temp_dir const&) = delete;
    ~temp_dir() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    std::string operator/(std::string_view name) const { return (path_ / name).string(); }

    /// @return the path of a file with that content
    std::string write(std::string_view name, std::string_view content) const {
        auto file = *this / name;
        std::ofstream(file, std::ios::binary) << content;
        return file;
    }

private:
    std::filesystem::path path_;
};

} // namespace support
