// SPDX-License-Identifier: BSL-1.0
// tests/support/captured.hpp - what code under test prints through std::cout and std::cerr
#pragma once

#include <iostream>
#include <sstream>
#include <string>

namespace support {

class captured {
public:
    captured()
        : out_(std::cout.rdbuf(out_text_.rdbuf())), err_(std::cerr.rdbuf(err_text_.rdbuf())) {}
    captured(captured const&) = delete;
    captured& operator=(captured const&) = delete;
    ~captured() {
        std::cout.rdbuf(out_);
        std::cerr.rdbuf(err_);
    }

    std::string out() const { return out_text_.str(); }
    std::string err() const { return err_text_.str(); }

private:
    std::ostringstream out_text_, err_text_;
    std::streambuf* out_;
    std::streambuf* err_;
};

} // namespace support
