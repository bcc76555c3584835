// SPDX-License-Identifier: BSL-1.0
// test-filter/event_text.cpp - events as lines for people, in the shape of milter-test-client
#include "cli/printable.hpp"
#include "test-filter/event.hpp"

#include <fmt/format.h>

#include <set>
#include <string>

namespace milter::test_filter {

namespace {

using cli::printable;

std::string arguments(wire::zstr_list args) {
    std::string text;
    for (auto const arg : args) text += " " + printable(arg);
    return text;
}

std::string address_text(wire::connect const& who) {
    switch (who.family) {
    case wire::family::unknown: return "unknown";
    case wire::family::unix_path: return "unix:" + printable(who.address);
    case wire::family::inet: return fmt::format("inet:{}@[{}]", who.port, printable(who.address));
    case wire::family::inet6: return fmt::format("inet6:{}@[{}]", who.port, printable(who.address));
    }
    return {};
}

struct line_of {
    std::string operator()(wire::negotiate const& n) const {
        return fmt::format("negotiate: version=<{}>, action=<{}>, step=<{}>", n.version,
                           to_string(n.actions), to_string(n.steps));
    }
    std::string operator()(wire::connect const& c) const {
        return fmt::format("connect: host=<{}>, address=<{}>", printable(c.hostname),
                           address_text(c));
    }
    std::string operator()(wire::helo const& h) const {
        return fmt::format("helo: <{}>", printable(h.name));
    }
    std::string operator()(wire::mail const& m) const {
        return fmt::format("envelope-from: <{}>{}", printable(m.address), arguments(m.args));
    }
    std::string operator()(wire::rcpt const& r) const {
        return fmt::format("envelope-recipient: <{}>{}", printable(r.address), arguments(r.args));
    }
    std::string operator()(wire::data const&) const { return "data"; }
    std::string operator()(wire::header const& h) const {
        return fmt::format("header: <{}: {}>", printable(h.name), printable(h.value));
    }
    std::string operator()(wire::end_of_headers const&) const { return "end-of-header"; }
    std::string operator()(wire::body const& b) const {
        return fmt::format("body: <{}>", printable(b.bytes));
    }
    std::string operator()(wire::end_of_message const&) const { return "end-of-message"; }
    std::string operator()(wire::unknown const& u) const {
        return fmt::format("unknown: <{}>", printable(u.line));
    }
    std::string operator()(wire::abort const&) const { return "abort"; }
    std::string operator()(wire::quit const&) const { return "quit"; }
    std::string operator()(wire::quit_new_connection const&) const {
        return "quit, new connection";
    }
    std::string operator()(wire::macros const&) const { return {}; }
};

class text_sink final : public event_sink {
public:
    text_sink(std::FILE* out, detail_level level) : out_(out), level_(level) {}

    void command(std::size_t session, wire::any_command const& command,
                 proto::filter_session const& state) override {
        open_.insert(session);
        line(session, std::visit(line_of{}, command));
        auto const code = wire::code_of(command);
        if (wire::macro_stage_index(code) == wire::macro_stage_count ||
            !state.macros().present(code))
            return;
        macros(session, state.macros().at(code));
    }

    void answer(std::size_t session, wire::command_code, wire::any_reply const* reply,
                std::string_view in_words) override {
        bool const plain = reply && std::holds_alternative<wire::proceed>(*reply);
        if (!plain || level_ == detail_level::verbose)
            line(session, fmt::format("  -> {}", in_words));
    }

    void finished(std::size_t session, std::string_view why) override {
        line(session, why.empty() ? "finished" : fmt::format("finished: {}", why));
        open_.erase(session);
    }

private:
    void macros(std::size_t session, wire::zstr_list pairs) {
        if (pairs.empty()) return;
        line(session, "macros:");
        for (auto at = pairs.begin(); at != pairs.end(); ++at) {
            auto const name = *at;
            if (++at == pairs.end()) break;
            line(session, fmt::format("  {}={}", printable(name), printable(*at)));
        }
    }

    void line(std::size_t session, std::string_view text) {
        if (open_.size() > 1) fmt::print(out_, "[{}] ", session);
        fmt::print(out_, "{}\n", text);
        std::fflush(out_);
    }

    std::FILE* out_;
    detail_level level_;
    std::set<std::size_t> open_; ///< sessions; while there are several, lines bear their number
};

class quiet_sink final : public event_sink {
    void command(std::size_t, wire::any_command const&, proto::filter_session const&) override {}
    void answer(std::size_t, wire::command_code, wire::any_reply const*,
                std::string_view) override {}
    void finished(std::size_t, std::string_view) override {}
};

} // namespace

std::unique_ptr<event_sink> make_text_sink(std::FILE* out, detail_level level) {
    return std::make_unique<text_sink>(out, level);
}

std::unique_ptr<event_sink> make_quiet_sink() { return std::make_unique<quiet_sink>(); }

} // namespace milter::test_filter
