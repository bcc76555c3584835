// SPDX-License-Identifier: BSL-1.0
// manager/import/show_config.cpp - the statements of a whole configuration of the older manager
#include "manager/import/show_config.hpp"

#include "manager/config/config_text.hpp"
#include "manager/config/printable.hpp"
#include "manager/import/account_list.hpp"
#include "manager/import/condition_name.hpp"
#include "manager/import/egg.hpp"
#include "manager/import/retired_key.hpp"
#include "manager/import/ruby_text.hpp"
#include "manager/import/spelling.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace milter::manager {

namespace {

using kind = ruby_statement::kind;

class reader {
public:
    explicit reader(std::string_view text) : statements_(text) {}

    setup read() {
        while (auto const one = statements_.next()) {
            if (one->what == kind::opening)
                open(*one);
            else if (one->what == kind::end)
                close(*one);
            else if (place_ == place::milter && depth_ == 1)
                read_in_milter(*one);
            else if (place_ == place::condition && depth_ == 1)
                read_in_condition(*one);
            else if (depth_ == 0)
                read_at_top(*one);
        }
        return finish();
    }

private:
    enum class place { top, milter, condition, elsewhere };

    struct nest {
        explicit nest(egg&& one) : milter(std::move(one)) {}

        egg milter;
        std::size_t place = 0; ///< among all definitions: the last one counts
    };

    // ---- blocks

    void open(ruby_statement const& one) {
        if (++depth_ > 1) {
            if (place_ == place::milter && depth_ == 2 && current_) current_->refuse(one);
            return;
        }
        bool const named = !one.values.empty() && one.values[0].is_text();
        place_ = place::elsewhere;
        if (one.target == "define_milter" && named)
            begin_milter(one);
        else if (one.target == "define_applicable_condition" && named)
            begin_condition(one);
        else
            head().lost(one.line, "not understood, up to its end: " + in_quotes(one.source),
                        std::string(advice_for_call(one.target)));
    }

    void close(ruby_statement const& one) {
        if (depth_ == 0)
            head().lost(one.line, "an end of nothing", "see whether the file is whole");
        else if (--depth_ == 0)
            leave();
    }

    void leave() {
        place_ = place::top;
        current_ = nullptr;
        condition_.clear();
    }

    void begin_milter(ruby_statement const& one) {
        all_.understood = true;
        auto const& name = one.values[0].text;
        auto const before = by_name_.find(name);
        if (before == by_name_.end() && by_name_.size() >= import_milter_limit)
            return head().lost(one.line, "milter " + in_quotes(name) + " is one too many",
                               "at most " + std::to_string(import_milter_limit) + " are imported");
        place_ = place::milter;
        if (before != by_name_.end()) before->second.milter.move_to(one.line);
        auto& own = by_name_.try_emplace(name, egg(name, one.line)).first->second;
        own.place = ++places_;
        current_ = &own.milter;
    }

    void begin_condition(ruby_statement const& one) {
        all_.understood = true;
        place_ = place::condition;
        condition_ = one.values[0].text;
        if (is_known(condition_)) return;
        head().lost(one.line, "condition " + in_quotes(condition_) + " is written in Ruby",
                    "write it as a condition in a file of rules.d/");
    }

    static bool is_known(std::string_view condition) {
        return find_condition(condition) || is_account_list(condition);
    }

    void read_in_milter(ruby_statement const& one) {
        auto const dot = one.target.find('.');
        bool const is_setting = dot != std::string::npos && one.what != kind::other;
        if (!is_setting) return current_->refuse(one);
        current_->take(std::string_view(one.target).substr(dot + 1), one);
    }

    void read_in_condition(ruby_statement const& one) {
        if (is_known(condition_) || !one.target.ends_with(".description")) return;
        if (one.values.empty() || !one.values[0].is_text() || one.values[0].text.empty()) return;
        head().note(one.line,
                    "condition " + in_quotes(condition_) + ": " +
                        in_quotes(one.values[0].text, 200),
                    "that is what it is to tell");
    }

