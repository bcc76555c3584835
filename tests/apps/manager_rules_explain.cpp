// SPDX-License-Identifier: BSL-1.0
// tests/apps/manager_rules_explain.cpp - `rules explain`: mails that are made up, of tests, and of the decision log
#include "manager/rules/explain_verb.hpp"
#include "manager_rules_fixture.hpp"

using namespace manager_rules_test;

BOOST_FIXTURE_TEST_SUITE(apps_manager_rules_explain, rules_fixture)

BOOST_AUTO_TEST_CASE(answers_are_shown_stage_by_stage_until_all_is_decided) {
    configure();
    request.given = {"client=203.0.113.9", "sender=a@example.com",
                     "recipients=b@example.org,news@example.org"};
    auto const done = manager::explain_mail(request);
    BOOST_TEST(done.status == 0, done.err);
    BOOST_TEST(done.out ==
               "milter spf runs, decided at connect\n"
               "  not known yet at start; true at connect\n"
               "  when\n"
               "    true: not local\n"
               "      false: local\n"
               "        false: client.address in \"10.0.0.0/8\" (client.address = 203.0.113.9)\n"
               "milter scan does not run, decided at rcpt 2\n"
               "  not known yet at start, connect, helo, mail, rcpt 1; false at rcpt 2\n"
               "  rule \"news\" skips it\n"
               "    true: any(recipient.local == \"news\") (recipient.local = \"b\", \"news\"; "
               "more may come)\n"
               "condition local: false\n"
               "rule \"news\" holds: skips scan; tag newsletter\n"
               "verdict: none, decided at mail\n");
}

BOOST_AUTO_TEST_CASE(refusal_ends_it) {
    configure();
    request.given = {"client=203.0.113.9", "sender=x@bad.example", "recipients=b@example.org"};
    request.milter = "scan";
    auto const done = manager::explain_mail(request);
    BOOST_TEST(contains(done.out, "milter scan is undecided\n"), done.out);
    BOOST_TEST(!contains(done.out, "milter spf"), done.out);
    BOOST_TEST(done.out.ends_with(
                   "verdict: reject \"550 5.7.1 go away\" by rule \"blocked\", decided at mail\n"),
               done.out);
}

BOOST_AUTO_TEST_CASE(what_is_not_given_and_asked_for_is_named) {
    configure();
    request.given = {"sender=a@example.com"};
    auto const done = manager::explain_mail(request);
    BOOST_TEST(contains(done.out, "milter spf is undecided\n"), done.out);
    BOOST_TEST(contains(done.out, "asked for, but not known: client.address\n"), done.out);
}

BOOST_AUTO_TEST_CASE(keys_with_names_in_them) {
    configure("[dnsbl.\"zen.example.org\"]\n"
              "[[rule]]\nname = \"r\"\ntag = \"r\"\nwhen = '''dnsbl(\"zen.example.org\") and "
              "any(header(\"X-A.b\") == \"c=d\")\n"
              "  and macro(\"{daemon_name}\") == \"x\" and milter(\"spf\").verdict == \"reject\" "
              "and body.size > 1KiB'''\n");
    request.given = {"client=203.0.113.9",    "dnsbl.zen.example.org=true", "header.X-A.b=c=d",
                     "macro.{daemon_name}=x", "milter.spf.verdict=reject",  "body.size=2000",
                     "sender=a@b.example",    "recipients=c@d.example"};
    request.json = true;
    auto const done = manager::explain_mail(request);
    BOOST_TEST(done.status == 0, done.err);
    BOOST_TEST(contains(done.out, R"("rules":["r"],"tags":["r"])"), done.out + done.err);
}

BOOST_AUTO_TEST_CASE(slips_are_told) {
    configure();
    struct {
        char const* given;
        int status;
        char const* what;
    } const rows[] = {
        {"client", 65, "--given client: expected KEY=VALUE"},
        {"clent=10.0.0.1", 65, "did you mean \"client\"?"},
        {"client=10.0.0", 65, "is not an IP address"},
        {"milter.spff.ran=true", 65, "unknown milter \"spff\""},
    };
    for (auto const& row : rows) {
        request.given = {row.given};
        auto const done = manager::explain_mail(request);
        BOOST_TEST(done.status == row.status, row.given);
        BOOST_TEST(contains(done.err, row.what), done.err);
    }
    request.given = {"client=10.0.0.1"};
    request.milter = "skan";
    BOOST_TEST(
        contains(manager::explain_mail(request).err, "no milter \"skan\"; did you mean \"scan\"?"));
}

