// SPDX-License-Identifier: BSL-1.0
// tests/support/json_schema.hpp - does a JSON value fit a schema: the words of draft 7 that the schemas here use
//
// A word that it does not know is a problem, so that no schema is taken for stricter than it is.
// Source: draft-handrews-json-schema-01, draft-handrews-json-schema-validation-01
#pragma once

#include "rule/match.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace support {

class json_schema {
public:
    using json = nlohmann::json;

    /// @param whole  against which "#/..." is resolved; outlives this
    explicit json_schema(json const& whole) : whole_(whole) {}

    /// @return  the first thing that does not fit, behind the JSON pointer of where it stands; empty: it fits
    std::string problem_of(json const& value) const { return problem_of(value, whole_, ""); }
    std::string problem_of(json const& value, json const& schema) const {
        return problem_of(value, schema, "");
    }

private:
    std::string problem_of(json const& value, json const& schema, std::string const& at) const {
        if (schema.is_boolean()) return schema.get<bool>() ? "" : at + ": nothing fits here";
        for (auto const& [word, said] : schema.items())
            if (auto found = problem_with(word, said, value, schema, at); !found.empty())
                return found;
        return {};
    }

    std::string problem_with(std::string const& word, json const& said, json const& value,
                             json const& schema, std::string const& at) const {
        auto const unless = [&](bool fits) {
            return fits ? std::string() : at + ": " + word + " " + said.dump();
        };
        if (word == "$ref")
            return problem_of(value, whole_[json::json_pointer(said.get<std::string>().substr(1))],
                              at);
        if (word == "type") return unless(is_of_type(value, said.get<std::string>()));
        if (word == "const") return unless(value == said);
        if (word == "enum") return unless(std::find(said.begin(), said.end(), value) != said.end());
        if (word == "minimum") return unless(!value.is_number() || value >= said);
        if (word == "minLength")
            return unless(!value.is_string() ||
                          value.get<std::string>().size() >= said.get<std::size_t>());
        if (word == "pattern") return unless(!value.is_string() || is_found(said, value));
        if (word == "minItems")
            return unless(!value.is_array() || value.size() >= said.get<std::size_t>());
        if (word == "maxItems")
            return unless(!value.is_array() || value.size() <= said.get<std::size_t>());
        if (word == "minProperties")
            return unless(!value.is_object() || value.size() >= said.get<std::size_t>());
        if (word == "required") return problem_of_required(value, said, at);
        if (word == "anyOf") return unless_fitting(value, said, at, word);
        if (word == "items") return problem_of_items(value, said, at);
        if (word == "propertyNames") return problem_of_names(value, said, at);
        if (word == "properties" || word == "additionalProperties")
            return word == "properties" || !schema.contains("properties")
                       ? problem_of_properties(value, schema, at)
                       : std::string();
        constexpr std::array<std::string_view, 6> remarks = {
            "$schema", "$id", "title", "description", "definitions", "default"};
        bool const is_remark = std::find(remarks.begin(), remarks.end(), word) != remarks.end();
        return is_remark ? std::string()
                         : at + ": a word of schemas that is not known here: " + word;
    }

    static bool is_of_type(json const& value, std::string_view type) {
        if (type == "object") return value.is_object();
        if (type == "array") return value.is_array();
        if (type == "string") return value.is_string();
        if (type == "boolean") return value.is_boolean();
        return type == "integer" && value.is_number_integer();
    }

    static bool is_found(json const& pattern, json const& text) {
        auto const made = milter::rule::pattern::compile(pattern.get<std::string>(), false);
        return made.value.value().matches(text.get<std::string>());
    }

    static std::string problem_of_required(json const& value, json const& keys,
                                           std::string const& at) {
        if (value.is_object())
            for (auto const& key : keys)
                if (!value.contains(key)) return at + ": without " + key.dump();
        return {};
    }

    /// Of alternatives none of which fits, the problem of the one that goes furthest down.
    std::string unless_fitting(json const& value, json const& schemas, std::string const& at,
                               std::string const& word) const {
        std::string furthest;
        for (auto const& one : schemas) {
            auto found = problem_of(value, one, at);
            if (found.empty()) return {};
            if (depth_of(found) > depth_of(furthest)) furthest = std::move(found);
        }
        return depth_of(furthest) > depth_of(at) ? furthest : at + ": none of " + word;
    }

    static std::ptrdiff_t depth_of(std::string const& problem) {
        auto const end = problem.begin() +
                         static_cast<std::ptrdiff_t>(std::min(problem.find(": "), problem.size()));
        return std::count(problem.begin(), end, '/');
    }

    std::string problem_of_items(json const& value, json const& schema,
                                 std::string const& at) const {
        if (!value.is_array()) return {};
        for (std::size_t i = 0; i < value.size(); ++i)
            if (auto found = problem_of(value[i], schema, at + "/" + std::to_string(i));
                !found.empty())
                return found;
        return {};
    }

    std::string problem_of_names(json const& value, json const& schema,
                                 std::string const& at) const {
        if (!value.is_object()) return {};
        for (auto const& [key, ignored] : value.items())
            if (auto found = problem_of(json(key), schema, at + "/" + key); !found.empty())
                return found;
        return {};
    }

    std::string problem_of_properties(json const& value, json const& schema,
                                      std::string const& at) const {
        if (!value.is_object()) return {};
        auto const known = schema.value("properties", json::object());
        for (auto const& [key, inner] : value.items()) {
            auto const found = known.find(key);
            auto const& fits = found != known.end() ? *found
                               : schema.contains("additionalProperties")
                                   ? schema["additionalProperties"]
                                   : json(true);
            if (auto problem = problem_of(inner, fits, at + "/" + key); !problem.empty())
                return problem;
        }
        return {};
    }

    json const& whole_;
};

} // namespace support
