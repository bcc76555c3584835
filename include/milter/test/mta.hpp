// SPDX-License-Identifier: BSL-1.0
// milter/test/mta.hpp - an MTA for unit tests of a milter: in process, without sockets, threads and time
//
//     milter::filter::session<my_milter> milter;
//     milter::test::mta mta(milter);
//     CHECK(mta.rcpt("<nobody@example.org>") == milter::test::rejects);
//     auto const done = mta.deliver(milter::test::mail::parse(text));
//     CHECK(done.result.header("X-Spam") == "no");
//
// What a test does not say is said for it, with usual values: a message needs no connect(). A filter that breaks the
// protocol is a protocol_error, and so is a command that no MTA would say any more after what the filter has answered, as
// DATA after a refusal of each recipient. Everything can be compared and printed, which is all that test frameworks ask
// for.
#pragma once

#include <milter/proto/macros.hpp>
#include <milter/proto/mta_session.hpp>
#include <milter/test/answer.hpp>
#include <milter/test/delivery.hpp>
#include <milter/test/mail.hpp>
#include <milter/wire/describe.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace milter::test {

/// Bytes in, bytes out: milter::filter::session, milter::test::handler.
template <class Filter>
concept in_process_filter = requires(Filter& filter, std::string_view bytes) {
    { filter.received(bytes) } -> std::convertible_to<bool>;
    { filter.take_output() } -> std::convertible_to<std::string>;
    { filter.error() } -> std::convertible_to<error_code>;
};

struct client {
    std::string host = "mx.example.net";
    std::string address = "192.0.2.1"; ///< also an IPv6 address, or the path of a unix socket
    std::uint16_t port = 49152;
};

namespace detail {

/// As MTAs write a macro's name: "{auth_authen}", but "i".
inline std::string in_braces(std::string_view name) {
    bool const braced = name.size() > 2 && name.front() == '{' && name.back() == '}';
    if (braced && name.size() == 3) return std::string(name.substr(1, 1));
    if (braced || name.size() < 2) return std::string(name);
    return "{" + std::string(name) + "}";
}

} // namespace detail