BOOST_AUTO_TEST_CASE(mail_of_a_test_is_found_by_name) {
    configure("[[test]]\nname = \"t\"\ngiven = { client = \"10.0.0.1\" }\nexpect = { not_milters = "
              "[\"spf\"] }\n");
    request.test = "t";
    BOOST_TEST(contains(manager::explain_mail(request).out, "milter spf does not run"));
    request.test = "u";
    BOOST_TEST(manager::explain_mail(request).status == 66);
}

BOOST_AUTO_TEST_CASE(logged_mail_has_the_facts_of_its_line_and_no_others) {
    configure(
        "[[rule]]\nname = \"subject\"\nwhen = 'any(header(\"Subject\") == \"x\")'\ntag = \"x\"\n"
        "[[rule]]\nname = \"big\"\nwhen = 'message.size > 1KiB'\ntag = \"big\"\n");
    request.log = dir.write(
        "log",
        R"({"event":"refusal","client_name":"x"})"
        "\n"
        R"({"event":"decision","queue_id":"4Xy","client_name":"mx.test","client_address":"10.0.0.7","sender":"<a@example.com>",)"
        R"("recipients":[{"address":"<news@example.org>","verdict":"550 5.1.1 unknown"},{"address":"<b@example.org>","verdict":"continue"}],)"
        R"("recipient_count":2,"verdict":"accept","stage":"end_of_message","size":5120})"
        "\n");
    request.queue_id = "4Xy";
    auto const done = manager::explain_mail(request);
    BOOST_TEST(done.status == 0, done.err);
    BOOST_TEST(contains(done.out, "The log has no headers"), done.out);
    BOOST_TEST(contains(done.out, "milter spf does not run"), done.out);
    BOOST_TEST(contains(done.out, "milter scan runs, decided at data"), done.out);
    BOOST_TEST(contains(done.out,
                        "rule \"big\" holds: tag big\n  the log says: did not hold, unlike "
                        "today's rules\n"),
               done.out);
    BOOST_TEST(!contains(done.out, "rule \"subject\""), done.out);
    BOOST_TEST(!contains(done.out, "rule \"news\" holds"), done.out);
    request.queue_id = "5Xy";
    BOOST_TEST(manager::explain_mail(request).status == 66);
}

BOOST_AUTO_TEST_CASE(numbers_of_a_message_that_was_broken_off_are_not_its_own) {
    configure("[condition.small]\nwhen = 'message.size < 10MiB'\n"
              "[condition.few]\nwhen = 'recipients.count < 5'\n"
              "[condition.ours]\nwhen = 'all(recipient.domain == \"example.com\")'\n");
    for (std::string const how :
         {R"("verdict":"reject","stage":"mail")", R"("verdict":"aborted")"}) {
        request.log = dir.write(
            "log",
            R"({"event":"decision","queue_id":"4Xy","client_address":"10.0.0.7","sender":"<a@example.com>",)"
            R"("recipients":[],"recipient_count":0,"size":0,"conditions":["local"],)" +
                how + "}\n");
        request.queue_id = "4Xy";
        auto const done = manager::explain_mail(request);
        BOOST_TEST(done.status == 0, done.err);
        for (auto const* const name : {"small", "few", "ours"})
            BOOST_TEST(contains(done.out, "condition " + std::string(name) + ": not known yet"),
                       done.out);
        BOOST_TEST(!contains(done.out, "contradicts"), done.out);
    }
}

