// SPDX-License-Identifier: BSL-1.0
// milter/message/headers.hpp - the headers of one message, by identity, under the rules of either MTA
//
// A header is its identity, not its text: two equal `Received` stay two. Filters take turns; within a turn edits are
// applied in order and may be rolled back as a whole. The MTA's own Received is an invisible entry on top (the slot):
// insert positions count it, change indices do not.
// Source: protocol.md 4.1-4.6 and 9.7; tests/field/README.md for what both MTAs really do; statements 155-168, 247.
#pragma once

#include <milter/ascii.hpp>
#include <milter/message/edit.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace milter::message {

/// Whose habits govern placement of added headers, counting of deleted ones, spelling after a change and insert
/// positions.
enum class header_rules { postfix, sendmail };

/// Sendmail keeps Return-Path before and these defaults of its standard configuration after its Received; they are in
/// its list and not in the message (sendmail.cf: Resent-Date, Date, Resent-From, From, Full-Name, Resent-Message-Id,
/// Message-Id).
inline constexpr std::size_t sendmail_hidden_defaults = 7;

/// Field names compare without case.
inline bool same_name(std::string_view a, std::string_view b) noexcept {
    return equal_ignoring_case(a, b);
}

/// The value as a filter sees it: with `leading_space` as written, else without exactly one blank.
/// @source  statements 84, 85
constexpr std::string_view shown_value(std::string_view raw, bool leading_space) noexcept {
    return !leading_space && !raw.empty() && raw.front() == ' ' ? raw.substr(1) : raw;
}

/// What stands behind the colon when a filter gives `value`. @source statement 166
inline std::string raw_value(std::string_view value, bool leading_space) {
    return leading_space ? std::string(value) : " " + std::string(value);
}

struct header_field {
    std::string name;
    std::string value;        ///< everything behind the colon, folds as LF, no line end
    std::string changed_name; ///< original only: as it is now, when changed
    std::string changed_value;
    std::uint32_t author = 0; ///< 0: original or the slot; else the filter that added it, from 1
    bool slot = false;
    bool live = true;
    bool counted = true;  ///< deleted in the current turn: Sendmail still counts it
    bool changed = false; ///< original only
    bool by_add = false;  ///< came by add_header, not insert_header

    std::string_view now_name() const noexcept { return changed ? changed_name : name; }
    std::string_view now_value() const noexcept { return changed ? changed_value : value; }
    bool original() const noexcept { return author == 0 && !slot; }
    bool visible() const noexcept { return live && !slot; }
};

class headers {
public:
    explicit headers(header_rules rules = header_rules::postfix) : rules_(rules) { clear(); }

    void clear() {
        fields_.clear();
        order_.clear();
        header_field slot;
        slot.slot = true;
        fields_.push_back(std::move(slot));
        order_.push_back(0);
        tags_.assign(1, tag_of("Received"));
        bytes_ = 0;
        originals_ = 0;
    }

    void rules(header_rules rules) noexcept { rules_ = rules; }
    header_rules rules() const noexcept { return rules_; }

    /// A header as the MTA sent it, in order; `raw` is everything behind the colon.
    void append_original(std::string_view name, std::string_view raw);

    /// Applies one edit of filter `author` (from 1). Edits that match nothing do nothing, as in the MTAs.
    void apply(header_edit const& edit, std::uint32_t author);

    /// The turn of a filter is over with its edits kept: what it deleted no longer counts.
    void end_turn() noexcept {
        for (auto& field : fields_)
            if (!field.live) field.counted = false;
    }

    /// All entries in physical order, the slot and dead ones included.
    template <class Function> void for_each(Function each) const {
        for (auto const id : order_) each(fields_[id]);
    }

    /// The visible header behind `position` entries of the physical order: for walking while edits wait.
    /// @return null at the end; `position` is moved behind the header found
    header_field const* next_visible(std::size_t& position) const noexcept {
        while (position < order_.size()) {
            auto const& field = fields_[order_[position++]];
            if (field.visible()) return &field;
        }
        return nullptr;
    }

    /// Originals in the order in which they came, dead ones included.
    template <class Function> void for_each_original(Function each) const {
        for (auto const& field : fields_)
            if (field.original()) each(field);
    }

    /// The next field of this name behind `position`, in order of arrival: as the MTA sent it (author 0), dead or not; or
    /// added by a filter and still there. @return null at the end; `position` is moved behind the field found
    header_field const* next_of(std::uint32_t author, std::string_view name,
                                std::size_t& position) const noexcept;

    std::size_t original_count() const noexcept { return originals_; } ///< dead ones included
    std::size_t size() const noexcept { return fields_.size() - 1; }   ///< dead ones included
    std::size_t bytes() const noexcept { return bytes_; }              ///< names and values held

private:
    std::uint32_t store(std::string_view name, std::string_view raw, std::uint32_t author,
                        bool by_add);
    void add(header_edit const& edit, std::uint32_t author);
    void insert(header_edit const& edit, std::uint32_t author);
    void change(header_edit const& edit, std::uint32_t author);
    std::size_t insert_position(std::uint32_t index) const noexcept;
    header_field* find(std::string_view name, std::uint32_t index) noexcept;
    std::string folded(std::string_view raw) const;

