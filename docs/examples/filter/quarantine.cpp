// SPDX-License-Identifier: BSL-1.0
// quarantine.cpp - a message with a certain word in its body is held; of a large one the beginning is enough
//
//     quarantine SOCKET
//
// Of the guide docs/library/filter.md.
#include <milter/filter/server.hpp>

#include <string>
#include <string_view>

namespace filter = milter::filter;

class reader {
public:
    static constexpr auto actions = filter::action::quarantine;

    /// Chunks end anywhere: so that a word across two of them is found, the end of the last is kept.
    filter::body_verdict body(std::string_view chunk) {
        text_.append(chunk);
        found_ = found_ || text_.find(word) != text_.npos;
        size_ += chunk.size();
        if (found_ || size_ > 1'000'000) return filter::skip;
        if (text_.size() > word.size()) text_.erase(0, text_.size() - word.size());
        return filter::proceed;
    }

    void end_of_message(filter::edits& edits) {
        if (found_) edits.quarantine("it says XJS*C4JDBQADN1");
    }

private:
    static constexpr std::string_view word = "XJS*C4JDBQADN1"; // the beginning of GTUBE

    std::string text_;
    std::size_t size_ = 0;
    bool found_ = false;
};

int main(int argc, char** argv) { return filter::run<reader>(argc, argv); }
