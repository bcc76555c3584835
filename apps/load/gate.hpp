// SPDX-License-Identifier: BSL-1.0
// load/gate.hpp - what the figures of a run must not exceed: `p99<50ms`, `rcpt.mean<=2ms`, `throughput>200/s`, `errors<1%`
#pragma once

#include "load/comparison.hpp"
#include "load/tally.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace milter::load {

struct gate {
    enum class metric {
        quantile, ///< of a message, or of one stage, in seconds: what users feel (times::felt)
        mean,
        min,
        max,
        throughput, ///< messages a second
        errors,     ///< how many, or which share of all messages
        rejects,
        tempfails,
        unsent, ///< due in an open loop and never sent: how many, or which share of all that were due
        slower, ///< by which share B is slower than A
    };
    enum class relation { less, at_most, more, at_least };

    std::string text; ///< as given
    metric what = metric::quantile;
    double quantile = 0.5;   ///< 0 to 1
    std::optional<stage> of; ///< none: of a message
    relation how = relation::less;
    double limit = 0;      ///< seconds, a second, messages, or a share from 0 to 1
    bool is_share = false; ///< of errors, rejects, tempfails, unsent
};

/// @throws std::invalid_argument  "\"p99<50\", column 5: a time has a unit: 50ms"
gate parse_gate(std::string_view text);

struct gate_result {
    bool met = false;
    std::string what; ///< "p99<50ms: 61.3 ms"
};

/// A gate whose figure is not there (no message, no answer at that stage, no comparison) is not met. Nobody knows how long
/// messages would have taken that were never sent: an upper limit of a time holds only if it does whatever they would have
/// taken, a lower one only if it does for as long as they had waited (of a stage: for the answers that came). A comparison
/// misses its gate when the whole interval does.
gate_result check(gate const& one, tally const& seen,
                  std::optional<ratio_estimate> const& compared);

} // namespace milter::load