    /// FNV-1a of the name in lower case: a thousand edits of a hundred thousand headers need not compare as many names.
    static constexpr std::uint32_t tag_of(std::string_view name) noexcept {
        std::uint32_t hash = 2'166'136'261U;
        for (char const c : name)
            hash = (hash ^ static_cast<unsigned char>(to_lower(c))) * 16'777'619U;
        return hash;
    }

    void place(std::size_t position, std::uint32_t id) {
        order_.insert(order_.begin() + static_cast<std::ptrdiff_t>(position), id);
    }

    header_rules rules_;
    std::vector<header_field>
        fields_; ///< [0] is the slot; originals in order of arrival, then added ones
    std::vector<std::uint32_t> order_; ///< physical order, as indices into fields_
    std::vector<std::uint32_t> tags_;  ///< of fields_; a change keeps the name but for its case
    std::size_t bytes_ = 0;
    std::size_t originals_ = 0;
};

inline header_field const* headers::next_of(std::uint32_t author, std::string_view name,
                                            std::size_t& position) const noexcept {
    auto const tag = tag_of(name);
    while (position < fields_.size()) {
        auto const at = position++;
        auto const& field = fields_[at];
        bool const is_theirs = field.author == author && !field.slot && (author == 0 || field.live);
        if (is_theirs && tags_[at] == tag && same_name(field.name, name)) return &field;
    }
    return nullptr;
}

inline void headers::append_original(std::string_view name, std::string_view raw) {
    ++originals_;
    order_.push_back(store(name, raw, 0, false));
}

inline std::uint32_t headers::store(std::string_view name, std::string_view raw,
                                    std::uint32_t author, bool by_add) {
    header_field field;
    field.name.assign(name);
    field.value.assign(raw);
    field.author = author;
    field.by_add = by_add;
    bytes_ += name.size() + raw.size();
    fields_.push_back(std::move(field));
    tags_.push_back(tag_of(name));
    return static_cast<std::uint32_t>(fields_.size() - 1);
}

inline void headers::apply(header_edit const& edit, std::uint32_t author) {
    switch (edit.what) {
    case header_edit::kind::add: return add(edit, author);
    case header_edit::kind::insert: return insert(edit, author);
    case header_edit::kind::change: return change(edit, author);
    }
}

inline void headers::add(header_edit const& edit, std::uint32_t author) {
    auto const id = store(edit.name, folded(edit.value), author, true);
    auto position = order_.size();
    auto const tag = tags_[id];
    if (rules_ == header_rules::sendmail)
        for (std::size_t i = 0; i < order_.size(); ++i) {
            if (tags_[order_[i]] != tag) continue;
            auto const& field = fields_[order_[i]];
            // headers.c addheader(): deleted ones are still in its list, and its own Received is, too
            if (same_name(field.slot ? "Received" : field.now_name(), edit.name)) {
                position = i;
                break;
            }
        }
    place(position, id);
}

inline void headers::insert(header_edit const& edit, std::uint32_t author) {
    auto const position = insert_position(edit.index);
    place(position, store(edit.name, folded(edit.value), author, false));
}

inline std::size_t headers::insert_position(std::uint32_t index) const noexcept {
    bool const sendmail = rules_ == header_rules::sendmail;
    std::size_t passed = 0;
    for (std::size_t i = 0; i < order_.size(); ++i) {
        auto const& field = fields_[order_[i]];
        if (!field.live && !sendmail) continue; // Sendmail: deleted ones are still in its list
        if (passed >= index) return i;
        ++passed;
        if (!sendmail || !field.slot) continue;
        if (passed + sendmail_hidden_defaults >= index) return i + 1;
        passed += sendmail_hidden_defaults;
    }
    return order_.size();
}

inline header_field* headers::find(std::string_view name, std::uint32_t index) noexcept {
    auto left = std::max<std::uint32_t>(index, 1); // statement 159
    auto const tag = tag_of(name);
    for (auto const id : order_) {
        if (tags_[id] != tag) continue;
        auto& field = fields_[id];
        bool const counts = field.live || (rules_ == header_rules::sendmail && field.counted);
        if (field.slot || !counts || !same_name(field.now_name(), name)) continue;
        if (--left == 0) return &field;
    }
    return nullptr;
}

inline void headers::change(header_edit const& edit, std::uint32_t author) {
    auto* const field = find(edit.name, edit.index);
    if (!field) {
        if (!edit.value.empty()) add(edit, author); // statement 163
        return;
    }
    if (edit.value.empty()) {
        field->live = false;
        return;
    }
    bool const keeps_spelling = rules_ == header_rules::sendmail;
    auto const name = keeps_spelling ? std::string(field->now_name()) : edit.name;
    field->live = true; // Sendmail: a header the same filter just deleted comes back
    bytes_ += edit.name.size() + edit.value.size();
    if (field->original()) {
        field->changed = true;
        field->changed_name = name;
        field->changed_value = folded(edit.value);
    } else {
        field->name = name;
        field->value = folded(edit.value);
    }
}

/// Postfix puts a tab before a continuation line that lacks its blank.
inline std::string headers::folded(std::string_view raw) const {
    if (rules_ != header_rules::postfix) return std::string(raw);
    std::string out;
    out.reserve(raw.size());
    for (std::size_t i = 0; i < raw.size(); ++i) {
        out += raw[i];
        bool const bare =
            raw[i] == '\n' && i + 1 < raw.size() && raw[i + 1] != ' ' && raw[i + 1] != '\t';
        if (bare) out += '\t';
    }
    return out;
}

} // namespace milter::message