BOOST_AUTO_TEST_CASE(logged_mail_is_told_with_what_the_log_says_of_it) {
    configure("[condition.offer]\nwhen = 'any(header(\"Subject\") == \"offer\")'\n"
              "[[milter]]\nname = \"late\"\nsocket = \"unix:/nowhere/late.sock\"\nwhen = 'offer'\n"
              "[[rule]]\nname = \"offers\"\nwhen = 'offer'\ntag = \"offer\"\n");
    std::string const line =
        R"({"time":"2026-01-02T03:04:05.678Z","event":"decision","queue_id":"4Xy","client_address":"10.0.0.7",)"
        R"("sender":"<a@example.com>","recipients":[{"address":"<b@example.org>","verdict":"continue"}],"recipient_count":1,)"
        R"("verdict":"reject","text":"550 5.7.1 no","decided_by":"late","stage":"end_of_message","milters":[)"
        R"({"name":"spf","verdict":"continue"},{"name":"scan","verdict":"not asked","reason":"evaluated"},)"
        R"({"name":"late","verdict":"reject","reason":"550 5.7.1 no"}],)"
        R"("conditions":["offer"],"rules":["offers","old"],"tags":["offer"]})"
        "\n";
    request.log = dir.write("log", line + line);
    request.queue_id = "4Xy";
    auto const done = manager::explain_mail(request);
    BOOST_TEST(done.status == 0, done.err);
    BOOST_TEST(contains(done.out, "2 decisions in the log have the queue_id 4Xy; this is the last "
                                  "one, of 2026-01-02T03:04:05.678Z.\n"),
               done.out);
    for (auto const* const part :
         {"milter late is undecided\n", "  the log says: reject: 550 5.7.1 no\n",
          "  the log says: continue, unlike today's rules\n",
          "  the log says: was evaluated, unlike today's rules\n",
          "condition local: true; the log says: did not hold, unlike today's rules\n",
          "condition offer: not known yet; the log says: held\n",
          "rule \"offers\" is undecided: tag offer\n  the log says: held\n",
          "rule \"old\" is not in the configuration\n  the log says: held\n",
          "  the log says: reject \"550 5.7.1 no\" by late, decided at end_of_message\n",
          "tags, as the log says: offer\n"})
        BOOST_TEST(contains(done.out, part), part << " is not in\n" << done.out);
    BOOST_TEST(contains(done.out, "The log contradicts today's rules about milter spf, milter "
                                  "scan, condition local, rule \"old\": "),
               done.out);
    request.json = true;
    auto const json = manager::explain_mail(request).out;
    BOOST_TEST(
        contains(json,
                 R"("log":{"lines":2,"time":"2026-01-02T03:04:05.678Z","conditions":["offer"],)"),
        json);
    BOOST_TEST(
        contains(
            json,
            R"("contradictions":["milter spf","milter scan","condition local","rule \"old\""])"),
        json);
}

BOOST_AUTO_TEST_CASE(mail_comes_in_at_the_first_listener_unless_another_is_given) {
    configure("[[rule]]\nname = \"here\"\nwhen = 'listener == \"unix:/nowhere/m.sock\"'\ntag = "
              "\"here\"\n");
    request.given = {"client=203.0.113.9"};
    BOOST_TEST(contains(manager::explain_mail(request).out, "rule \"here\" holds"));
    request.given.emplace_back("listener=unix:/other");
    BOOST_TEST(!contains(manager::explain_mail(request).out, "rule \"here\" holds"));
}

BOOST_AUTO_TEST_CASE(milter_that_a_rule_has_evaluated_is_said_to_be) {
    configure("[[rule]]\nname = \"try\"\nwhen = 'sender.domain == \"x.example\"'\nevaluate = "
              "[\"scan\"]\n");
    request.given = {"client=203.0.113.9", "sender=a@x.example", "recipients=b@y.example"};
    auto const done = manager::explain_mail(request);
    BOOST_TEST(contains(done.out, "milter scan runs to be evaluated"), done.out);
    BOOST_TEST(contains(done.out, "  rule \"try\" has it evaluated\n    true: sender.domain == "),
               done.out);
    request.given.erase(request.given.begin() + 1);
    BOOST_TEST(
        contains(manager::explain_mail(request).out, "; whether it is evaluated is undecided\n"));
}

BOOST_AUTO_TEST_SUITE_END()
