// SPDX-License-Identifier: BSL-1.0
// manager/config/text_place.cpp
#include "manager/config/text_place.hpp"

#include "manager/config/printable.hpp"

#include <algorithm>
#include <optional>

namespace milter::manager {

namespace {

/// The rest of the file from some place on, character by character.
class cursor {
public:
    cursor(std::string_view file, source_place at) : rest_(file), at_{1, 1, 1, at.file} {
        while (!rest_.empty() &&
               (at_.line < at.line || (at_.line == at.line && at_.column < at.column)))
            step();
    }

    source_place const& at() const noexcept { return at_; }
    bool ended() const noexcept { return rest_.empty(); }
    bool begins_with(std::string_view text) const noexcept { return rest_.starts_with(text); }
    char first() const noexcept { return rest_.empty() ? '\0' : rest_.front(); }

    /// @return  bytes of the character
    std::size_t step() {
        auto const size = first_code_point(rest_).size;
        bool const ends_line = rest_.front() == '\n';
        rest_.remove_prefix(size);
        at_.column = ends_line ? 1 : at_.column + 1;
        if (ends_line) ++at_.line;
        return size;
    }
    void step(std::size_t characters) {
        while (characters-- > 0 && !ended()) step();
    }

private:
    std::string_view rest_;
    source_place at_;
};

std::size_t utf8_size(char32_t c) noexcept {
    if (c < 0x80) return 1;
    if (c < 0x800) return 2;
    return c < 0x10000 ? 3 : 4;
}

unsigned hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    return static_cast<unsigned>((c | 0x20) - 'a' + 10) & 15U;
}

/// One string of TOML, piece by piece: each is a character that was meant, or stands for none.
class literal {
public:
    literal(std::string_view file, source_place at) : here_(file, at) {
        for (std::string_view const quotes : {R"(""")", "'''", R"(")", "'"})
            if (quotes_.empty() && here_.begins_with(quotes)) quotes_ = quotes;
        here_.step(quotes_.size());
        if (quotes_.size() == 3) skip_line_end();
        skip_joined_lines();
    }

    source_place const& at() const noexcept { return here_.at(); }

    /// Three quotes may be preceded by one or two that are meant.
    bool ended() const noexcept {
        if (here_.ended() || quotes_.empty()) return true;
        if (!here_.begins_with(quotes_)) return false;
        return quotes_.size() == 1 || !here_.begins_with(std::string(quotes_) + quotes_[0]);
    }

    /// @return  bytes of the character that was meant
    std::size_t step() {
        auto const size = is_basic() && here_.first() == '\\' ? escape() : plain();
        skip_joined_lines();
        return size;
    }

private:
    bool is_basic() const noexcept { return quotes_[0] == '"'; }

    std::size_t plain() {
        if (!here_.begins_with("\r\n")) return here_.step();
        here_.step(2); // the parser makes one of it
        return 1;
    }

    std::size_t escape() {
        here_.step();
        char const kind = here_.first();
        here_.step(1);
        if (kind != 'u' && kind != 'U') return 1;
        char32_t value = 0;
        for (int i = kind == 'u' ? 4 : 8; i > 0 && !here_.ended(); --i) {
            value = value << 4 | hex_digit(here_.first());
            here_.step();
        }
        return utf8_size(value);
    }

    void skip_line_end() {
        if (here_.begins_with("\r\n"))
            here_.step(2);
        else if (here_.begins_with("\n"))
            here_.step();
    }

    /// A backslash at the end of a line takes all space behind it along.
    void skip_joined_lines() {
        constexpr std::string_view blanks = " \t\r\n";
        while (quotes_ == R"(""")" && here_.first() == '\\') {
            auto look = here_;
            look.step();
            while (look.first() == ' ' || look.first() == '\t' || look.first() == '\r') look.step();
            if (look.first() != '\n') return;
            while (!look.ended() && blanks.find(look.first()) != blanks.npos) look.step();
            here_ = look;
        }
    }

    cursor here_;
    std::string_view quotes_;
};

} // namespace

source_place place_in_text(std::string_view file, source_place at, std::size_t offset,
                           std::size_t length) {
    literal text(file, at);
    std::size_t done = 0;
    while (done < offset && !text.ended()) done += text.step();
    auto found = text.at();
    auto behind = found.column;
    for (std::size_t const end = offset + length; done < end && !text.ended();) {
        behind = text.at().line == found.line ? text.at().column : behind;
        done += text.step();
        if (text.at().line != found.line) {
            ++behind;
            break;
        }
        behind = text.at().column;
    }
    found.width = std::max(1U, behind - found.column);
    return found;
}

bool ends_at_double_quote(std::string_view file, source_place at) {
    cursor here(file, at);
    if (here.first() != '"' || here.begins_with(R"(""")")) return false;
    for (here.step(); !here.ended() && here.first() != '"'; here.step())
        if (here.begins_with(R"(\")")) return false;
    return true;
}

} // namespace milter::manager
