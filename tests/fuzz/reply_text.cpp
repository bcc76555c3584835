// SPDX-License-Identifier: BSL-1.0
// tests/fuzz/reply_text.cpp - the text of a `y` reply, judged and put right: the input is the text

#include "invariant.hpp"
#include <milter/proto/smtp_reply.hpp>

#include <support/exact_copy.hpp>

#include <string>

namespace proto = milter::proto;
using fuzz::require;

namespace {

struct lines {
    std::size_t count = 0;
    std::size_t longest = 0; ///< bytes behind the codes
};

lines lines_of(std::string_view text) {
    lines all;
    for (std::size_t at = 0; at <= text.size(); ++all.count) {
        auto const end = std::min(text.find("\r\n", at), text.size());
        auto const said = text.substr(std::min(at + 4, end), end - std::min(at + 4, end));
        auto const code = proto::detail::enhanced_code_size(said, text[0]);
        all.longest = std::max(all.longest, said.size() - code);
        at = end + 2;
    }
    return all;
}

/// What a client is told: two percent signs are one.
std::string undoubled(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        out += text[i];
        if (text.substr(i, 2) == "%%") ++i;
    }
    return out;
}

void check_percent(std::string_view text) {
    auto const doubled = proto::double_percent(text);
    require(!proto::has_lone_percent(doubled), "doubling leaves no percent sign alone");
    require((doubled == text) == !proto::has_lone_percent(text),
            "doubling changes only what has a percent sign alone");
    require(undoubled(doubled) == undoubled(text), "doubling does not change what is said");
}

void check_repair(std::string_view text) {
    auto const repaired = proto::repair_reply_text(text);
    require(repaired.has_value() == (proto::reply_class(text) != 0),
            "what has a code can be repaired");
    bool const good = !proto::check_reply_text(text);
    require(!good || repaired, "a good text has a code");
    if (!repaired) return;
    require(!proto::check_reply_text(*repaired), "what was repaired is good");
    require(repaired->substr(0, 3) == text.substr(0, 3), "repair keeps the code");
    auto const size = lines_of(*repaired);
    constexpr proto::reply_text_limits limits;
    require(size.count <= limits.lines, "repair leaves no more lines than are allowed");
    require(size.longest <= limits.line_bytes, "repair leaves no line too long");
    require(proto::repair_reply_text(*repaired) == repaired, "repair leaves nothing to repair");
    if (good) require(*repaired == text, "repair leaves a good text alone");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    support::exact_copy const text(fuzz::view(data, size));
    check_percent(text.view());
    check_repair(text.view());
    return 0;
}
