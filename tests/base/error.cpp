// SPDX-License-Identifier: BSL-1.0
// tests/base/error.cpp - each finding has a text of its own and one condition to react to

#include "milter/error.hpp"

#include <boost/test/unit_test.hpp>

#include <support/print_error.hpp>

#include <cerrno>
#include <set>

using milter::condition;
using milter::errc;
using milter::error_code;

namespace {

struct row {
    errc code;
    condition group;
};

constexpr row rows[] = {
    {errc::frame_empty, condition::malformed},
    {errc::frame_too_large, condition::malformed},
    {errc::not_milter, condition::malformed},
    {errc::frame_truncated, condition::malformed},
    {errc::unknown_code, condition::malformed},
    {errc::missing_nul, condition::malformed},
    {errc::missing_field, condition::malformed},
    {errc::surplus_data, condition::malformed},
    {errc::embedded_nul, condition::malformed},
    {errc::bad_family, condition::malformed},
    {errc::bad_index, condition::malformed},
    {errc::bad_reply_text, condition::malformed},
    {errc::empty_name, condition::malformed},
    {errc::out_of_sequence, condition::violation},
    {errc::reply_not_due, condition::violation},
    {errc::reply_not_allowed, condition::violation},
    {errc::version_refused, condition::violation},
    {errc::actions_refused, condition::violation},
    {errc::steps_refused, condition::violation},
    {errc::not_negotiated, condition::violation},
    {errc::body_interleaved, condition::violation},
    {errc::limit_exceeded, condition::violation},
    {errc::misuse, condition::local},
    {errc::too_large_to_send, condition::local},
    {errc::bad_endpoint, condition::local},
    {errc::unknown_group, condition::local},
    {errc::resource, condition::local},
    {errc::timed_out, condition::timeout},
    {errc::connection_closed, condition::lost},
    {errc::connect_failed, condition::lost},
};

constexpr condition conditions[] = {condition::malformed, condition::violation, condition::local,
                                    condition::timeout, condition::lost};

} // namespace

BOOST_AUTO_TEST_SUITE(error)

BOOST_AUTO_TEST_CASE(each_finding_belongs_to_exactly_one_condition) {
    for (auto const& row : rows) {
        error_code const ec = row.code;
        for (auto const group : conditions)
            BOOST_TEST_CONTEXT(ec.message()) BOOST_TEST((ec == group) == (group == row.group));
    }
}

BOOST_AUTO_TEST_CASE(findings_are_numbered_without_gap_so_the_table_has_all) {
    int expected = 0;
    for (auto const& row : rows) BOOST_TEST(static_cast<int>(row.code) == ++expected);
    BOOST_TEST(error_code(static_cast<errc>(expected + 1)).message() == "unknown error");
}

BOOST_AUTO_TEST_CASE(each_finding_has_a_text_of_its_own) {
    std::set<std::string> texts;
    for (auto const& row : rows) {
        auto const text = error_code(row.code).message();
        BOOST_TEST(texts.insert(text).second, text << " stands twice");
        BOOST_TEST(text.size() > 4u);
        BOOST_TEST(text != "unknown error");
    }
}

BOOST_AUTO_TEST_CASE(each_condition_has_a_name_of_its_own) {
    std::set<std::string> names;
    for (auto const group : conditions) names.insert(milter::error_condition(group).message());
    BOOST_TEST(names ==
                   (std::set<std::string>{"local", "lost", "malformed", "timeout", "violation"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(every_finding_is_an_error_of_this_library) {
    for (auto const& row : rows) {
        error_code const ec = row.code;
        BOOST_TEST(ec.failed());
        BOOST_TEST(std::string(ec.category().name()) == "milter");
    }
    BOOST_TEST(std::string(milter::error_condition(condition::lost).category().name()) ==
               "milter.condition");
}

BOOST_AUTO_TEST_CASE(errors_of_others_belong_to_one_condition_each_and_none_is_ours) {
    namespace system = boost::system::errc;
    struct row {
        error_code code;
        condition group = condition::lost;
    };
    row const others[] = {
        {system::make_error_code(system::connection_refused), condition::lost},
        {system::make_error_code(system::no_such_file_or_directory), condition::lost},
        {system::make_error_code(system::permission_denied), condition::lost},
        {system::make_error_code(system::timed_out), condition::timeout},
        {system::make_error_code(system::too_many_files_open), condition::local},
        {system::make_error_code(system::not_enough_memory), condition::local},
        {system::make_error_code(system::no_buffer_space), condition::local},
        {system::make_error_code(system::operation_canceled), condition::local},
        {error_code(ETIMEDOUT, boost::system::system_category()), condition::timeout},
        {error_code(EMFILE, boost::system::system_category()), condition::local},
        {error_code(ECONNRESET, boost::system::system_category()), condition::lost},
        {error_code(4711, boost::system::system_category()), condition::lost},
    };
    for (auto const& row : others) {
        for (auto const group : conditions) BOOST_TEST_CONTEXT(row.code.message())
        BOOST_TEST((row.code == group) == (group == row.group));
        BOOST_TEST((row.code != errc::connect_failed));
    }
    for (auto const group : conditions) BOOST_TEST((error_code() != group));
}

BOOST_AUTO_TEST_CASE(result_holds_a_value_or_a_finding) {
    milter::result<int> const good = 7;
    milter::result<int> const bad = error_code(errc::misuse);
    BOOST_TEST(good.value() == 7);
    BOOST_TEST(bad.has_error());
    BOOST_TEST(bad.error() == errc::misuse);
}

BOOST_AUTO_TEST_SUITE_END()
