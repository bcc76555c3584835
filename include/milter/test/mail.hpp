// SPDX-License-Identifier: BSL-1.0
// milter/test/mail.hpp - a message for a test: envelope, headers, body
#pragma once

#include <milter/ascii.hpp>

#include <cstddef>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace milter::test {

struct header {
    std::string name, value; ///< value: without the blank behind the colon; folds as LF
    friend bool operator==(header const&, header const&) = default;
};

/// A text that may not be there. As std::optional, but it prints, and compares with texts of any kind.
class optional_text {
public:
    optional_text() noexcept = default;
    optional_text(std::nullopt_t) noexcept {}
    optional_text(std::optional<std::string> text) noexcept : text_(std::move(text)) {}
    optional_text(std::string text) noexcept : text_(std::move(text)) {}

    bool has_value() const noexcept { return text_.has_value(); }
    explicit operator bool() const noexcept { return has_value(); }
    std::string const& value() const { return text_.value(); }
    std::string value_or(std::string_view other) const {
        return text_.value_or(std::string(other));
    }
    std::string const& operator*() const noexcept { return *text_; }
    std::string const* operator->() const noexcept { return &*text_; }
    operator std::optional<std::string>() const { return text_; }

    friend bool operator==(optional_text const&, optional_text const&) = default;
    friend bool operator==(optional_text const& one, std::optional<std::string> const& other) {
        return one.text_ == other;
    }
    friend bool operator==(optional_text const& one, std::nullopt_t) noexcept { return !one.text_; }
    template <class Text>
    requires std::is_convertible_v<Text const&, std::string_view>
    friend bool operator==(optional_text const& one, Text const& other) {
        return one.text_ && *one.text_ == std::string_view(other);
    }
    friend std::ostream& operator<<(std::ostream& to, optional_text const& one) {
        return one.text_ ? to << *one.text_ : to << "(none)";
    }

private:
    std::optional<std::string> text_;
};

struct mail {
    std::string sender = "<sender@example.com>";
    std::vector<std::string> recipients = {"<receiver@example.org>"};
    std::vector<test::header> headers = {{"From", "sender@example.com"},
                                         {"To", "receiver@example.org"}};
    std::string body = "A message.\r\n"; ///< lines end with CRLF

    /// Headers and body of a text, as in an .eml file; line ends may be LF. The envelope is the usual one.
    static mail parse(std::string_view text);

    /// The value of the first header of that name.
    optional_text header(std::string_view name) const {
        for (auto const& one : headers)
            if (equal_ignoring_case(one.name, name)) return one.value;
        return std::nullopt;
    }
    std::size_t count(std::string_view name) const {
        std::size_t found = 0;
        for (auto const& one : headers)
            if (equal_ignoring_case(one.name, name)) ++found;
        return found;
    }

    friend bool operator==(mail const&, mail const&) = default;
};

inline std::ostream& operator<<(std::ostream& to, header const& one) {
    return to << one.name << ": " << one.value;
}

inline std::ostream& operator<<(std::ostream& to, mail const& one) {
    to << "MAIL FROM:" << one.sender << '\n';
    for (auto const& recipient : one.recipients) to << "RCPT TO:" << recipient << '\n';
    for (auto const& field : one.headers) to << field << '\n';
    return to << '\n' << one.body;
}

namespace detail {

/// Cut off the front of `rest`, without its end.
inline std::string_view take_line(std::string_view& rest) noexcept {
    auto const end = rest.find('\n');
    auto line = rest.substr(0, end);
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    return line;
}

} // namespace detail

inline mail mail::parse(std::string_view text) {
    mail one;
    one.headers.clear();
    one.body.clear();
    while (!text.empty()) {
        auto const line = detail::take_line(text);
        if (line.empty()) break;
        bool const continues = line.front() == ' ' || line.front() == '\t';
        if (continues && !one.headers.empty()) {
            one.headers.back().value.append("\n").append(line);
            continue;
        }
        auto const colon = line.find(':');
        auto value = colon == line.npos ? std::string_view() : line.substr(colon + 1);
        if (value.starts_with(' ')) value.remove_prefix(1);
        one.headers.push_back({std::string(line.substr(0, colon)), std::string(value)});
    }
    while (!text.empty()) one.body.append(detail::take_line(text)).append("\r\n");
    return one;
}

} // namespace milter::test
