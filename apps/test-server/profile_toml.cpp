// SPDX-License-Identifier: BSL-1.0
// test-server/profile_toml.cpp - the habits of an MTA from a TOML file
#include "test-server/profile_toml.hpp"

#include "cli/file.hpp"
#include "cli/flag_names.hpp"
#include "cli/toml_reader.hpp"
#include <milter/proto/smtp_reply.hpp>

#include <algorithm>

namespace milter::test_server {

namespace {

constexpr std::string_view known_keys =
    "base, version, actions, steps, strict, header_rules, macros, values, replies, longest_header, "
    "most_headers, macros_for_each_command, "
    "id_with_sender, tags_ipv6, aborts_each_message, aborts_before_quit, "
    "quits_with_the_refused and skip_ends_headers";

class reader : cli::toml_reader {
public:
    explicit reader(std::string const& file) : toml_reader(file) {}

    mta_profile read(toml::table const& root) {
        mta_profile one = mta_profiles().front();
        attempt([&] {
            if (auto const* const base = root.get("base"))
                one = with_place(*base, "base",
                                 [](std::string const& name) { return find_profile(name); });
        });
        for (auto const& [key, node] : root)
            attempt([&, &name = key, &value = node] { read_key(name, value, one); });
        if (auto const all = problems(); !all.empty()) throw profile_error(all);
        return one;
    }

private:
    void read_key(toml::key const& key, toml::node const& node, mta_profile& to) {
        std::string_view const name = key.str();
        struct {
            std::string_view name;
            bool& flag;
        } const habits[] = {
            {"macros_for_each_command", to.macros_for_each_command},
            {"id_with_sender", to.id_with_sender},
            {"tags_ipv6", to.tags_ipv6},
            {"aborts_each_message", to.aborts_each_message},
            {"aborts_before_quit", to.aborts_before_quit},
            {"quits_with_the_refused", to.quits_with_the_refused},
            {"skip_ends_headers", to.skip_ends_headers},
        };
        for (auto const& one : habits)
            if (one.name == name) return void(one.flag = flag_at(node, name));
        if (name == "base") return;
        if (name == "version") return void(to.offer.version = version_at(node));
        if (name == "actions")
            return void(to.offer.actions = flags<wire::action>(node, name, cli::parse_actions));
        if (name == "steps")
            return void(to.offer.steps = flags<wire::step>(node, name, cli::parse_steps));
        if (name == "strict")
            return void(to.how = flag_at(node, name) ? proto::strictness::strict
                                                     : proto::strictness::lenient);
        if (name == "header_rules") return void(to.rules = with_place(node, name, rules_of));
        if (name == "macros") return read_macros(table_at(node, name), to);
        if (name == "longest_header") return void(to.longest_header = number_at(node, name));
        if (name == "most_headers") return void(to.most_headers = number_at(node, name));
        if (name == "replies") return read_replies(table_at(node, name), to.replies);
        if (name == "values") return read_values(table_at(node, name), to);
        unknown_key(key, known_keys);
    }

    static std::string reply_at(toml::node const& node, std::string_view name, int other_class) {
        auto text = text_at(node, name);
        auto const of = proto::reply_class(text);
        if (of == 0 || of == other_class || text.substr(3, 1) != " ")
            fail(node.source(), fmt::format("\"{}\" is an SMTP reply with a {} code and a text",
                                            name, other_class == 0 ? "4xx or 5xx" : "4xx"));
        return text;
    }

    static message::header_rules rules_of(std::string const& name) {
        if (name == "postfix") return message::header_rules::postfix;
        if (name == "sendmail") return message::header_rules::sendmail;
        throw std::invalid_argument("\"header_rules\" is postfix or sendmail");
    }

    void read_macros(toml::table const& from, mta_profile& to) {
        for (auto const& [key, node] : from)
            attempt([&, &name = key, &value = node] {
                auto const stage = with_key(name, cli::parse_stage);
                if (wire::macro_stage_index(stage) == wire::macro_stage_count)
                    fail(name.source(),
                         fmt::format("{} has no list of macros of its own", name.str()));
                to.macros[stage] = text_at(value, name.str());
            });
    }

    void read_replies(toml::table const& from, reply_habits& to) {
        struct {
            std::string_view name;
            std::string& text;
            int other_class = 0; ///< of replies that it cannot be
        } const texts[] = {
            {"reject", to.reject},
            {"reject_early", to.reject_early},
            {"reject_content", to.reject_content},
            {"tempfail", to.tempfail, 5},
            {"shutdown", to.shutdown},
        };
        struct {
            std::string_view name;
            bool& flag;
        } const habits[] = {
            {"drops_the_malformed", to.drops_the_malformed},
            {"replaces_lone_percent", to.replaces_lone_percent},
            {"names_the_address", to.names_the_address},
        };
        for (auto const& [key, node] : from)
            attempt([&, &name = key, &value = node] {
                for (auto const& one : texts)
                    if (name == one.name)
                        return void(one.text = reply_at(value, one.name, one.other_class));
                for (auto const& one : habits)
                    if (name == one.name) return void(one.flag = flag_at(value, one.name));
                unknown_key(name, "reject, reject_early, reject_content, tempfail, shutdown, "
                                  "drops_the_malformed, replaces_lone_percent and "
                                  "names_the_address");
            });
    }

    /// One that is there already is replaced; an empty text takes it away.
    void read_values(toml::table const& from, mta_profile& to) {
        for (auto const& [key, node] : from)
            attempt([&, &name = key, &value = node] {
                auto text = text_at(value, name.str());
                std::string macro(name.str());
                if (macro.size() > 1 && macro.front() != '{') macro = "{" + macro + "}";
                std::erase_if(to.values, [&](auto const& one) { return one.first == macro; });
                if (!text.empty()) to.values.emplace_back(std::move(macro), std::move(text));
            });
    }
};

} // namespace

mta_profile parse_profile(std::string_view text, std::string const& file) {
    auto one = cli::read_toml<profile_error>(
        text, file, [&](toml::table const& root) { return reader(file).read(root); });
    one.name = file;
    one.about.clear();
    return one;
}

mta_profile load_profile(std::string const& name_or_file) {
    bool const is_file =
        name_or_file.ends_with(".toml") || name_or_file.find('/') != std::string::npos;
    if (!is_file) return find_profile(name_or_file);
    return parse_profile(cli::read_file(name_or_file), name_or_file);
}

} // namespace milter::test_server
