// SPDX-License-Identifier: BSL-1.0
// test-filter/event_json.cpp - events as JSON lines
#include "cli/text_json.hpp"
#include "test-filter/event.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace milter::test_filter {

namespace {

using cli::text_json;
using json = nlohmann::ordered_json;

json arguments(wire::zstr_list args) {
    auto list = json::array();
    for (auto const arg : args) list.push_back(text_json(arg));
    return list;
}

std::string_view family_name(wire::family family) noexcept {
    switch (family) {
    case wire::family::unknown: return "unknown";
    case wire::family::unix_path: return "unix";
    case wire::family::inet: return "inet";
    case wire::family::inet6: return "inet6";
    }
    return "unknown";
}

struct fields_of {
    json& event;

    void operator()(wire::negotiate const& n) const {
        event["version"] = n.version;
        event["actions"] = to_string(n.actions);
        event["steps"] = to_string(n.steps);
    }
    void operator()(wire::connect const& c) const {
        event["host"] = text_json(c.hostname);
        event["family"] = family_name(c.family);
        if (c.family == wire::family::unknown) return;
        event["address"] = text_json(c.address);
        event["port"] = c.port;
    }
    void operator()(wire::helo const& h) const { event["name"] = text_json(h.name); }
    void operator()(wire::mail const& m) const { envelope(m.address, m.args); }
    void operator()(wire::rcpt const& r) const { envelope(r.address, r.args); }
    void operator()(wire::header const& h) const {
        event["name"] = text_json(h.name);
        event["value"] = text_json(h.value);
    }
    void operator()(wire::body const& b) const {
        event["size"] = b.bytes.size();
        event["bytes"] = text_json(b.bytes);
    }
    void operator()(wire::unknown const& u) const { event["line"] = text_json(u.line); }
    template <class Other> void operator()(Other const&) const {}

private:
    void envelope(std::string_view address, wire::zstr_list args) const {
        event["address"] = text_json(address);
        if (!args.empty()) event["arguments"] = arguments(args);
    }
};

json macros_of(wire::zstr_list pairs) {
    auto all = json::object();
    for (auto at = pairs.begin(); at != pairs.end(); ++at) {
        auto const name = *at;
        if (++at == pairs.end()) break;
        if (cli::is_utf8(name)) all[std::string(name)] = text_json(*at);
    }
    return all;
}

class json_sink final : public event_sink {
public:
    explicit json_sink(std::FILE* out) : out_(out) {}

    void command(std::size_t session, wire::any_command const& command,
                 proto::filter_session const& state) override {
        auto const code = wire::code_of(command);
        auto event = begin(session, wire::name_of(code));
        std::visit(fields_of{event}, command);
        if (wire::macro_stage_index(code) != wire::macro_stage_count &&
            state.macros().present(code))
            event["macros"] = macros_of(state.macros().at(code));
        print(event);
    }

    void answer(std::size_t session, wire::command_code stage, wire::any_reply const* reply,
                std::string_view in_words) override {
        auto event = begin(session, "reply");
        event["to"] = wire::name_of(stage);
        event["reply"] = reply ? json(wire::name_of(wire::code_of(*reply))) : json();
        event["text"] = in_words;
        print(event);
    }

    void finished(std::size_t session, std::string_view why) override {
        auto event = begin(session, "finished");
        event["error"] = why.empty() ? json() : json(why);
        print(event);
    }

private:
    static json begin(std::size_t session, std::string_view name) {
        return {{"session", session}, {"event", name}};
    }

    void print(json const& event) {
        fmt::print(out_, "{}\n", event.dump(-1, ' ', false, json::error_handler_t::replace));
        std::fflush(out_);
    }

    std::FILE* out_;
};

} // namespace

std::unique_ptr<event_sink> make_json_sink(std::FILE* out) {
    return std::make_unique<json_sink>(out);
}

} // namespace milter::test_filter
