// SPDX-License-Identifier: BSL-1.0
// test-server/mail.cpp - a message as text, taken apart as an MTA does
#include "test-server/mail.hpp"

#include <algorithm>
#include <cstddef>

namespace milter::test_server {

namespace {

/// The next line without its end, cut off the front of `rest`.
std::string_view take_line(std::string_view& rest) noexcept {
    auto const end = rest.find('\n');
    auto line = rest.substr(0, end);
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    return line;
}

bool continues(std::string_view line) noexcept {
    return !line.empty() && (line[0] == ' ' || line[0] == '\t');
}

/// Printable ASCII before a colon, perhaps with blanks before it (RFC 5322 4.5).
bool begins_header(std::string_view line) noexcept {
    auto const colon = line.find(':');
    if (colon == line.npos || colon == 0) return false;
    auto name = line.substr(0, colon);
    while (!name.empty() && (name.back() == ' ' || name.back() == '\t')) name.remove_suffix(1);
    return !name.empty() &&
           std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

mail_header split_header(std::string_view line) {
    auto const colon = line.find(':');
    auto name = line.substr(0, colon);
    while (name.back() == ' ' || name.back() == '\t') name.remove_suffix(1);
    return {std::string(name), std::string(line.substr(colon + 1))};
}

/// Walks over an address list: quoted strings and comments are skipped, commas outside of them separate.
class address_reader {
public:
    std::vector<std::string> read(std::string_view value) {
        for (char c : value) take(c);
        finish();
        return std::move(found_);
    }

private:
    void take(char c) {
        if (escaped_) {
            escaped_ = false;
            keep(c);
        } else if (c == '\\' && (quoted_ || comments_ > 0)) {
            escaped_ = true;
            keep(c);
        } else if (c == '"' && comments_ == 0) {
            quoted_ = !quoted_;
            keep(c);
        } else if (quoted_) {
            keep(c);
        } else if (c == '(') {
            ++comments_;
        } else if (c == ')' && comments_ > 0) {
            --comments_;
        } else if (comments_ == 0) {
            take_plain(c);
        }
    }

    void take_plain(char c) {
        switch (c) {
        case '<':
            plain_.clear();
            bracketed_ = true;
            return;
        case '>': done_ = true; return;
        case ',':
        case ';': finish(); return;
        case ':': // the name of a group
            if (!bracketed_) plain_.clear();
            return;
        case ' ':
        case '\t':
        case '\n':
        case '\r': return;
        default: keep(c);
        }
    }

    void keep(char c) {
        if (!done_ && comments_ == 0) plain_ += c;
    }

    void finish() {
        if (plain_.find('@') != plain_.npos || bracketed_) found_.push_back(plain_);
        plain_.clear();
        bracketed_ = done_ = quoted_ = escaped_ = false;
        comments_ = 0;
    }

    std::vector<std::string> found_;
    std::string plain_;
    int comments_ = 0; ///< how deep
    bool quoted_ = false;
    bool escaped_ = false;
    bool bracketed_ = false;
    bool done_ = false;
};

} // namespace

mail parse_mail(std::string_view text) {
    mail one;
    if (text.substr(0, 5) == "From ") take_line(text);
    for (auto rest = text; !rest.empty(); text = rest) {
        auto const line = take_line(rest);
        if (line.empty()) {
            text = rest;
            break;
        }
        if (!one.headers.empty() && continues(line))
            one.headers.back().value.append("\n").append(line);
        else if (begins_header(line))
            one.headers.push_back(split_header(line));
        else
            break; // no header: the body begins here
    }
    one.body = with_crlf(text);
    if (!one.body.empty() && !one.body.ends_with("\r\n")) one.body += "\r\n";
    return one;
}

mail_header parse_header(std::string_view text) {
    auto const colon = text.find(':');
    if (colon == text.npos) return {};
    mail_header one{std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
    if (!continues(one.value)) one.value.insert(0, 1, ' ');
    return one;
}

std::string with_crlf(std::string_view text) {
    std::string out;
    out.reserve(text.size() + text.size() / 32);
    for (char c : text) {
        if (c == '\n' && !out.ends_with('\r')) out += '\r';
        out += c;
    }
    return out;
}

std::vector<std::string> addresses_in(std::string_view value) {
    return address_reader().read(value);
}

} // namespace milter::test_server
