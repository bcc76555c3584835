// SPDX-License-Identifier: BSL-1.0
// tests/support/main.cpp - main() of every test program
//
// Written out instead of BOOST_TEST_MODULE, which must be defined before the first include of Boost.Test: impossible
// with the precompiled header, whose owner this file is.

#include <boost/test/unit_test.hpp>

#include <support/hang_watch.hpp>

namespace {

support::hang_watch watch;

bool name_the_suite() {
    boost::unit_test::framework::master_test_suite().p_name.value = "milter";
    boost::unit_test::framework::register_observer(watch);
    return true;
}

} // namespace

int main(int argc, char** argv) {
    return boost::unit_test::unit_test_main(name_the_suite, argc, argv);
}
