// SPDX-License-Identifier: BSL-1.0
// callbacks.cpp - functions instead of a class: the links of each message are counted
//
//     callbacks SOCKET
//
// Of the guide docs/library/filter.md.
#include <milter/filter/server.hpp>

#include <string>
#include <string_view>

namespace filter = milter::filter;

struct seen {
    int links = 0; // one that lies across two chunks is not worth the trouble here
};

int main(int argc, char** argv) {
    return filter::run(
        argc, argv, filter::uses<filter::action::add_header>, filter::per_message<seen>,
        filter::on_helo([](std::string_view name) -> filter::verdict {
            if (name == "localhost") return filter::reply("550 5.7.1 You are not me");
            return filter::proceed;
        }),
        filter::on_body([](seen& message, std::string_view chunk) {
            for (auto at = chunk.find("http"); at != chunk.npos; at = chunk.find("http", at + 1))
                ++message.links;
        }),
        filter::on_end_of_message([](seen& message, filter::edits& edits) {
            edits.add_header("X-Links", std::to_string(message.links));
        }));
}
