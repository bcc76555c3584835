// SPDX-License-Identifier: BSL-1.0
// tests/consumer/consumer_json.cpp - a program of somebody else: a conversation as JSON

#include <milter/corpus/conversation_json.hpp>

#include <cstdlib>
#include <iostream>

int main() {
    milter::corpus::conversation talk;
    talk.id = "1";
    auto const line = milter::corpus::to_line(milter::corpus::to_json(talk));
    std::cout << line << '\n';
    return line == R"({"id":"1","state":"complete","events":[]})" ? EXIT_SUCCESS : EXIT_FAILURE;
}