    // ---- settings of the whole

    void read_at_top(ruby_statement const& one) {
        if (one.what == kind::assignment)
            set(one);
        else if (one.target == "remove_milter" && one.what == kind::call && !one.values.empty())
            by_name_.erase(one.values[0].text);
        else
            head().lost(one.line, "not understood: " + in_quotes(one.source),
                        std::string(advice_for_call(one.target)));
    }

    void set(ruby_statement const& one) {
        constexpr std::string_view kept[] = {
            "manager.connection_spec",     "manager.unix_socket_mode",
            "manager.unix_socket_group",   "controller.connection_spec",
            "controller.unix_socket_mode", "controller.unix_socket_group",
            "manager.max_connections",     "manager.n_workers",
            "manager.fallback_status"};
        if (std::find(std::begin(kept), std::end(kept), one.target) != std::end(kept)) {
            all_.understood = true;
            settings_[one.target] = one;
            return;
        }
        auto const* const retired = find_retired_key(one.target);
        if (!retired)
            return head().lost(one.line, "not understood: " + in_quotes(one.source),
                               std::string(advice_for_call(one.target)));
        all_.understood = true;
        if (one.target == "security.privilege_mode") is_privileged_ = one.values[0].truth;
        if (one.origin == "default" || is_usual(*retired, one.values[0])) return;
        bool const is_secret = one.target == "database.password";
        auto what = is_secret ? one.target : in_quotes(one.source, 120);
        if (retired->weight == remark_weight::lost)
            head().lost(one.line, std::move(what), std::string(retired->instead));
        else
            head().note(one.line, std::move(what), std::string(retired->instead));
    }

    // ---- the end

    setup finish() {
        if (depth_ > 0) head().lost(0, "a block has no end", "see whether the file is whole");
        place_listener();
        place_control();
        place_numbers();
        place_fallback();
        place_milters();
        return std::move(all_);
    }

    void place_milters() {
        std::vector<nest const*> in_order;
        for (auto const& [name, one] : by_name_) in_order.push_back(&one);
        std::sort(in_order.begin(), in_order.end(),
                  [](nest const* a, nest const* b) { return a->place < b->place; });
        name_giver names;
        for (auto const* one : in_order)
            all_.milters.push_back(one->milter.hatch(names, is_privileged_, all_));
    }

    remark_list& head() { return all_.remarks[""]; }

    /// Null: it was not set, or is nil.
    ruby_statement const* setting(std::string const& key) const {
        auto const found = settings_.find(key);
        bool const is_set = found != settings_.end() && !found->second.values[0].is_nothing();
        return is_set ? &found->second : nullptr;
    }

    void place_listener() {
        imported_listen one;
        one.socket = {endpoint::kind::inet, {}, "127.0.0.1", "10025"};
        auto const* const spec = setting("manager.connection_spec");
        auto const found =
            spec ? listener_of(spelled(spec->values[0]), spec->line, one.remarks) : std::nullopt;
        if (found)
            one.socket = *found;
        else if (!spec)
            one.remarks.note(0, "manager.connection_spec is not set", "the usual port is taken");
        place_file("manager", one);
        all_.listens.push_back(std::move(one));
    }

    void place_control() {
        auto const* const spec = setting("controller.connection_spec");
        if (!spec) return;
        auto const text = spelled(spec->values[0]);
        imported_listen one;
        auto const found = listener_of(text, spec->line, one.remarks);
        if (!found || found->family != endpoint::kind::unix_path) {
            all_.remarks["control"].lost(
                spec->line, "controller.connection_spec " + in_quotes(text),
                "the control socket is a unix socket, as only there the system says who asks");
            return;
        }
        one.socket = *found;
        place_file("controller", one);
        all_.control = std::move(one);
    }