template <in_process_filter Filter> class mta {
public:
    /// @param filter  must outlive it
    explicit mta(Filter& filter, proto::mta_options options = strict())
        : filter_(filter), session_(options) {}

    /// Nobody is lenient with the filter.
    static proto::mta_options strict() {
        proto::mta_options options;
        options.how = options.edits = proto::strictness::strict;
        return options;
    }

    /// Macros of a stage from now on; names of more than one letter may lack their braces. Those are sent that the filter
    /// asked for there, or all when it asked for none.
    void macros(wire::command_code stage, std::map<std::string, std::string> const& values) {
        auto& kept = macros_[stage];
        kept.clear();
        for (auto const& [name, value] : values) kept[detail::in_braces(name)] = value;
    }

    /// How headers are placed and counted.
    void rules(message::header_rules whose) noexcept { rules_ = whose; }

    // ---- commands, each with its answer

    proto::agreement const& negotiate();
    answer connect(client const& who = {});
    answer helo(std::string_view name = "mx.example.net");
    answer mail(std::string_view sender, std::vector<std::string> const& args = {});
    answer rcpt(std::string_view recipient, std::vector<std::string> const& args = {});
    answer data();
    answer header(std::string_view name, std::string_view value);
    answer end_of_headers();
    answer body(std::string_view bytes);
    answer end_of_message();
    answer unknown(std::string_view line);
    void abort();
    void quit();

    /// Hands a message in, up to the first verdict that ends it. Recipients may be refused.
    delivery deliver(test::mail const& one = {});

    /// Since end_of_message() was said last; deliver() has its own.
    std::vector<std::string> const& edits() const noexcept { return edits_.texts; }

    /// Whether the filter is shown this command at all.
    bool sends(wire::command_code stage) {
        negotiate();
        return session_.sends(stage);
    }

private:
    using code = wire::command_code;
    enum class progress : unsigned char {
        nothing,
        negotiated,
        connected,
        greeted,
        mail,
        rcpt,
        data,
        content
    };

    template <class Command> answer ask(Command const& command);
    void send_macros(code stage);
    void exchange(answer* given);
    void reach(progress wanted);
    void say_next();
    [[noreturn]] void fail(std::string const& why) const { throw protocol_error(why); }
    [[noreturn]] void refuse_to_say(code stage, error_code const& why) const {
        fail(std::string(wire::name_of(stage)) + "() after " + std::string(wire::name_of(said_)) +
             ": no MTA says that: " + why.message());
    }
    void check(error_code const& ec) const {
        if (ec) fail(session_.failure().empty() ? ec.message() : session_.failure());
    }
    bool goes_on(answer const& given, delivery& to, code stage) const;
    answer const& settle(answer const& given, code stage);
    void left_out(answer const& given, code stage) const;
    answer note(answer const& given, code stage);
    void refuse_more(progress wanted) const;
    [[nodiscard]] bool add_recipient(std::string const& recipient, answer const& given,
                                     delivery& to) const;

    static bool is_refusal(answer const& given) noexcept {
        return given.verdict == wire::reply_code::reject ||
               given.verdict == wire::reply_code::tempfail ||
               given.verdict == wire::reply_code::reply_text;
    }

    static wire::family family_of(std::string const& address) noexcept {
        if (address.starts_with('/')) return wire::family::unix_path;
        return address.find(':') == address.npos ? wire::family::inet : wire::family::inet6;
    }

    Filter& filter_;
    proto::mta_session session_;
    code said_ = code::negotiate; ///< last
    message::header_rules rules_ = message::header_rules::postfix;
    std::map<code, std::map<std::string, std::string>> macros_;
    struct ending {
        code stage{};
        answer given;
    };

    progress at_ = progress::nothing;
    std::optional<ending> client_;  ///< accepted or refused for the whole connection
    std::optional<ending> message_; ///< the same, of the message in transfer
    bool has_recipient_ = false;    ///< one that was not refused
    message::noted_edits edits_;    ///< of the message in transfer
};

template <in_process_filter Filter> proto::agreement const& mta<Filter>::negotiate() {
    if (at_ != progress::nothing) return session_.agreed();
    at_ = progress::negotiated;
    error_code ec;
    session_.negotiate({}, ec);
    exchange(nullptr);
    return session_.agreed();
}

template <in_process_filter Filter> answer mta<Filter>::connect(client const& who) {
    reach(progress::negotiated);
    at_ = progress::connected;
    return settle(ask(wire::connect{who.host, family_of(who.address), who.port, who.address}),
                  code::connect);
}

template <in_process_filter Filter> answer mta<Filter>::helo(std::string_view name) {
    reach(progress::connected);
    at_ = progress::greeted;
    return settle(ask(wire::helo{name}), code::helo);
}

template <in_process_filter Filter>
answer mta<Filter>::mail(std::string_view sender, std::vector<std::string> const& args) {
    reach(progress::greeted);
    at_ = progress::mail;
    edits_ = {};
    message_.reset();
    has_recipient_ = false;
    auto const packed = wire::pack_zstr(args);
    return note(ask(wire::mail{sender, wire::zstr_list(packed)}), code::mail);
}

template <in_process_filter Filter>
answer mta<Filter>::rcpt(std::string_view recipient, std::vector<std::string> const& args) {
    reach(progress::mail);
    at_ = progress::rcpt;
    auto const packed = wire::pack_zstr(args);
    auto const given = ask(wire::rcpt{recipient, wire::zstr_list(packed)});
    if (is_refusal(given)) return given; // of this one alone
    has_recipient_ = true;
    return note(given, code::rcpt);
}

template <in_process_filter Filter> answer mta<Filter>::data() {
    reach(progress::rcpt);
    at_ = progress::data;
    return note(ask(wire::data{}), code::data);
}

template <in_process_filter Filter>
answer mta<Filter>::header(std::string_view name, std::string_view value) {
    reach(progress::data);
    bool const raw = wire::any(session_.agreed().steps, wire::step::leading_space);
    auto const shown = (raw ? " " : "") + std::string(value);
    return note(ask(wire::header{name, shown}), code::header);
}

