// SPDX-License-Identifier: BSL-1.0
// milter/test/scripted_filter.hpp - a filter for unit tests of an MTA: answers as it was told, and keeps what it heard
//
//     milter::test::scripted_filter filter;
//     filter.on(code::rcpt, wire::reply_text{"550 5.1.1 no"});
//     filter.received(bytes_of_the_mta);           // what is whole is answered
//     mta.received(filter.take_output());
//     CHECK(filter.heard().back() == "rcpt \"<nobody@example.org>\"");
#pragma once

#include <milter/proto/filter_session.hpp>
#include <milter/wire/describe.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace milter::test {

class scripted_filter {
public:
    /// @param wants  what it negotiates; without: all actions and no steps
    explicit scripted_filter(proto::filter_options wants = everything())
        : session_(std::move(wants)) {}

    static proto::filter_options everything() {
        proto::filter_options wanted;
        wanted.wants.actions = wire::action::all;
        return wanted;
    }

    /// What it says to each command of a stage from now on: edits, then a verdict. CONTINUE where nothing was said.
    template <class... Replies>
    scripted_filter& on(wire::command_code stage, Replies const&... say) {
        auto& frames = script_[stage];
        frames.clear();
        (wire::encode(frames.emplace_back(), say), ...);
        return *this;
    }

    bool received(std::string_view bytes) {
        session_.received(bytes);
        while (auto const command = session_.next(error_)) {
            heard_.push_back(wire::describe(*command));
            answer(wire::code_of(*command));
            if (error_) break;
        }
        return !error_ && !session_.closed();
    }

    std::string take_output() { return std::exchange(session_.output(), {}); }

    /// Commands in words (wire::describe()), the offer first; macros stand in macro().
    std::vector<std::string> const& heard() const noexcept { return heard_; }
    std::optional<std::string_view> macro(std::string_view name) const noexcept {
        return session_.macros().find(name);
    }
    proto::agreement const& agreed() const noexcept { return session_.agreed(); }

    /// What the MTA did wrong, or a reply that the script must not give here.
    error_code const& error() const noexcept { return error_; }
    std::string const& failure() const noexcept { return session_.failure(); }

private:
    void answer(wire::command_code stage) {
        if (!session_.awaits_reply()) return;
        if (auto const said = script_.find(stage); said != script_.end())
            for (auto const& frame : said->second) reply(frame);
        error_code ignored;
        if (!error_ && session_.awaits_reply()) session_.reply(wire::proceed{}, ignored);
    }

    void reply(std::string const& frame) {
        error_code ec;
        auto const whole = wire::first_frame(frame, frame.size(), ec);
        auto const what = wire::decode_reply(*whole, ec);
        std::visit(
            [&](auto const& one) {
                using type = std::decay_t<decltype(one)>;
                if constexpr (!std::is_same_v<type, wire::negotiate_reply>) session_.reply(one, ec);
            },
            *what);
        if (ec && !error_) error_ = ec;
    }

    proto::filter_session session_;
    std::map<wire::command_code, std::vector<std::string>> script_;
    std::vector<std::string> heard_;
    error_code error_;
};

} // namespace milter::test
