// SPDX-License-Identifier: BSL-1.0
// tests/fuzz/mta_session.cpp - a filter that says anything to the MTA side
//
// Input: 1 byte how the stream is cut, 1 byte for the commands, then the stream.

#include "invariant.hpp"
#include <milter/proto/mta_session.hpp>

#include <support/exact_copy.hpp>

#include <string>

namespace proto = milter::proto;
namespace wire = milter::wire;
using fuzz::require;

namespace {

struct outcome {
    std::string replies, output;
    std::string
        replaced; // the bytes of all replacement bodies: a large one comes in as many pieces as it arrived in
    milter::error_code ec;
    bool operator==(outcome const&) const = default;
};

class mta {
public:
    explicit mta(unsigned commands) : commands_(commands) {
        milter::error_code ec;
        session_.negotiate(now_, ec);
        require(!ec, "the offer can be sent");
    }

    void hear(std::string_view bytes, outcome& result) {
        session_.received(support::exact_copy(bytes).view());
        while (auto const reply = session_.next(now_, result.ec)) {
            auto const words = describe(*reply);
            fuzz::require_harmless(words);
            if (auto const* piece = std::get_if<wire::replace_body>(&*reply))
                result.replaced += piece->bytes;
            else
                result.replies += words + '\n';
            say_next();
        }
        require(!result.ec || session_.closed(), "an error ends the session");
        require(session_.awaited().has_value() == (session_.deadline() != proto::never),
                "a wait has a deadline");
    }

    proto::mta_session const& session() const { return session_; }

private:
    void say_next() {
        for (int tries = 0; tries < 40 && !session_.awaited() && !session_.closed(); ++tries)
            say(commands_ + next_++);
    }

    void say(unsigned n) {
        milter::error_code ec; // out of sequence is refused, and that is fine
        switch (n % 12) {
        case 0:
            return session_.send(wire::connect{"c", wire::family::inet, 1, "10.0.0.1"}, now_, ec);
        case 1: return session_.send(wire::helo{"h"}, now_, ec);
        case 2: return session_.send(wire::mail{"<>", {}}, now_, ec);
        case 3: return session_.send(wire::rcpt{"<a@b>", {}}, now_, ec);
        case 4: return session_.send(wire::data{}, now_, ec);
        case 5: return session_.send(wire::header{"X", "y"}, now_, ec);
        case 6: return session_.send(wire::end_of_headers{}, now_, ec);
        case 7: return session_.send(wire::body{"text"}, now_, ec);
        case 8: return session_.send(wire::end_of_message{}, now_, ec);
        case 9: return session_.send(wire::macros{'M', {}}, now_, ec);
        case 10: return session_.send(wire::unknown{"U"}, now_, ec);
        default: return session_.abort(now_, ec);
        }
    }

    proto::mta_session session_;
    proto::time_point now_{};
    unsigned commands_;
    unsigned next_ = 0;
};

outcome run(std::string_view stream, std::size_t size, unsigned commands) {
    mta side(commands);
    outcome result;
    for (std::size_t at = 0; at < stream.size() && !result.ec; at += size)
        side.hear(stream.substr(at, size), result);
    result.output = side.session().output();
    if (result.ec) fuzz::require_harmless(side.session().failure());
    return result;
}

/// What the MTA side sent are packets that a filter can read.
void require_commands(std::string_view output) {
    milter::error_code ec;
    while (auto const frame = wire::first_frame(output, wire::default_data_limit, ec)) {
        require(wire::decode_command(*frame, ec).has_value(), "output is commands");
        output.remove_prefix(frame->raw.size());
    }
    require(!ec && output.empty(), "output is whole packets");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    if (size < 2) return 0;
    auto const stream = fuzz::view(data + 2, size - 2);
    auto const whole = run(stream, stream.size() + 1, data[1]);
    require(whole == run(stream, 1 + data[0] % 32, data[1]),
            "the same however the bytes are split");
    require_commands(whole.output);
    return 0;
}
