// SPDX-License-Identifier: BSL-1.0
// test-server/conformance/transcript.hpp - the packets of a case both ways, in words and as bytes
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace milter::test_server {

/// Lines such as `> helo "a"  00 00 00 03 48 61 00`; of long packets and long sessions the beginning.
class transcript_lines {
public:
    void sent(std::string_view bytes);
    void received(std::string_view bytes);
    void note(std::string_view what); ///< an event that is no packet

    std::vector<std::string> const& all() const noexcept { return lines_; }
    void clear() { lines_.clear(); }

private:
    void add(std::string line);
    bool is_full() const noexcept { return lines_.size() > most_lines; }

    static constexpr std::size_t most_lines = 200;
    std::vector<std::string> lines_;
};

} // namespace milter::test_server
