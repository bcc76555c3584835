// SPDX-License-Identifier: BSL-1.0
// tests/apps/manager_import.cpp - `import` as an administrator uses it: files, standard streams, exit status

#include "manager_fixture.hpp"

#include <filesystem>
#include <string>

using namespace manager_test;

namespace {

struct import_fixture : manager_fixture {
    finished_program import(arguments args, std::string const& input = "/dev/null") const {
        args.insert(args.begin(), "import");
        return support::run_program(program("milter-manager"), args, dir, input);
    }

    std::string main_cf = dir.write("main.cf", "myhostname = mx.test\n"
                                               "smtpd_milters = inet:localhost:8891\n"
                                               "non_smtpd_milters = $smtpd_milters\n");
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(apps_manager_import, import_fixture)

BOOST_AUTO_TEST_CASE(configuration_is_on_standard_output_and_what_people_read_is_not) {
    auto const done = import({"--from", "postfix", main_cf});
    BOOST_TEST(done.exit_code == 0, done.err);
    BOOST_TEST(contains(done.out, "[[milter]]\nname = \"opendkim\"\n"), done.out);
    BOOST_TEST(contains(done.err, main_cf + ": note: master.cf is not read"), done.err);
    BOOST_TEST(contains(done.out, "# " + main_cf + ": note: master.cf is not read"), done.out);
}

BOOST_AUTO_TEST_CASE(what_is_made_passes_check) {
    auto const made = dir / "made.toml";
    BOOST_TEST(import({"--from", "postfix", main_cf, "--output", made}).exit_code == 0);
    auto const checked =
        support::run_program(program("milter-manager"), {"check", "-c", made}, dir);
    BOOST_TEST(contains(checked.out, "1 listener, 1 milter, no errors"), checked.out + checked.err);
}

BOOST_AUTO_TEST_CASE(standard_input_may_be_the_file) {
    auto const input = dir.write("input", "smtpd_milters = unix:x\nmilter_x\n");
    auto const done = import({"--from", "postfix", "-"}, input);
    BOOST_TEST(done.exit_code == 1);
    BOOST_TEST(contains(done.err, "stdin:2: not a parameter: \"milter_x\"; "), done.err);
}

BOOST_AUTO_TEST_CASE(what_it_is_of_is_guessed_and_said) {
    auto const dump = dir.write("dump", "# default\nsecurity.privilege_mode = false\n"
                                        "manager.connection_spec = \"unix:/run/m.sock\"\n"
                                        "define_milter(\"a\") do |milter|\n"
                                        "  milter.connection_spec = \"unix:/run/a.sock\"\nend\n");
    auto const mc = dir.write("x.mc", "dnl x\nINPUT_MAIL_FILTER(`a', `S=local:/run/a')\n");
    struct {
        std::string const& file;
        std::string what;
    } const rows[] = {{main_cf, "postfix"}, {dump, "milter-manager"}, {mc, "sendmail"}};
    for (auto const& row : rows) {
        auto const done = import({row.file});
        BOOST_TEST(done.exit_code == 0, done.err);
        BOOST_TEST(contains(done.err, row.file + " looks like " + row.what + "'s; "), done.err);
    }
}

BOOST_AUTO_TEST_CASE(a_file_is_not_written_over_unless_asked_for) {
    auto const made = dir.write("made.toml", "mine\n");
    auto const refused = import({"--from", "postfix", main_cf, "--output", made});
    BOOST_TEST(refused.exit_code == 73);
    BOOST_TEST(contains(refused.err, made + ": File exists; --force writes over it\n"),
               refused.err);
    BOOST_TEST(support::slurp(made) == "mine\n");
    BOOST_TEST(import({"--from", "postfix", main_cf, "--output", made, "--force"}).exit_code == 0);
    BOOST_TEST(contains(support::slurp(made), "[[listen]]"));
}

BOOST_AUTO_TEST_CASE(exit_status_tells_what_went_wrong) {
    auto const poor = dir.write("poor.cf", "smtpd_milters = unix:x\nsmtpd_milter_maps = cidr:/x\n");
    auto const prose = dir.write("prose", "what is it\n");
    auto const huge = dir.write("huge", "smtpd_milters = unix:x\n" + std::string(1 << 20, '#'));
    struct {
        arguments args;
        int status;
        std::string says;
    } const rows[] = {
        {{"--from", "postfix", poor}, 1, poor + ":2: smtpd_milter_maps"},
        {{}, 64, "import needs a file"},
        {{"--from", "sendmail"}, 64, "import needs a file"},
        {{"--from", "exim", main_cf}, 64, "it is milter-manager, postfix or sendmail"},
        {{main_cf, prose}, 64, "not expected"},
        {{prose}, 65, "is not understood; say with --from"},
        {{"--from", "milter-manager", prose}, 65, "has nothing of milter-manager"},
        {{"--from", "sendmail", main_cf}, 65, "has nothing of sendmail"},
        {{huge}, 65, "more than 1 MiB"},
        {{dir / "missing"}, 66, "cannot read the file: No such file or directory"},
        {{"--from", "postfix", dir / ""}, 66, "cannot read the file: Is a directory"},
        {{main_cf, "--output", dir / "no/such"}, 73, "No such file or directory"},
    };
    for (auto const& row : rows) {
        auto const done = import(row.args);
        BOOST_TEST(done.exit_code == row.status, done.err);
        BOOST_TEST(contains(done.err, row.says), done.err);
        BOOST_TEST(!contains(done.err, "did you mean -c"), done.err);
        if (row.status != 1) BOOST_TEST(done.out == "");
    }
}

BOOST_AUTO_TEST_CASE(text_of_the_file_reaches_a_terminal_escaped) {
    auto const odd = dir.write("odd.cf", "smtpd_milters = unix:\x1b[2J\nmyhostname = x\n");
    auto const done = import({odd});
    BOOST_TEST(done.exit_code == 1);
    BOOST_TEST(!contains(done.err + done.out, "\x1b"));
}

BOOST_AUTO_TEST_SUITE_END()