    /// Mode and group of a unix socket.
    void place_file(std::string const& table, imported_listen& into) {
        if (into.socket.family != endpoint::kind::unix_path) return;
        into.mode = 0660; // what the older manager has by itself
        if (auto const* const mode = setting(table + ".unix_socket_mode")) {
            into.mode = mode_of(mode->values[0]);
            if (!into.mode)
                into.remarks.lost(mode->line, "no mode: " + in_quotes(spelled(mode->values[0])),
                                  "write it as \"0660\"");
        }
        auto const* const group = setting(table + ".unix_socket_group");
        if (!group) return;
        if (auto const wrong = assign_group(into.group, raw_value(spelled(group->values[0]))))
            into.remarks.lost(group->line, "group: " + wrong->message, "write it yourself");
    }

    /// A number is one already, whatever base it was written in.
    static std::optional<unsigned> mode_of(ruby_value const& value) {
        if (value.what == ruby_value::kind::number) {
            bool const fits = value.number >= 0 && value.number <= 0777;
            return fits ? std::optional(static_cast<unsigned>(value.number)) : std::nullopt;
        }
        std::optional<unsigned> mode;
        if (assign_mode(mode, raw_value(spelled(value)))) return std::nullopt;
        return mode;
    }

    /// Of a setting that is a count; none: as by default.
    std::optional<std::size_t> count_of(std::string const& key, std::size_t most,
                                        remark_list& remarks) const {
        auto const* const one = setting(key);
        if (!one) return std::nullopt;
        auto const& value = one->values[0];
        bool const is_count = value.what == ruby_value::kind::number && value.number >= 0;
        if (!is_count) {
            remarks.lost(one->line, key + " is no count: " + in_quotes(spelled(value)),
                         "the default holds");
            return std::nullopt;
        }
        if (value.number < 1) return std::nullopt;
        if (value.number > static_cast<double>(most)) {
            remarks.lost(one->line, key + " is more than " + std::to_string(most),
                         "that is taken instead");
            return most;
        }
        return static_cast<std::size_t>(value.number);
    }

    void place_numbers() {
        remark_list limits, manager;
        all_.sessions = count_of("manager.max_connections", 1'000'000, limits);
        if (auto const workers = count_of("manager.n_workers", 256, manager)) {
            all_.workers = static_cast<unsigned>(*workers);
            manager.note(setting("manager.n_workers")->line,
                         "manager.n_workers: workers are threads of one process here",
                         "one for each processor is enough");
        }
        keep("limits", std::move(limits));
        keep("manager", std::move(manager));
    }

    void place_fallback() {
        auto const* const one = setting("manager.fallback_status");
        if (!one) return;
        auto const word = spelled(one->values[0]);
        auto const known = on_error_of(word);
        if (known == on_error::reject) {
            all_.on_internal_error = on_internal_error::reject;
        } else if (known != on_error::tempfail) {
            auto const what = "manager.fallback_status " + in_quotes(word);
            constexpr char const* instead =
                "when the manager itself fails mail is refused for now, never let through: "
                "[manager] on_internal_error";
            if (one->origin == "default" || word == "accept")
                all_.remarks["manager"].note(one->line, what, instead);
            else
                all_.remarks["manager"].lost(one->line, what, instead);
        }
    }

    void keep(std::string const& table, remark_list&& remarks) {
        if (!remarks.entries().empty()) all_.remarks[table] = std::move(remarks);
    }

    ruby_reader statements_;
    setup all_;
    place place_ = place::top;
    unsigned depth_ = 0;
    egg* current_ = nullptr; // of a block at hand
    std::string condition_;  // the same
    std::map<std::string, nest> by_name_;
    std::size_t places_ = 0;
    std::map<std::string, ruby_statement> settings_;
    bool is_privileged_ = false;
};

} // namespace

setup read_show_config(std::string_view text) { return reader(text).read(); }

} // namespace milter::manager
