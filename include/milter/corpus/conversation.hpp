// SPDX-License-Identifier: BSL-1.0
// milter/corpus/conversation.hpp - one recorded milter connection, byte for byte
//
// The bytes of each packet are kept as they were on the wire, so that a conversation gives back the very streams that it
// was recorded from; its JSON (conversation_json.hpp) shows them as fields wherever the fields say all of it.
#pragma once

#include <milter/proto/observer.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milter::corpus {

using proto::side;

enum class event_kind : unsigned char {
    packet, ///< a whole packet
    bytes,  ///< bytes that make no packet: the beginning of one that was cut off, or none at all
    gap,    ///< bytes that were sent but not recorded
    end,    ///< `from` closed its direction in good order
    reset,  ///< `from` broke the connection off
};

/// What one side did. Events stand in the order in which each was complete.
struct event {
    std::int64_t at = 0; ///< microseconds since conversation::began
    side from = side::mta;
    event_kind kind = event_kind::packet;
    unsigned char code = 0;    ///< packet: its code byte
    std::string payload;       ///< packet: what follows the code; bytes: the bytes
    std::uint64_t missing = 0; ///< gap: how many bytes at least
    std::string
        extra; ///< members of the JSON object that are not ours: an object in JSON, or empty
    bool operator==(event const&) const = default;
};

/// The packet of an event, as views into it; `raw` is empty.
inline wire::frame_view frame_of(event const& one) noexcept { return {one.code, one.payload, {}}; }

enum class completeness : unsigned char {
    complete,  ///< from the first byte to the end of both directions
    truncated, ///< the beginning or the end is missing
    gap,       ///< something in between is missing
};

/// One end of the connection, as far as known; empty fields are not.
struct party {
    std::string name;    ///< of the program: "Postfix", "opendkim"
    std::string version; ///< of the program
    std::string address; ///< endpoint as in milter/endpoint.hpp
    bool operator==(party const&) const = default;
};

struct conversation {
    std::string id;      ///< unique within its corpus
    std::string session; ///< shared by the milter connections of one SMTP session; empty: not known
    std::string filter;  ///< name of the milter; empty: not known
    std::optional<int> position; ///< of the milter in its chain, from 1
    party mta, milter;
    std::optional<std::int64_t> began; ///< microseconds since 1970-01-01T00:00:00Z
    completeness state = completeness::complete;
    std::string why; ///< it is not complete
    std::vector<std::string> tags;
    std::string source; ///< provenance: the file, the device
    std::vector<event> events;
    std::string expect; ///< an overlay of expectations: an object in JSON, or empty
    std::string extra;  ///< members of the JSON object that are not ours, as above
    bool operator==(conversation const&) const = default;
};

/// First line of a corpus.
struct corpus_header {
    static constexpr int newest = 1; ///< a reader refuses what is newer
    int format = newest;
    std::string creator;   ///< program and version
    std::string source;    ///< of all conversations
    std::string redaction; ///< "none", or how
    std::string extra;     ///< members of the JSON object that are not ours
    bool operator==(corpus_header const&) const = default;
};

/// Appends what `one` put on the wire.
inline void append_wire(std::string& out, event const& one) {
    if (one.kind == event_kind::packet)
        wire::append_frame(out, one.code, one.payload);
    else if (one.kind == event_kind::bytes)
        out.append(one.payload);
}

/// All that one side sent; a gap leaves nothing.
inline std::string wire_of(conversation const& talk, side from) {
    std::string out;
    for (auto const& one : talk.events)
        if (one.from == from) append_wire(out, one);
    return out;
}

/// One event in words, for people.
inline std::string describe(event const& one) {
    switch (one.kind) {
    case event_kind::packet:
        return one.from == side::mta ? wire::describe_command(frame_of(one))
                                     : wire::describe_reply(frame_of(one));
    case event_kind::bytes:
        return std::to_string(one.payload.size()) +
               " bytes that make no packet: " + wire::quoted(one.payload, 32);
    case event_kind::gap: return "(" + std::to_string(one.missing) + " bytes were not recorded)";
    case event_kind::end: return "(end)";
    case event_kind::reset: return "(reset)";
    }
    return {};
}

} // namespace milter::corpus
