// SPDX-License-Identifier: BSL-1.0
// tests/load/load_rig.hpp - one conversation of the load driver, a milter's answers given by hand, and a clock turned by hand
#pragma once

#include "load/conversation.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace load_test {

using namespace std::chrono_literals;
namespace load = milter::load;
namespace proto = milter::proto;
namespace wire = milter::wire;

inline std::string frame(char letter, std::string_view payload = {}) {
    std::string out;
    wire::append_frame(out, static_cast<unsigned char>(letter), payload);
    return out;
}

/// An answer to the offer.
inline std::string agreeing(wire::step steps, wire::action actions = wire::action::all) {
    std::string payload;
    wire::append_u32(payload, 6);
    wire::append_u32(payload, static_cast<std::uint32_t>(actions & ~wire::action::set_macro_list));
    wire::append_u32(payload, static_cast<std::uint32_t>(steps));
    return frame('O', payload);
}

/// CONNECT, HELO; MAIL, two recipients, DATA, two headers, two pieces of body.
inline load::session_script script_of(proto::agreement const& agreed) {
    load::session_script whole;
    whole.agreed = agreed;
    load::leg_writer opening(agreed);
    opening.add(wire::connect{"host", wire::family::inet, 25, "192.0.2.1"},
                std::string("j\0x\0", 4));
    opening.add(wire::helo{"host"});
    whole.opening = opening.take();
    load::leg_writer content(agreed);
    content.add(wire::mail{"<a@test>"}, std::string("i\0Q\0", 4));
    content.add(wire::rcpt{"<b@test>"});
    content.add(wire::rcpt{"<c@test>"});
    content.add(wire::data{});
    content.add(wire::header{"A", "1"}, std::string("i\0Q\0", 4));
    content.add(wire::header{"B", "2"});
    content.add(wire::end_of_headers{});
    content.add(wire::body{"one"});
    content.add(wire::body{"two"});
    content.add(wire::end_of_message{});
    whole.messages.push_back({content.take(), 1000});
    wire::encode(whole.between_open, wire::abort{});
    wire::encode(whole.goodbye, wire::quit{});
    return whole;
}

struct load_rig {
    load::desk desk{[] {
                        load::conversation_settings settings;
                        wire::encode(settings.offer, wire::negotiate{});
                        return settings;
                    }(),
                    load::script_store(wire::negotiate{}, proto::strictness::lenient, script_of),
                    load::mix(1, load::mix::order::given, 1),
                    {},
                    {}};
    load::conversation talk{desk};
    proto::time_point now{1h};

    load::tally const& seen() const noexcept { return desk.counted; }

    void begin(load::ticket leave = {proto::time_point{1h}, 1, true}) { talk.begin(leave, now); }

    /// The letters of the packets that are to be written now; they are.
    std::string sent() {
        std::string bytes, letters;
        for (auto const part : talk.pending()) bytes += part;
        talk.wrote(bytes.size());
        milter::error_code ec;
        for (std::string_view rest = bytes;
             auto const one = wire::first_frame(rest, 1 << 20, ec);) {
            letters += static_cast<char>(one->code);
            rest.remove_prefix(one->raw.size());
        }
        return letters;
    }

    /// The milter answers; @return what is sent then
    std::string answer(std::string_view bytes) {
        talk.received(bytes, now);
        return sent();
    }
    std::string answer(char letter) { return answer(frame(letter)); }

    /// Answers the offer, then CONTINUE, up to where `letters` are sent.
    void reach(std::string_view letters, wire::step steps = wire::step::none) {
        sent();
        if (answer(agreeing(steps)) != letters) go_on_to(letters);
    }
    void go_on_to(std::string_view letters) {
        std::string last;
        while (last != letters && !talk.over()) last = answer('c');
        BOOST_REQUIRE(last == letters);
    }

    std::string only_error() const {
        if (seen().errors.size() != 1) return std::to_string(seen().errors.size()) + " errors";
        auto const& [kind, count] = *seen().errors.begin();
        return std::to_string(count) + " " + kind.why.message() + " at " +
               std::string(name_of(kind.at));
    }
};

} // namespace load_test
