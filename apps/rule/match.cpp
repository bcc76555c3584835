// SPDX-License-Identifier: BSL-1.0
// rule/match.cpp
#include "rule/match.hpp"

#include <milter/wire/describe.hpp>

#include <algorithm>
#include <utility>

namespace milter::rule {

namespace {

constexpr std::size_t patterns_together =
    256; // more make an automaton that is built again and again in its memory

RE2::Options options_within(std::int64_t memory) {
    RE2::Options options;
    options.set_encoding(RE2::Options::EncodingLatin1);
    options.set_log_errors(false);
    options.set_never_capture(true);
    options.set_max_mem(memory);
    return options;
}

/// Flags stand in the pattern itself, so that patterns of unlike flags can be searched for together.
std::string flag_group(pattern_flags const& flags) {
    std::string letters;
    if (flags.ignore_case) letters += 'i';
    if (flags.multi_line) letters += 'm';
    if (flags.dot_all) letters += 's';
    return letters.empty() ? letters : "(?" + letters + ")";
}

std::string escape_problem(std::string const& escape) {
    bool const digit = escape.size() > 1 && escape[1] >= '1' && escape[1] <= '9';
    if (digit || escape.starts_with("\\g") || escape.starts_with("\\k"))
        return "a reference back to what a group matched (" + escape +
               ") is not supported, as matching it can take for ever";
    return "there is no escape " + wire::quoted(escape);
}

std::string group_problem(std::string const& opening) {
    auto const shown = wire::quoted(opening);
    for (auto const look : {"(?=", "(?!", "(?<"})
        if (opening.starts_with(look))
            return shown +
                   ": looking ahead or behind is not supported, as matching it can take for ever";
    return shown + " is not supported";
}

std::string problem_of(RE2 const& re) {
    auto const& part = re.error_arg();
    switch (re.error_code()) {
    case RE2::ErrorBadEscape: return escape_problem(part);
    case RE2::ErrorBadPerlOp:
    case RE2::ErrorBadNamedCapture: return group_problem(part);
    case RE2::ErrorMissingParen: // of a parenthesis that stays open RE2 shows the whole pattern
        if (part != re.pattern()) return group_problem(part);
        return "a closing parenthesis is missing";
    case RE2::ErrorUnexpectedParen: return "a closing parenthesis without its opening one";
    case RE2::ErrorMissingBracket:
        return "the class " + wire::quoted(part) + " has no closing bracket";
    case RE2::ErrorBadCharRange:
    case RE2::ErrorBadCharClass: return "no class or range of characters: " + wire::quoted(part);
    case RE2::ErrorRepeatArgument: return "nothing to repeat before " + wire::quoted(part);
    case RE2::ErrorRepeatSize:
        return "repeats too often: " + wire::quoted(part) + "; 1000 times at most";
    case RE2::ErrorRepeatOp: return "repeats a repetition: " + wire::quoted(part);
    case RE2::ErrorTrailingBackslash: return "a backslash at the end escapes nothing";
    case RE2::ErrorPatternTooLarge:
        return "needs too much memory; use fewer or smaller repetitions";
    default: return re.error();
    }
}

/// Where in the text stands what RE2 complains about: it says what, not where. The first place of that spelling is the
/// one at which reading stopped, unless it was escaped before.
std::optional<std::size_t> offset_of(std::string const& part, std::string_view text) {
    auto const at = part.empty() ? text.npos : text.find(part);
    return at == text.npos ? std::nullopt : std::optional(at);
}

re2::StringPiece searched(std::string_view subject) noexcept {
    auto const front = subject.substr(0, longest_subject);
    return {front.data(), front.size()};
}

} // namespace

pattern_result pattern::compile(std::string_view text, bool ignore_case) {
    pattern_flags flags;
    flags.ignore_case = ignore_case;
    return compile(text, flags);
}

pattern_result pattern::compile(std::string_view text, pattern_flags const& flags) {
    if (text.size() > longest_pattern)
        return {std::nullopt, "longer than " + std::to_string(longest_pattern) + " bytes", {}};
    if (auto const nul = text.find('\0'); nul != text.npos)
        return {std::nullopt, "a NUL byte; write it as \\x00", nul};
    auto re = std::make_shared<RE2>(flag_group(flags).append(text), options_within(flags.memory));
    if (!re->ok()) return {std::nullopt, problem_of(*re), offset_of(re->error_arg(), text)};
    return {pattern(std::move(re)), {}, {}};
}

bool pattern::matches(std::string_view subject) const noexcept {
    auto const text = searched(subject);
    return compiled_->Match(text, 0, text.size(), RE2::UNANCHORED, nullptr, 0);
}

void pattern_list::build() {
    groups_.clear();
    for (std::size_t begin = 0; begin < patterns_.size(); begin += patterns_together) {
        auto const end = std::min(begin + patterns_together, patterns_.size());
        auto together = std::make_shared<RE2::Set>(options_within(pattern_memory), RE2::UNANCHORED);
        bool whole = true;
        for (auto i = begin; i < end; ++i)
            whole = whole && together->Add(patterns_[i].expression(), nullptr) >= 0;
        if (!whole || !together->Compile()) together = nullptr;
        groups_.push_back({begin, end, std::move(together)});
    }
}

pattern_list::finding pattern_list::search(group const& in, std::string_view subject) noexcept {
    if (!in.together) return finding::unknown;
    RE2::Set::ErrorInfo error{};
    if (in.together->Match(searched(subject), nullptr, &error)) return finding::some;
    return error.kind == RE2::Set::kNoError ? finding::none : finding::unknown;
}

std::optional<std::size_t> pattern_list::first_of(group const& in,
                                                  std::string_view subject) const noexcept {
    for (auto i = in.begin; i < in.end; ++i)
        if (patterns_[i].matches(subject)) return i;
    return std::nullopt;
}

bool pattern_list::any_match(std::string_view subject) const noexcept {
    return std::any_of(groups_.begin(), groups_.end(), [&](group const& one) {
        auto const found = search(one, subject);
        return found == finding::some ||
               (found == finding::unknown && first_of(one, subject).has_value());
    });
}

std::optional<std::size_t> pattern_list::first_match(std::string_view subject) const noexcept {
    for (auto const& one : groups_) {
        if (search(one, subject) == finding::none) continue;
        if (auto const found = first_of(one, subject)) return found;
    }
    return std::nullopt;
}

} // namespace milter::rule
