// SPDX-License-Identifier: BSL-1.0
// milter/corpus/text_json.hpp - bytes in JSON: a string, base64, or a place in a file beside the corpus
#pragma once

#include <milter/corpus/byte_text.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace milter::corpus {

/// Keys keep their order, so that a line reads as it was written.
using json = nlohmann::ordered_json;

/// What is wrong with a corpus, and where.
struct json_problem {
    std::string where; ///< JSON pointer: "/events/3/name"; empty: the whole
    std::string what;
    explicit operator bool() const noexcept { return !what.empty(); }
};

/// Bytes kept in a file beside the corpus.
struct blob {
    std::string file; ///< a plain name: no directory
    std::uint64_t at = 0;
    std::uint64_t size = 0;
};

/// How large bytes leave the JSON and come back. Without `store` none leaves, without `load` such are a problem.
struct blob_access {
    std::size_t inline_limit = 4096; ///< bytes that stay in any case
    std::function<std::optional<blob>(std::string_view bytes)> store;
    std::function<std::optional<std::string>(blob const&)> load;
};

/// A string when the bytes are valid UTF-8, else {"base64": "..."}.
inline json text_json(std::string_view bytes) {
    if (is_utf8(bytes)) return std::string(bytes);
    return {{"base64", to_base64(bytes)}};
}

inline json text_json(std::string_view bytes, blob_access const& blobs) {
    if (blobs.store && bytes.size() > blobs.inline_limit)
        if (auto const where = blobs.store(bytes))
            return {{"file", where->file}, {"at", where->at}, {"size", where->size}};
    return text_json(bytes);
}

namespace detail {

inline json const* member(json const& object, char const* name) {
    auto const at = object.find(name);
    return at == object.end() ? nullptr : &*at;
}

inline std::optional<std::string> load_blob(json const& value, blob_access const& blobs) {
    auto const* file = member(value, "file");
    auto const* at = member(value, "at");
    auto const* size = member(value, "size");
    if (!file || !at || !size || !file->is_string() || !at->is_number_unsigned() ||
        !size->is_number_unsigned() || !blobs.load)
        return std::nullopt;
    blob const where{file->get<std::string>(), at->get<std::uint64_t>(),
                     size->get<std::uint64_t>()};
    if (where.file.empty() || where.file.front() == '.' ||
        where.file.find_first_of(std::string_view("/\\\0", 3)) != std::string::npos)
        return std::nullopt; // a corpus of somebody else names no file outside its folder
    return blobs.load(where);
}

} // namespace detail

/// The bytes again; empty when `value` is no form of them.
inline std::optional<std::string> text_of(json const& value, blob_access const& blobs = {}) {
    if (value.is_string()) return value.get<std::string>();
    if (!value.is_object()) return std::nullopt;
    auto const* base64 = detail::member(value, "base64");
    if (!base64) return detail::load_blob(value, blobs);
    return base64->is_string() ? from_base64(base64->get_ref<std::string const&>()) : std::nullopt;
}

} // namespace milter::corpus
