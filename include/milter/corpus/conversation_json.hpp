// SPDX-License-Identifier: BSL-1.0
// milter/corpus/conversation_json.hpp - a corpus as JSON Lines
//
// First line: {"milter_corpus":1,"creator":"...","source":"...","redaction":"none"}. Each further line: one conversation.
// A file that is one indented object, or that lacks the first line, is read as well. Members that are not ours are kept;
// those whose name begins with '_' will never be ours.
#pragma once

#include <milter/corpus/event_json.hpp>
#include <milter/corpus/timestamp.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace milter::corpus {

namespace detail {

struct state_name {
    completeness state;
    std::string_view name;
};
inline constexpr state_name state_names[] = {
    {completeness::complete, "complete"},
    {completeness::truncated, "truncated"},
    {completeness::gap, "gap"},
};

inline void add_text(json& out, char const* name, std::string const& text) {
    if (!text.empty()) out[name] = text_json(text);
}

inline json to_json(party const& one) {
    auto out = json::object();
    add_text(out, "name", one.name);
    add_text(out, "version", one.version);
    add_text(out, "address", one.address);
    return out;
}

/// Reads members of one object, and remembers the first problem.
class member_reader {
public:
    member_reader(json const& object, std::string where, json_problem& problem)
        : object_(object), where_(std::move(where)), problem_(problem) {}

    void text(char const* name, std::string& into) {
        auto const* value = member(object_, name);
        if (!value) return;
        if (auto read = text_of(*value))
            into = std::move(*read);
        else
            fail(name, "a string");
    }
    void fail(std::string const& name, std::string const& expected) {
        if (!problem_) problem_ = {where_ + "/" + name, "expected " + expected};
    }
    json const* find(char const* name) const { return member(object_, name); }

private:
    json const& object_;
    std::string where_;
    json_problem& problem_;
};

inline void read_party(json const& object, char const* name, party& into, json_problem& problem) {
    auto const* value = member(object, name);
    if (!value) return;
    if (!value->is_object()) {
        problem = {std::string("/") + name, "expected an object"};
        return;
    }
    member_reader read(*value, std::string("/") + name, problem);
    read.text("name", into.name);
    read.text("version", into.version);
    read.text("address", into.address);
}

inline void read_events(json const& object, conversation& talk, blob_access const& blobs,
                        json_problem& problem) {
    auto const* events = member(object, "events");
    if (!events || !events->is_array()) {
        problem = {"/events", "expected an array"};
        return;
    }
    for (auto const& one : *events) {
        talk.events.push_back(read_event(one, blobs, problem));
        if (!problem) continue;
        problem.where = "/events/" + std::to_string(talk.events.size() - 1) + problem.where;
        return;
    }
}

inline bool is_conversation_member(std::string_view name) {
    constexpr std::string_view ours[] = {"id",     "session", "filter", "position", "mta",
                                         "milter", "began",   "state",  "why",      "tags",
                                         "source", "expect",  "events"};
    return std::find(std::begin(ours), std::end(ours), name) != std::end(ours);
}

inline void read_tags(member_reader& read, conversation& talk) {
    auto const* tags = read.find("tags");
    if (!tags) return;
    if (!tags->is_array()) return read.fail("tags", "an array of strings");
    for (auto const& tag : *tags) {
        if (!tag.is_string()) return read.fail("tags", "an array of strings");
        talk.tags.push_back(tag.get<std::string>());
    }
}

inline void read_state(member_reader& read, conversation& talk) {
    auto const* state = read.find("state");
    if (!state) return;
    for (auto const& row : state_names)
        if (state->is_string() && state->get_ref<std::string const&>() == row.name) {
            talk.state = row.state;
            return;
        }
    read.fail("state", R"("complete", "truncated" or "gap")");
}

inline void read_began(member_reader& read, conversation& talk) {
    auto const* began = read.find("began");
    if (!began) return;
    if (began->is_string()) talk.began = from_timestamp(began->get_ref<std::string const&>());
    if (!talk.began) read.fail("began", R"(a time as "2026-11-24T03:01:03.094279Z")");
}

inline void read_position(member_reader& read, conversation& talk) {
    auto const* position = read.find("position");
    if (!position) return;
    bool const good = position->is_number_unsigned() && position->get<std::uint64_t>() >= 1 &&
                      position->get<std::uint64_t>() <= 1'000'000;
    if (!good) return read.fail("position", "a number from 1");
    talk.position = position->get<int>();
}

} // namespace detail

