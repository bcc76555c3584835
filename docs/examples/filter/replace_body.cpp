// SPDX-License-Identifier: BSL-1.0
// replace_body.cpp - a body of any size is taken in, and given back another, in little memory
//
//     replace_body SOCKET
//
// Of the guide docs/library/filter.md.
#include <milter/filter/server.hpp>
#include <milter/message/body_store.hpp>

#include <string>
#include <string_view>

namespace filter = milter::filter;

/// Each letter becomes the thirteenth after it.
char rotated(char c) {
    for (char const first : {'a', 'A'})
        if (c >= first && c < first + 26) return static_cast<char>(first + (c - first + 13) % 26);
    return c;
}

class rotator {
public:
    static constexpr auto actions = filter::action::change_body;

    explicit rotator(filter::async_context& context) : context_(context) {}

    /// What it throws, for want of room on the disk, is tempfail.
    void body(std::string_view chunk) {
        std::string changed(chunk);
        for (char& c : changed) c = rotated(c);
        milter::error_code ec;
        body_.append(changed, ec);
        if (ec) throw boost::system::system_error(ec);
    }

    filter::awaitable<void> end_of_message(filter::edits& edits) {
        std::string room;
        milter::error_code ec;
        for (std::size_t at = 0; at < body_.size(); at += 65'535) {
            edits.replace_body(body_.read(at, 65'535, room, ec));
            if (ec) throw boost::system::system_error(ec);
            co_await context_.flush(); // not before the MTA has taken it comes the next
        }
    }

private:
    filter::async_context& context_;
    milter::message::body_store body_; // a mebibyte in memory, the rest in a file without name
};

int main(int argc, char** argv) { return filter::run<rotator>(argc, argv); }