template <in_process_filter Filter> answer mta<Filter>::end_of_headers() {
    reach(progress::data);
    at_ = progress::content;
    return note(ask(wire::end_of_headers{}), code::end_of_headers);
}

template <in_process_filter Filter> answer mta<Filter>::body(std::string_view bytes) {
    reach(progress::content);
    answer last;
    auto const limit = session_.agreed().data_limit;
    for (std::size_t at = 0; at < bytes.size() && last == proceeds; at += limit)
        last = note(ask(wire::body{bytes.substr(at, limit)}), code::body);
    return last;
}

template <in_process_filter Filter> answer mta<Filter>::end_of_message() {
    reach(progress::content);
    at_ = progress::greeted;
    return ask(wire::end_of_message{});
}

template <in_process_filter Filter> answer mta<Filter>::unknown(std::string_view line) {
    reach(progress::greeted);
    return ask(wire::unknown{line});
}

template <in_process_filter Filter> void mta<Filter>::abort() {
    reach(progress::greeted);
    at_ = progress::greeted;
    error_code ec;
    session_.abort({}, ec);
    if (ec) refuse_to_say(code::abort, ec);
    said_ = code::abort;
    exchange(nullptr);
}

template <in_process_filter Filter> void mta<Filter>::quit() {
    session_.quit();
    said_ = code::quit;
    filter_.received(std::exchange(session_.output(), {}));
}

template <in_process_filter Filter>
bool mta<Filter>::goes_on(answer const& given, delivery& to, code stage) const {
    to.verdict = given;
    to.stage = stage;
    return given == proceeds || given == skips;
}

/// DISCARD means nothing before messages to either MTA.
template <in_process_filter Filter>
answer const& mta<Filter>::settle(answer const& given, code stage) {
    bool const goes_on = given == proceeds || given == discards || given == skips;
    if (!goes_on) client_ = {stage, given};
    return given;
}

template <in_process_filter Filter> answer mta<Filter>::note(answer const& given, code stage) {
    if (given != proceeds && given != skips) message_ = {stage, given};
    return given;
}

/// What was said for a test is to change nothing.
template <in_process_filter Filter>
void mta<Filter>::left_out(answer const& given, code stage) const {
    bool const early = stage == code::connect || stage == code::helo;
    if (given == proceeds || given == skips || (early && given == discards)) return;
    fail("at " + std::string(wire::name_of(stage)) + " the filter said " +
         std::string(wire::name_of(given.verdict)) + ": an MTA says no more");
}

/// @return  whether the message goes on
template <in_process_filter Filter>
bool mta<Filter>::add_recipient(std::string const& recipient, answer const& given,
                                delivery& to) const {
    bool const refused = is_refusal(given);
    if (!goes_on(given, to, code::rcpt) && !refused) return false;
    if (refused)
        to.refused.push_back({recipient, given});
    else
        to.result.recipients.push_back(recipient);
    return true;
}

template <in_process_filter Filter> delivery mta<Filter>::deliver(test::mail const& one) {
    delivery to;
    to.result = one;
    auto const settled = [&] {
        abort(); // Postfix says it after each message, whatever came of it
        return std::move(to);
    };
    while (!client_ && at_ < progress::greeted) say_next();
    if (client_) { // an MTA asks no more
        to.verdict = client_->given;
        to.stage = client_->stage;
        return to;
    }
    if (!goes_on(mail(one.sender), to, code::mail)) return settled();
    to.result.recipients.clear();
    for (auto at = one.recipients.begin(); at != one.recipients.end(); ++at) {
        auto const given = rcpt(*at);
        if (add_recipient(*at, given, to)) continue;
        if (given == accepts) // of the whole message: the others are not asked about
            to.result.recipients.insert(to.result.recipients.end(), at, one.recipients.end());
        return settled();
    }
    if (to.result.recipients.empty()) return settled(); // an MTA sends no DATA
    if (!goes_on(data(), to, code::data)) return settled();
    for (auto const& field : one.headers)
        if (!goes_on(header(field.name, field.value), to, code::header)) return settled();
    if (!goes_on(end_of_headers(), to, code::end_of_headers)) return settled();
    if (!goes_on(body(one.body), to, code::body)) return settled();
    goes_on(end_of_message(), to, code::end_of_message);
    to.edits = edits_.texts;
    to.keepalives = edits_.keepalives;
    if (to.accepted()) detail::apply(edits_, to, rules_);
    return settled();
}

