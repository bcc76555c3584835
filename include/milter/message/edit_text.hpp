// SPDX-License-Identifier: BSL-1.0
// milter/message/edit_text.hpp - an edit in words, as milter-test-filter takes them: "add_header X-Spam: no"
#pragma once

#include <milter/wire/reply.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace milter::message {

namespace detail {

class edit_words {
public:
    explicit edit_words(bool leading_space) : leading_space_(leading_space) {}

    std::string operator()(wire::add_header const& one) const {
        return "add_header " + field(one.name, one.value);
    }
    std::string operator()(wire::insert_header const& one) const {
        return "insert_header " + std::to_string(one.index) + " " + field(one.name, one.value);
    }
    std::string operator()(wire::change_header const& one) const {
        auto const index = std::to_string(one.index) + " ";
        if (one.value.empty()) return "delete_header " + index + std::string(one.name);
        return "change_header " + index + field(one.name, one.value);
    }
    std::string operator()(wire::add_rcpt const& one) const {
        return path("add_rcpt", one.address, std::nullopt);
    }
    std::string operator()(wire::add_rcpt_with_args const& one) const {
        return path("add_rcpt", one.address, one.args);
    }
    std::string operator()(wire::delete_rcpt const& one) const {
        return path("delete_rcpt", one.address, std::nullopt);
    }
    std::string operator()(wire::change_from const& one) const {
        return path("change_from", one.address, one.args);
    }
    std::string operator()(wire::replace_body const&) const { return "replace_body"; }
    std::string operator()(wire::quarantine const& one) const {
        return "quarantine " + std::string(one.reason);
    }
    template <class Other> std::string operator()(Other const&) const { return {}; }

private:
    std::string field(std::string_view name, std::string_view value) const {
        return std::string(name).append(leading_space_ ? ":" : ": ").append(value);
    }

    static std::string path(std::string_view word, std::string_view address,
                            std::optional<std::string_view> args) {
        auto text = std::string(word).append(" ").append(address);
        return args ? text.append(" ").append(*args) : text;
    }

    bool leading_space_;
};

} // namespace detail

/// Empty for a reply that is no edit. The bytes of a body are not in it.
/// @param leading_space  was agreed on: else the value is shown with the blank that the MTA adds
inline std::string edit_text(wire::any_reply const& reply, bool leading_space) {
    return std::visit(detail::edit_words(leading_space), reply);
}

} // namespace milter::message
