// SPDX-License-Identifier: BSL-1.0
// tests/support/print_error.hpp - what a failed BOOST_TEST shows of errors: their text, not a number
#pragma once

#include <milter/error.hpp>

#include <ostream>

namespace milter {

inline std::ostream& boost_test_print_type(std::ostream& out, errc code) {
    return out << '"' << error_code(code).message() << '"';
}

inline std::ostream& boost_test_print_type(std::ostream& out, condition value) {
    return out << "any " << error_condition(value).message() << " error";
}

} // namespace milter
