// SPDX-License-Identifier: BSL-1.0
// manager/config/config_toml.cpp - all files of a configuration, read and checked together
#include "manager/config/config_toml.hpp"

#include "manager/config/config_book.hpp"
#include "manager/config/config_check.hpp"
#include "manager/config/config_files.hpp"
#include "manager/config/config_machine.hpp"
#include "manager/config/config_name_check.hpp"
#include "manager/config/config_order_check.hpp"
#include "manager/config/config_reader.hpp"
#include "manager/config/config_rule_check.hpp"
#include "manager/config/config_set.hpp"
#include "manager/config/config_test_check.hpp"
#include "manager/config/source_shape.hpp"
#include "manager/config/toml_tree.hpp"

#include <system_error>

namespace milter::manager {

namespace {

/// One configuration on its way from files to what is checked.
class loading {
public:
    loading(std::string_view text, std::string const& file)
        : problems_(text, file), reader_(*config_, problems_) {
        config_->folder = folder_of(file);
        read(0, file_part::main);
    }

    void read_beside(std::string const& main_file) {
        auto const beside = files_beside(main_file);
        for (auto const& what : beside.problems) {
            problems_.error({}, what);
            is_whole_ = false;
        }
        for (auto const& one : beside.found) {
            std::string text;
            auto const why = read_file(one.path, source_size_limit, text);
            auto const number = problems_.add_source(one.path, std::move(text));
            if (why.empty()) {
                read(number, one.part);
                continue;
            }
            problems_.error({0, 0, 1, number}, "cannot read the file: " + why);
            is_whole_ = false;
        }
    }

    /// What is not there may stand in the part that could not be read, so then nothing is looked for.
    void check(machine const* on) {
        if (!is_whole_) return;
        check_names(*config_, reader_.places(), problems_);
        check_config(*config_, reader_.places(), problems_);
        check_sets(*config_, reader_.keys(), problems_);
        check_rules(*config_, reader_.keys(), problems_);
        check_tests(*config_, reader_.places(), problems_);
        read_sets(*config_, reader_.places(), problems_);
        build_book(*config_, reader_.places(), problems_);
        check_orders(*config_, reader_.places(), problems_);
        if (on) check_machine(*config_, *on, reader_.places(), problems_);
    }

    loaded_config finish() {
        auto control = config_->control.socket;
        bool const failed = problems_.has_errors();
        auto origins = origins_of(reader_.places(), problems_);
        return {failed ? nullptr : std::move(config_), problems_.take(), std::move(control),
                std::move(origins)};
    }

private:
    void read(unsigned file, file_part part) {
        auto const tree = parse_toml(file, problems_);
        if (tree)
            reader_.read(*tree, part);
        else
            is_whole_ = false;
    }

    std::shared_ptr<config> config_ = std::make_shared<config>();
    problem_list problems_;
    config_reader reader_;
    bool is_whole_ = true;
};

template <class Check> loaded_config load(std::string const& path, Check check) {
    std::string text;
    if (auto const why = read_file(path, source_size_limit, text); !why.empty()) {
        problem_list problems({}, path);
        problems.error({}, "cannot read the file: " + why);
        return {nullptr, problems.take(), {}, {}};
    }
    loading one(text, path);
    one.read_beside(path);
    check(one);
    return one.finish();
}

} // namespace

loaded_config parse_config(std::string_view text, std::string const& file) {
    loading one(text, file);
    one.check(nullptr);
    return one.finish();
}

loaded_config load_config(std::string const& path, machine const* on) {
    return load(path, [on](loading& one) { one.check(on); });
}

loaded_config load_unchecked(std::string const& path) {
    return load(path, [](loading&) {});
}

} // namespace milter::manager
