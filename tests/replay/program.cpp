// SPDX-License-Identifier: BSL-1.0
// tests/replay/program.cpp - milter-replay as its user runs it
#include <milter/wire/command.hpp>
#include <milter/wire/reply.hpp>

#include <boost/test/unit_test.hpp>

#include <replay/pcap_file.hpp>
#include <support/process.hpp>

#include <filesystem>
#include <string>
#include <string_view>

namespace {

using namespace made;
namespace wire = milter::wire;

template <class... Packets> std::string packets(Packets const&... some) {
    std::string out;
    (wire::encode(out, some), ...);
    return out;
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

std::size_t lines_of(std::string_view text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

tcp_end const mta = end_at(1, 25000), filter = end_at(2, 8891);
std::string const offer = packets(wire::negotiate{});
std::string const answer =
    packets(wire::negotiate_reply{6, wire::action::none, wire::step::none, {}});

/// A session of one HELO; `cut` bytes of it were not captured.
pcap_file session(std::size_t cut = 0) {
    auto const hello = packets(wire::helo{"client.example"});
    pcap_file file;
    file.tcp_packet(mta, filter, 99, syn);
    file.tcp_packet(filter, mta, 499, syn | ack);
    file.tcp_packet(mta, filter, 100, ack, offer);
    file.tcp_packet(filter, mta, 500, ack, answer);
    file.tcp_packet(mta, filter, 117, ack, hello, cut);
    file.tcp_packet(filter, mta, 517, ack, packets(wire::proceed{}));
    auto const end = 117 + static_cast<std::uint32_t>(hello.size());
    file.tcp_packet(mta, filter, end, ack | fin, packets(wire::quit{}));
    file.tcp_packet(filter, mta, 522, ack | fin);
    return file;
}

struct replay_fixture {
    support::temp_dir dir;

    support::finished_program run(support::arguments const& args,
                                  std::string const& input = "/dev/null") const {
        return support::run_program(support::program("milter-replay"), args, dir, input);
    }
    std::string file(std::string const& name, std::string const& bytes) const {
        dir.write(name, bytes);
        return dir / name;
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(milter_replay, replay_fixture)

BOOST_AUTO_TEST_CASE(capture_becomes_a_corpus_and_is_shown) {
    auto const capture = file("mail.pcap", session().bytes());
    auto const imported = run({"import", "--milter", "8891=opendkim", "--tag", "a", "--tag", "b",
                               capture, "-o", dir / "mail.jsonl"});
    BOOST_TEST(imported.exit_code == 0, imported.err);
    BOOST_TEST(imported.out == "");
    BOOST_TEST(contains(imported.err, "mail.pcap: 8 packets, 1 conversation\n"), imported.err);
    BOOST_TEST(contains(imported.err, "the corpus holds what the mail held"), imported.err);
    auto const corpus = support::slurp(dir / "mail.jsonl");
    BOOST_TEST(lines_of(corpus) == 2U);
    BOOST_TEST(contains(corpus, R"({"milter_corpus":1,"creator":"milter-replay )"), corpus);
    BOOST_TEST(contains(corpus, R"("source":"mail.pcap","redaction":"none"})"), corpus);
    BOOST_TEST(
        contains(corpus,
                 R"({"id":"1","filter":"opendkim","mta":{"address":"inet:25000@[10.0.0.1]"},)"),
        corpus);
    BOOST_TEST(
        contains(corpus,
                 R"("began":"2001-09-09T01:46:40.001000Z","state":"complete","tags":["a","b"])"),
        corpus);

    auto const shown = run({"cat", "--frames", dir / "mail.jsonl"});
    BOOST_TEST(shown.exit_code == 0, shown.err);
    BOOST_TEST(
        shown.out ==
        "conversation 1  opendkim  inet:25000@[10.0.0.1] > inet:8891@[10.0.0.2]  "
        "2001-09-09T01:46:40.001000Z\n"
        "     0.002000  mta     negotiate version=6 actions=add_header|change_body|add_rcpt|"
        "delete_rcpt|change_header|quarantine|change_from|add_rcpt_with_args|set_macro_list "
        "steps=no_connect|no_helo|no_mail|no_rcpt|no_body|no_header|no_end_of_headers|nr_header|"
        "no_unknown|no_data|skip|rejected_rcpt|nr_connect|nr_helo|nr_mail|nr_rcpt|nr_data|"
        "nr_unknown|nr_end_of_headers|nr_body|leading_space\n"
        "     0.003000  filter  negotiate version=6 actions=none steps=none\n"
        "     0.004000  mta     helo \"client.example\"\n"
        "     0.005000  filter  continue\n"
        "     0.006000  mta     quit\n"
        "     0.006000  mta     (end)\n"
        "     0.007000  filter  (end)\n");
}

BOOST_AUTO_TEST_CASE(corpora_are_joined_and_stay_as_they_are) {
    auto const capture = file("mail.pcap", session().bytes());
    auto const first = run({"import", "-q", capture});
    BOOST_TEST(first.err == "");
    auto const corpus = file("one.jsonl", first.out);
    auto const both = run({"cat", corpus, corpus});
    BOOST_TEST(both.exit_code == 0, both.err);
    auto const line = first.out.substr(first.out.find('\n') + 1);
    BOOST_TEST(both.out.substr(both.out.find('\n') + 1) == line + line);
    auto const pretty = run({"cat", "--pretty", "-"}, corpus);
    BOOST_TEST(pretty.exit_code == 0, pretty.err);
    auto const again = run({"cat", file("pretty.json", pretty.out)});
    BOOST_TEST(again.out.substr(again.out.find('\n') + 1) == line);
}

BOOST_AUTO_TEST_CASE(captures_from_standard_input_and_several_files_are_read) {
    auto const capture = file("a.pcap", session().bytes());
    auto const both = run({"import", "-q", "-", capture}, capture);
    BOOST_TEST(both.exit_code == 0, both.err);
    BOOST_TEST(lines_of(both.out) == 3U);
    BOOST_TEST(contains(both.out, R"("id":"2")"));
    BOOST_TEST(contains(both.out, R"("source":"a.pcap")"));
}

BOOST_AUTO_TEST_CASE(what_was_cut_is_told_by_exit_status_and_in_words) {
    auto const cut = run({"import", file("cut.pcap", session(5).bytes())});
    BOOST_TEST(cut.exit_code == 1);
    BOOST_TEST(contains(cut.err, "1 conversation is not complete"), cut.err);
    BOOST_TEST(contains(cut.out, R"x("state":"gap","why":"bytes are missing")x"), cut.out);
    BOOST_TEST(contains(cut.out, R"x({"t":4000,"mta":"(gap)","missing":5})x"), cut.out);

    auto const whole = session().bytes();
    auto const ends = run({"import", file("ends.pcap", whole.substr(0, whole.size() - 3))});
    BOOST_TEST(ends.exit_code == 1);
    BOOST_TEST(contains(ends.err, "the file ends early: truncated dump file"), ends.err);
    BOOST_TEST(lines_of(ends.out) == 2U); // what was read is kept

    pcap_file fragments = session();
    fragments.packet(ethernet(ip(mta, filter, "x", 6, 0x2000)));
    auto const part = run({"import", file("part.pcap", fragments.bytes())});
    BOOST_TEST(part.exit_code == 1);
    BOOST_TEST(contains(part.err, "1 packet in IP fragments"), part.err);
}

BOOST_AUTO_TEST_CASE(what_is_no_milters_is_left_out) {
    auto other = session();
    auto const web = end_at(3, 80);
    other.tcp_packet(mta, web, 1, ack, "GET / HTTP/1.1\r\n");
    other.packet(ethernet("arp", 0x0806));
    auto const mixed = run({"import", file("mixed.pcap", other.bytes())});
    BOOST_TEST(mixed.exit_code == 0, mixed.err);
    BOOST_TEST(lines_of(mixed.out) == 2U);
    BOOST_TEST(contains(mixed.err, "1 connection is no milter's"), mixed.err);
    auto const none = run({"import", "--port", "8892", file("none.pcap", session().bytes())});
    BOOST_TEST(lines_of(none.out) == 1U);
}

BOOST_AUTO_TEST_CASE(large_bodies_go_beside_and_come_back) {
    pcap_file file_with_body;
    std::string const body(10'000, '\xff');
    auto const sent = offer + packets(wire::body{body}, wire::quit{});
    file_with_body.tcp_packet(mta, filter, 99, syn);
    file_with_body.tcp_packet(mta, filter, 100, ack | fin, sent);
    file_with_body.tcp_packet(filter, mta, 500, ack | fin, answer);
    auto const capture = file("body.pcap", file_with_body.bytes());
    auto const inside = run({"import", "-q", capture});
    auto const beside = run({"import", "-q", "--split-bodies", "-o", dir / "b.jsonl", capture});
    BOOST_TEST(beside.exit_code == 0, beside.err);
    BOOST_TEST(support::slurp(dir / "b.jsonl.bodies") == body);
    BOOST_TEST(support::slurp(dir / "b.jsonl").size() < 2000U);
    auto const again = run({"cat", dir / "b.jsonl"});
    BOOST_TEST(again.exit_code == 0, again.err);
    BOOST_TEST(again.out.substr(again.out.find('\n')) == inside.out.substr(inside.out.find('\n')));
}

BOOST_AUTO_TEST_CASE(part_of_a_file_that_is_not_there_is_a_problem) {
    dir.write("x.bodies", "0123456789");
    auto const shown = [&](std::string const& at, std::string const& size) {
        auto const line = R"({"events":[{"t":1,"mta":"body","bytes":{"file":"x.bodies","at":)" +
                          at + R"(,"size":)" + size + "}}]}\n";
        return run({"cat", file("x.jsonl", line)});
    };
    BOOST_TEST(contains(shown("4", "6").out, R"("bytes":"456789")"));
    for (auto const& [at, size] : {std::pair{"4", "7"},
                                   {"11", "0"},
                                   {"0", "4611686018427387904"},
                                   {"18446744073709551615", "2"}}) {
        auto const refused = shown(at, size);
        BOOST_TEST(refused.exit_code == 1);
        BOOST_TEST(contains(refused.err, "x.jsonl:1: /events/0/bytes: expected"), refused.err);
    }
}

BOOST_AUTO_TEST_CASE(files_that_cannot_be_read_are_named) {
    auto const missing = run({"import", dir / "none.pcap"});
    BOOST_TEST(missing.exit_code == 2);
    BOOST_TEST(missing.err ==
               "milter-replay: " + (dir / "none.pcap") + ": No such file or directory\n");
    auto const text =
        run({"import", file("a.txt", "no capture at all, but long enough to look at")});
    BOOST_TEST(text.exit_code == 2);
    BOOST_TEST(contains(text.err, "a.txt: no capture: "), text.err);
    BOOST_TEST(run({"import", file("empty", "")}).exit_code == 2);
    BOOST_TEST(run({"cat", dir / "none.jsonl"}).exit_code == 2);
    auto const nowhere =
        run({"import", file("m.pcap", session().bytes()), "-o", "/nonexistent/x.jsonl"});
    BOOST_TEST(nowhere.exit_code == 2);
    BOOST_TEST(contains(nowhere.err, "/nonexistent/x.jsonl: No such file or directory"),
               nowhere.err);
}

BOOST_AUTO_TEST_CASE(capture_is_not_overwritten_by_its_corpus) {
    auto const capture = file("mail.pcap", session().bytes());
    std::filesystem::create_symlink(capture, dir / "link.pcap");
    for (auto const& output : {capture, dir / "link.pcap"}) {
        auto const refused = run({"import", capture, "-o", output});
        BOOST_TEST(refused.exit_code == 2);
        BOOST_TEST(contains(refused.err, "is one of the captures to read"), refused.err);
    }
    BOOST_TEST(support::slurp(capture) == session().bytes());
}

BOOST_AUTO_TEST_CASE(corpus_is_for_its_owner_alone) {
    auto const capture = file("mail.pcap", session().bytes());
    run({"import", "-q", "--split-bodies", "-o", dir / "m.jsonl", capture});
    using std::filesystem::perms;
    for (auto const* name : {"m.jsonl", "m.jsonl.bodies"})
        BOOST_TEST((std::filesystem::status(dir / name).permissions() ==
                    (perms::owner_read | perms::owner_write)),
                   name);
}

BOOST_AUTO_TEST_CASE(several_indented_conversations_are_read_as_they_are_written) {
    auto const corpus = file("two.jsonl", R"({"id":"1","events":[{"t":-1,"mta":"helo","name":"x"}]}
{"id":"2","events":[]})");
    auto const pretty = run({"cat", "--pretty", corpus});
    auto const again = run({"cat", file("pretty.json", pretty.out)});
    BOOST_TEST(again.exit_code == 0, again.err);
    BOOST_TEST(again.out == run({"cat", corpus}).out);
    BOOST_TEST(
        contains(run({"cat", "--frames", corpus}).out, "\n    -0.000001  mta     helo \"x\""));
}

BOOST_AUTO_TEST_CASE(lines_that_are_no_conversation_are_named_and_the_others_shown) {
    auto const corpus = file("bad.jsonl", R"({"milter_corpus":1}
{"id":"1","events":[{"t":1,"mta":"helo","name":"x"}]}
{"id":"2","events":[{"t":1,"mta":"helo"}]}
nonsense
{"id":"3","events":[]}
)");
    auto const shown = run({"cat", corpus});
    BOOST_TEST(shown.exit_code == 1);
    BOOST_TEST(lines_of(shown.out) == 3U);
    BOOST_TEST(contains(shown.err,
                        R"(bad.jsonl:3: /events/0/name: expected a string or {"base64": "..."})"),
               shown.err);
    BOOST_TEST(contains(shown.err, "bad.jsonl:4: parse error at line 1, column 2"), shown.err);
    auto const newer = run({"cat", file("new.jsonl", "{\"milter_corpus\":2}\n{\"events\":[]}\n")});
    BOOST_TEST(newer.exit_code == 1);
    BOOST_TEST(contains(newer.err, "format 2 is newer than this program"), newer.err);
}

BOOST_AUTO_TEST_CASE(breaches_are_marked_where_they_are) {
    auto const corpus = file("odd.jsonl", R"({"events":[{"t":1,"filter":"continue"}]})"
                                          "\n");
    auto const shown = run({"cat", "--frames", corpus});
    BOOST_TEST(contains(shown.out, "continue   <- reply although none is due"), shown.out);
}

BOOST_AUTO_TEST_CASE(command_line_says_what_is_wrong) {
    auto const complaint = [&](support::arguments const& args, std::string_view part) {
        auto const done = run(args);
        BOOST_TEST(done.exit_code == 2, done.out);
        BOOST_TEST(contains(done.err, part), done.err);
    };
    complaint({}, "milter-replay: A subcommand is required");
    complaint({"impot", "x"}, "milter-replay: \"impot\" is no verb\ndid you mean import?\n");
    complaint({"import"}, "milter-replay import: FILE");
    complaint({"import", "--taq", "a", "x"}, "did you mean --tag?");
    complaint({"import", "--port", "70000", "x"}, "\"70000\" is no port: 1 to 65535");
    complaint({"import", "--milter", "opendkim", "x"},
              "\"opendkim\" is no PORT=NAME; example: 8891=opendkim");
    complaint({"import", "--split-bodies", "x"}, "--split-bodies needs --output");
    complaint({"cat", "--frames", "--pretty", "x"}, "excludes");
    BOOST_TEST(run({"--help"}).exit_code == 0);
    BOOST_TEST(contains(run({"import", "--help"}).out, "Exit status"));
    BOOST_TEST(contains(run({"--version"}).out, "milter-replay "));
}

BOOST_AUTO_TEST_SUITE_END()
