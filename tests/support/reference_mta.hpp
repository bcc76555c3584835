// SPDX-License-Identifier: BSL-1.0
// tests/support/reference_mta.hpp - what Postfix and Sendmail do to headers, written a second time and simply
//
// Follows the sources, not our library: Postfix cleanup_milter.c works on a plain list from which deleted
// headers are gone; Sendmail headers.c keeps a list that begins with Return-Path, its own Received and the
// seven defaults of its standard configuration, and in which deleted headers stay as nodes without value.
// Values are everything behind the colon.
#pragma once

#include <milter/message/edit.hpp>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace support {

using milter::message::header_edit;

class reference_mta {
public:
    enum class kind { postfix, sendmail };

    explicit reference_mta(kind which) : kind_(which) {
        if (kind_ == kind::sendmail) list_.push_back(hidden("Return-Path"));
        node own{"Received", "*", false, true};
        list_.push_back(own);
        if (kind_ == kind::sendmail)
            for (auto const* name :
                 {"Resent-Date:", "Date:", "Resent-From:", "From:", "Full-Name:",
                  "Resent-Message-Id:", "Message-Id:"}) // never the name of a header here
                list_.push_back(hidden(name));
    }

    void original(std::string_view name, std::string_view value) {
        list_.push_back({std::string(name), std::string(value), true, true});
    }

    /// Another filter gets the message: to Sendmail, what is deleted is now no longer the user's.
    void next_filter() {
        for (auto& one : list_)
            if (!one.has_value) one.of_user = false;
    }

    void apply(header_edit const& edit) {
        switch (edit.what) {
        case header_edit::kind::add: return add(edit);
        case header_edit::kind::insert: return insert(edit);
        case header_edit::kind::change: return change(edit);
        }
    }
    void apply(std::vector<header_edit> const& edits) {
        for (auto const& edit : edits) apply(edit);
    }

    /// The message as delivered; the MTA's own header is `Received:*`.
    std::vector<std::string> lines() const {
        std::vector<std::string> all;
        for (auto const& one : list_)
            if (one.has_value) all.push_back(one.name + ":" + one.value);
        return all;
    }

private:
    struct node {
        std::string name, value;
        bool of_user = true;   ///< shown to filters and counted by `m`
        bool has_value = true; ///< Sendmail: else it is in the list only
    };

    static node hidden(std::string name) { return {std::move(name), {}, false, false}; }

    static bool same(std::string_view a, std::string_view b) {
        auto const lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
        return std::ranges::equal(a, b, {}, lower, lower);
    }

    void place(std::size_t at, header_edit const& edit) {
        at = std::min(at, list_.size());
        list_.insert(list_.begin() + static_cast<std::ptrdiff_t>(at),
                     {edit.name, folded(edit.value), true, true});
    }

    void add(header_edit const& edit) {
        if (kind_ == kind::postfix) return place(list_.size(), edit);
        auto const first =
            std::ranges::find_if(list_, [&](node const& one) { return same(one.name, edit.name); });
        place(static_cast<std::size_t>(first - list_.begin()), edit);
    }

    void insert(header_edit const& edit) {
        place(std::size_t{edit.index} + (kind_ == kind::sendmail ? 1 : 0), edit);
    }

    void change(header_edit const& edit) {
        auto left = std::max<std::uint32_t>(edit.index, 1);
        auto const found = std::ranges::find_if(list_, [&](node const& one) {
            return one.of_user && same(one.name, edit.name) && --left == 0;
        });
        if (found == list_.end()) {
            if (!edit.value.empty()) add(edit);
        } else if (kind_ == kind::postfix) {
            if (edit.value.empty())
                list_.erase(found);
            else
                *found = {edit.name, folded(edit.value), true, true};
        } else {
            found->has_value = !edit.value.empty();
            found->value = edit.value;
        }
    }

    std::string folded(std::string_view value) const {
        std::string out;
        for (std::size_t i = 0; i < value.size(); ++i) {
            out += value[i];
            bool const line_begins = value[i] == '\n' && i + 1 < value.size();
            if (kind_ == kind::postfix && line_begins && value[i + 1] != ' ' &&
                value[i + 1] != '\t')
                out += '\t';
        }
        return out;
    }

    kind kind_;
    std::vector<node> list_;
};

} // namespace support