inline json to_json(conversation const& talk, blob_access const& blobs = {}) {
    json out{{"id", text_json(talk.id)}};
    detail::add_text(out, "session", talk.session);
    detail::add_text(out, "filter", talk.filter);
    if (talk.position) out["position"] = *talk.position;
    if (auto mta = detail::to_json(talk.mta); !mta.empty()) out["mta"] = std::move(mta);
    if (auto milter = detail::to_json(talk.milter); !milter.empty())
        out["milter"] = std::move(milter);
    if (talk.began) out["began"] = to_timestamp(*talk.began);
    for (auto const& row : detail::state_names)
        if (row.state == talk.state) out["state"] = std::string(row.name);
    detail::add_text(out, "why", talk.why);
    if (!talk.tags.empty()) out["tags"] = talk.tags;
    detail::add_text(out, "source", talk.source);
    if (!talk.expect.empty()) out["expect"] = json::parse(talk.expect, nullptr, false);
    detail::add_extra(out, talk.extra);
    auto& events = out["events"] = json::array();
    for (auto const& one : talk.events) events.push_back(to_json(one, blobs));
    return out;
}

/// @param problem  set when `object` is no conversation
inline conversation read_conversation(json const& object, blob_access const& blobs,
                                      json_problem& problem) {
    conversation talk;
    if (!object.is_object()) {
        problem = {"", "expected a conversation: an object"};
        return talk;
    }
    detail::member_reader read(object, "", problem);
    read.text("id", talk.id);
    read.text("session", talk.session);
    read.text("filter", talk.filter);
    read.text("why", talk.why);
    read.text("source", talk.source);
    detail::read_position(read, talk);
    detail::read_began(read, talk);
    detail::read_state(read, talk);
    detail::read_tags(read, talk);
    if (!problem) detail::read_party(object, "mta", talk.mta, problem);
    if (!problem) detail::read_party(object, "milter", talk.milter, problem);
    if (!problem) detail::read_events(object, talk, blobs, problem);
    if (auto const* expect = detail::member(object, "expect")) talk.expect = expect->dump();
    talk.extra = detail::extra_of(object, detail::is_conversation_member);
    return talk;
}

inline json to_json(corpus_header const& header) {
    json out{{"milter_corpus", header.format}};
    detail::add_text(out, "creator", header.creator);
    detail::add_text(out, "source", header.source);
    detail::add_text(out, "redaction", header.redaction);
    detail::add_extra(out, header.extra);
    return out;
}

/// Whether a line is the first one of a corpus.
inline bool is_corpus_header(json const& object) {
    return object.is_object() && object.contains("milter_corpus");
}

/// @param problem  set when it is of a format that we do not know
inline corpus_header read_corpus_header(json const& object, json_problem& problem) {
    corpus_header header;
    auto const& format = object.at("milter_corpus");
    if (!format.is_number_unsigned() || format.get<std::uint64_t>() < 1)
        problem = {"/milter_corpus", "expected the number of the format"};
    else if (format.get<std::uint64_t>() > corpus_header::newest)
        problem = {"/milter_corpus", "format " + format.dump() +
                                         " is newer than this program, which reads up to " +
                                         std::to_string(corpus_header::newest)};
    detail::member_reader read(object, "", problem);
    read.text("creator", header.creator);
    read.text("source", header.source);
    read.text("redaction", header.redaction);
    header.extra = detail::extra_of(object, [](std::string_view name) {
        return name == "milter_corpus" || name == "creator" || name == "source" ||
               name == "redaction";
    });
    return header;
}

/// Arrays and objects in each other, at most: reading is safe at any depth, writing again is not.
inline constexpr int max_json_depth = 64;

/// One line of a corpus; empty and `problem` set when it is no JSON.
inline std::optional<json> parse_json(std::string_view text, json_problem& problem) {
    bool too_deep = false;
    auto const within = [&](int depth, json::parse_event_t, json const&) {
        if (depth > max_json_depth) too_deep = true;
        return !too_deep;
    };
    try {
        auto value = json::parse(text, within);
        if (!too_deep) return value;
        problem = {"", "nested deeper than " + std::to_string(max_json_depth)};
    } catch (json::exception const& error) { // the only way to learn the place
        std::string_view why = error.what();
        if (auto const end = why.find("] "); end != why.npos) why.remove_prefix(end + 2);
        problem = {"", std::string(why)};
    }
    return std::nullopt;
}

/// One line, without its end.
inline std::string to_line(json const& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

} // namespace milter::corpus