template <in_process_filter Filter>
template <class Command>
answer mta<Filter>::ask(Command const& command) {
    send_macros(Command::code);
    error_code ec;
    session_.send(command, {}, ec);
    if (ec) refuse_to_say(Command::code, ec);
    said_ = Command::code;
    answer given;
    exchange(&given);
    return given;
}

template <in_process_filter Filter> void mta<Filter>::send_macros(code stage) {
    auto const known = macros_.find(stage);
    if (known == macros_.end()) return;
    auto const index = wire::macro_stage_index(stage);
    auto const& lists = session_.agreed().lists;
    std::string names;
    for (auto const& [name, value] : known->second) names += (names.empty() ? "" : " ") + name;
    if (index != wire::macro_stage_count && lists[index]) names = *lists[index];
    auto const packed =
        proto::select_macros(names, [&](std::string_view name) -> std::optional<std::string> {
            auto const value = known->second.find(detail::in_braces(name));
            if (value == known->second.end()) return std::nullopt;
            return value->second;
        });
    error_code ec;
    session_.send(wire::macros{stage, wire::zstr_list(packed)}, {}, ec);
    if (ec) refuse_to_say(stage, ec);
}

/// Until nobody has anything to say; then nothing may be owed. @param given  the verdict, if one comes
template <in_process_filter Filter> void mta<Filter>::exchange(answer* given) {
    bool const raw = wire::any(session_.agreed().steps, wire::step::leading_space);
    error_code ec;
    bool open = true;
    while (open && !session_.output().empty()) {
        open = filter_.received(std::exchange(session_.output(), {}));
        session_.received(filter_.take_output());
        while (auto const reply = session_.next({}, ec)) {
            auto const heard = wire::code_of(*reply);
            if (wire::row_of(heard).kind != wire::reply_kind::verdict) {
                check(edits_.note(*reply, raw));
            } else if (given) {
                auto const* const text = std::get_if<wire::reply_text>(&*reply);
                *given = {heard, text ? std::string(text->text) : std::string()};
            }
        }
        check(ec);
    }
    if constexpr (requires { std::string(filter_.mistake()); })
        if (std::string const mistake = filter_.mistake(); !mistake.empty()) fail(mistake);
    if (filter_.error()) fail("the filter gave up: " + filter_.error().message());
    if (session_.awaited())
        fail("the filter does not answer " + std::string(wire::name_of(*session_.awaited())));
}

/// Says what the test left out.
template <in_process_filter Filter> void mta<Filter>::reach(progress wanted) {
    if (client_) left_out(client_->given, client_->stage);
    while (at_ < wanted) {
        say_next();
        if (client_) left_out(client_->given, client_->stage);
    }
    refuse_more(wanted);
}

/// Of a message, after what ends it.
template <in_process_filter Filter> void mta<Filter>::refuse_more(progress wanted) const {
    if (wanted < progress::mail) return;
    if (message_) left_out(message_->given, message_->stage);
    if (wanted >= progress::rcpt && !has_recipient_)
        fail("at rcpt the filter refused each recipient: an MTA says no more");
}

template <in_process_filter Filter> void mta<Filter>::say_next() {
    switch (at_) {
    case progress::nothing: negotiate(); return;
    case progress::negotiated: connect(); return;
    case progress::connected: helo(); return;
    case progress::greeted: return left_out(mail("<sender@example.com>"), code::mail);
    case progress::mail: return left_out(rcpt("<receiver@example.org>"), code::rcpt);
    case progress::rcpt: return left_out(data(), code::data);
    default: return left_out(end_of_headers(), code::end_of_headers);
    }
}

} // namespace milter::test
