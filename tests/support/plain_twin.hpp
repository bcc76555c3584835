// SPDX-License-Identifier: BSL-1.0
// tests/support/plain_twin.hpp - a plain session beside one that has copies: told the same, it does the same
//
// It has the same milters but for those that are evaluated. What the MTA is asked for on their behalf - refused
// recipients, macros - it is asked for here, too, so that everything else can be compared byte by byte.
// Source: docs/architecture.md, "A milter that is evaluated watches a shadow of the session"
#pragma once

#include "manager/core/session.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace support {

namespace manager = milter::manager;
namespace proto = milter::proto;

class plain_twin {
public:
    using report = std::function<void(std::string const&)>;

    /// For the twins of all sessions of a configuration: what sessions count together is counted apart.
    static std::shared_ptr<manager::config const> settings(manager::config const& of) {
        auto plain = of;
        plain.evaluated.clear();
        auto twin = *manager::with_endpoints(std::move(plain));
        for (auto const& one : twin.evaluated)
            twin.milters[one.place].wishes = of.milters[one.place].wishes;
        return std::make_shared<manager::config const>(std::move(twin));
    }

    plain_twin(std::shared_ptr<manager::config const> config, std::uint64_t id,
               proto::time_point now, report fault)
        : config_(std::move(config)), fault_(std::move(fault)), self_(config_, id, now) {}

    template <class Call> void hear(Call call) {
        if (!over_) call(self_);
    }

    /// @param done  by the session with copies, for the MTA and milters that count
    void compare_effects(std::vector<manager::effect const*> const& done);
    void compare_records(std::vector<manager::decision> const& given);
    /// @param memory  of messages, in use by the sessions with copies
    void compare_memory(std::size_t memory) const {
        if (config_->spool.budget->taken() != memory) fault_("copies take memory of what counts");
    }

private:
    std::shared_ptr<manager::config const> config_;
    report fault_;
    manager::session self_;
    bool over_ = false;
};

inline void plain_twin::compare_effects(std::vector<manager::effect const*> const& done) {
    auto const same = [](manager::effect const* one, manager::effect const& other) {
        bool const where =
            one->where && other.where ? *one->where == *other.where : one->where == other.where;
        return where && one->what == other.what && one->link == other.link &&
               one->bytes == other.bytes && one->until == other.until;
    };
    auto const own = over_ ? std::vector<manager::effect>() : self_.take_effects();
    over_ = self_.over();
    if (!std::equal(done.begin(), done.end(), own.begin(), own.end(), same))
        fault_("with evaluated milters the MTA or a milter that counts is sent something else");
}

inline void plain_twin::compare_records(std::vector<manager::decision> const& given) {
    auto const same = [](manager::decision const& one, manager::decision const& other) {
        return one.transaction == other.transaction && one.verdict == other.verdict &&
               one.text == other.text && one.decided_by == other.decided_by &&
               one.stage == other.stage && one.reason == other.reason;
    };
    auto const own = self_.take_decisions();
    if (!std::equal(given.begin(), given.end(), own.begin(), own.end(), same))
        fault_("with evaluated milters another decision is recorded");
    (void)self_.take_log();
}

} // namespace support
