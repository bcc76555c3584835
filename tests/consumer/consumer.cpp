// SPDX-License-Identifier: BSL-1.0
// tests/consumer/consumer.cpp - a program of somebody else: frames a command and finds it again

#include <milter/error.hpp>
#include <milter/version.hpp>
#include <milter/wire/frame.hpp>

#include <cstdlib>
#include <iostream>
#include <string>

int main() {
    std::string bytes;
    milter::wire::append_frame(bytes, 'H', "mail.example.com");
    milter::error_code ec;
    auto const frame = milter::wire::first_frame(bytes, milter::wire::default_data_limit, ec);
    if (ec || !frame || frame->code != 'H') {
        std::cerr << "no frame found: " << ec.message() << '\n';
        return EXIT_FAILURE;
    }
    std::cout << "milter " << milter::version_string << '\n';
    return EXIT_SUCCESS;
}
