// SPDX-License-Identifier: BSL-1.0
// tests/support/header_trial.hpp - several filters edit headers: in our list, in an MTA that has them itself, and in
// one that gets the merged edits
#pragma once

#include <milter/message/merge.hpp>

#include <support/reference_mta.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace support {

class header_trial {
public:
    using lines = std::vector<std::string>;
    using rules = milter::message::header_rules;

    explicit header_trial(rules which)
        : ours(which), native(kind_of(which)), merged_(kind_of(which)) {}

    milter::message::headers ours;
    reference_mta native;

    void original(std::string_view name, std::string_view value) {
        ours.append_original(name, value);
        native.original(name, value);
        merged_.original(name, value);
    }

    /// One filter's turn.
    void filter(std::vector<header_edit> const& edits) {
        ++filters_;
        native.next_filter();
        for (auto const& edit : edits) {
            ours.apply(edit, filters_);
            native.apply(edit);
        }
        ours.end_turn();
    }

    /// The message as our list has it, written as reference_mta::lines() does.
    lines in_ours() const {
        lines all;
        ours.for_each([&](milter::message::header_field const& field) {
            if (field.slot)
                all.push_back("Received:*");
            else if (field.live)
                all.push_back(std::string(field.now_name()) + ":" + std::string(field.now_value()));
        });
        return all;
    }

    /// The message that the merged edits make.
    lines by_merge() const {
        auto mta = merged_;
        mta.apply(merge(ours));
        return mta.lines();
    }

private:
    static reference_mta::kind kind_of(rules which) {
        return which == rules::postfix ? reference_mta::kind::postfix
                                       : reference_mta::kind::sendmail;
    }

    reference_mta merged_; ///< the originals only
    std::uint32_t filters_ = 0;
};

} // namespace support
