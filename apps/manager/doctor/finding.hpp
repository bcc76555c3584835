// SPDX-License-Identifier: BSL-1.0
// manager/doctor/finding.hpp - what the doctor found: what is wrong, why it matters, and what to write
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace milter::manager::doctor {

enum class weight {
    problem, ///< mail is refused, lost for a milter, or not judged
    warning, ///< it will be some day, or for some mail
    note,    ///< may well be meant
    right    ///< was looked at, and is as it should be
};

/// Texts may have anything of others in them: they are escaped when they are shown.
struct finding {
    weight is = weight::problem;
    std::string area;               ///< "sockets", "order", ...
    std::string what;               ///< one line
    std::string why;                ///< one line; may be empty
    std::vector<std::string> lines; ///< to write, each as it stands: commands, or lines of a file
};

/// Those of one area.
class finding_list {
public:
    explicit finding_list(std::string_view area) : area_(area) {}

    void add(weight is, std::string what, std::string why = {},
             std::vector<std::string> lines = {}) {
        all_.push_back({is, std::string(area_), std::move(what), std::move(why), std::move(lines)});
    }
    std::size_t size() const noexcept { return all_.size(); }
    std::vector<finding> take() { return std::move(all_); }

private:
    std::string_view area_;
    std::vector<finding> all_;
};

std::string_view name_of(weight is) noexcept;
std::size_t count(std::span<finding const> all, weight of) noexcept;

enum class shown { what_matters, everything };

/// For people: a paragraph for each finding, and a line that counts them.
std::string to_text(std::span<finding const> all, shown which);

} // namespace milter::manager::doctor
