// SPDX-License-Identifier: BSL-1.0
// manager/status_table.cpp
#include "manager/status_table.hpp"

#include "manager/config/printable.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

namespace milter::manager {

namespace {

using json = nlohmann::ordered_json;
using row = std::vector<std::string>;

std::string text(json const& of, char const* key) {
    return printable(of.value(key, std::string()));
}

std::string number(json const& of, char const* key) {
    return std::to_string(of.value(key, std::uint64_t{0}));
}

json part(json const& of, char const* key) { return of.value(key, json::object()); }
json list(json const& of, char const* key) { return of.value(key, json::array()); }

/// Characters, not bytes, as far as UTF-8 goes.
std::size_t width_of(std::string_view shown) {
    return static_cast<std::size_t>(
        std::count_if(shown.begin(), shown.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

/// Columns two blanks apart; the last one is as long as it likes.
std::string columns(std::vector<row> const& rows) {
    std::vector<std::size_t> widths;
    for (auto const& one : rows)
        for (std::size_t i = 0; i < one.size(); ++i) {
            if (widths.size() <= i) widths.push_back(0);
            widths[i] = std::max(widths[i], width_of(one[i]));
        }
    std::string out;
    for (auto const& one : rows) {
        std::string line;
        for (std::size_t i = 0; i < one.size(); ++i) {
            line += one[i];
            if (i + 1 < one.size()) line.append(widths[i] - width_of(one[i]) + 2, ' ');
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + '\n';
    }
    return out;
}

/// "3d 4h", "4h 5m", "5m 6s", "6s"
std::string span_of(std::uint64_t seconds) {
    struct {
        std::uint64_t size;
        char unit;
    } constexpr units[] = {{86'400, 'd'}, {3'600, 'h'}, {60, 'm'}, {1, 's'}};
    for (std::size_t i = 0; i + 1 < std::size(units); ++i) {
        auto const& [size, unit] = units[i];
        if (seconds < size) continue;
        auto const& next = units[i + 1];
        return std::to_string(seconds / size) + unit + ' ' +
               std::to_string(seconds % size / next.size) + next.unit;
    }
    return std::to_string(seconds) + 's';
}

/// "17 B", "1.5 KiB", "256 MiB": to a tenth, rounded down
std::string size_of(std::uint64_t bytes) {
    struct {
        unsigned bits;
        char const* unit;
    } constexpr units[] = {{30, " GiB"}, {20, " MiB"}, {10, " KiB"}};
    for (auto const& [bits, unit] : units) {
        if (bytes >> bits == 0) continue;
        auto const tenths = ((bytes >> (bits - 10)) % 1024) * 10 / 1024;
        return std::to_string(bytes >> bits) + (tenths > 0 ? '.' + std::to_string(tenths) : "") +
               unit;
    }
    return std::to_string(bytes) + " B";
}

std::string use_of(json const& memory) {
    return size_of(memory.value("now", std::uint64_t{0})) + " of at most " +
           size_of(memory.value("limit", std::uint64_t{0}));
}

bool evaluates(json const& answer) {
    auto const all = list(answer, "milters");
    return std::any_of(all.begin(), all.end(),
                       [](json const& one) { return one.contains("evaluation"); });
}

std::string memory_of(json const& answer) {
    auto const copies = part(answer, "evaluation_memory");
    // after a reload there may be copies of milters that are not evaluated any more
    bool const shows_copies = evaluates(answer) || copies.value("now", std::uint64_t{0}) > 0;
    return use_of(part(answer, "memory")) +
           (shows_copies ? "; for evaluation " + use_of(copies) : "");
}

std::string messages_of(json const& counts) {
    std::string out;
    for (auto const& [verdict, count] : counts.items())
        if (count.get<std::uint64_t>() > 0)
            out += (out.empty() ? "" : ", ") + std::to_string(count.get<std::uint64_t>()) + ' ' +
                   printable(verdict);
    return out.empty() ? "none" : out;
}

std::string reload_of(json const& reload) {
    if (reload.empty()) return "none";
    auto const problems = list(reload, "problems").size();
    auto out = text(reload, "time") + (reload.value("ok", false) ? ", taken" : ", refused");
    if (problems > 0) out += ", problems: " + std::to_string(problems);
    return out;
}

std::string head(json const& answer) {
    auto const sessions = part(answer, "sessions");
    auto const lost = part(answer, "decision_log").value("lines_lost", std::uint64_t{0});
    std::vector<row> rows = {
        {"milter-manager", text(answer, "version") + ", pid " + number(answer, "pid")},
        {"state", text(answer, "state") + ", since " + text(answer, "started") + " (" +
                      span_of(answer.value("uptime", std::uint64_t{0})) + ')'},
        {"configuration", text(answer, "configuration") + ", of " + text(answer, "loaded")},
        {"last reload", reload_of(part(answer, "last_reload"))},
        {"sessions", number(sessions, "now") + " of at most " + number(sessions, "limit") + ", " +
                         number(sessions, "ever") + " since the start"},
        {"memory", memory_of(answer)},
        {"messages", messages_of(part(answer, "messages"))},
    };
    if (lost > 0) rows.push_back({"decision log", std::to_string(lost) + " lines lost"});
    return columns(rows);
}

std::string listeners(json const& answer) {
    std::vector<row> rows = {{"LISTENER", "ACCEPTED", "SESSIONS", "PROFILE", ""}};
    for (auto const& one : list(answer, "listeners")) {
        auto const profile = text(one, "profile");
        rows.push_back({text(one, "address"), number(one, "accepted"), number(one, "sessions"),
                        profile.empty() ? "none: all milters" : profile,
                        one.value("closing", false)     ? "closing"
                        : one.value("inherited", false) ? "inherited"
                                                        : ""});
    }
    return columns(rows);
}

/// "3", or "3 of 10" where there is a limit.
std::string sessions_at(json const& milter) {
    auto const most = milter.value("max_sessions", std::uint64_t{0});
    return number(milter, "sessions") + (most > 0 ? " of " + std::to_string(most) : "");
}

/// "3", or "3, evaluated 12" where its verdicts did not count for some.
std::string messages_at(json const& milter) {
    auto const evaluated = part(milter, "evaluation").value("messages", std::uint64_t{0});
    return number(milter, "messages") +
           (evaluated > 0 ? ", evaluated " + std::to_string(evaluated) : "");
}

/// "spf", "spf (off)", "spf (evaluate, 5%)"
std::string name_and_share(json const& milter) {
    std::string remarks;
    auto const remark = [&](std::string const& what) {
        remarks += (remarks.empty() ? "" : ", ") + what;
    };
    if (!milter.value("enabled", true)) remark("off");
    if (text(milter, "mode") == "evaluate") remark("evaluate");
    if (auto const share = text(milter, "share"); !share.empty() && share != "100%") remark(share);
    return text(milter, "name") + (remarks.empty() ? "" : " (" + remarks + ')');
}

/// "up", or "down, next try in 51m 8s"
std::string state_of(json const& endpoint) {
    auto state = text(endpoint, "state");
    if (!endpoint.contains("retry_in_ms")) return state;
    auto const time = endpoint["retry_in_ms"].get<std::uint64_t>();
    return state + ", next try in " +
           (time < 1'000 ? std::to_string(time) + "ms" : span_of((time + 999) / 1'000));
}

/// That of the milter and, where it says something else, that of the endpoint.
std::string problem_of(json const& milter, json const& endpoint) {
    auto const last = part(milter, "last_problem");
    auto shown = last.empty() ? std::string() : text(last, "time") + ' ' + text(last, "text");
    auto const error = text(endpoint, "last_error");
    if (error.empty() || shown.find(error) != shown.npos) return shown;
    return shown.empty() ? error : shown + "; " + error;
}

/// One line for each, and one more for each further socket.
std::string milters(json const& answer) {
    std::vector<row> rows = {
        {"MILTER", "SESSIONS", "MESSAGES", "FAILURES", "SOCKET", "STATE", "LAST PROBLEM"}};
    for (auto const& one : list(answer, "milters")) {
        row line = {name_and_share(one), sessions_at(one), messages_at(one),
                    number(one, "failures")};
        auto of = one;
        for (auto const& endpoint : list(one, "endpoints")) {
            line.insert(line.end(),
                        {text(endpoint, "socket"), state_of(endpoint), problem_of(of, endpoint)});
            rows.push_back(std::exchange(line, row(4)));
            of = json::object(); // said once
        }
        if (!line.front().empty()) rows.push_back(line);
    }
    return columns(rows);
}

/// Empty: there are none.
std::string lists(json const& answer) {
    std::vector<row> rows = {
        {"LIST", "ASKED", "LISTED", "NOT LISTED", "FAILED", "STATE", "LAST PROBLEM"}};
    for (auto const& one : list(answer, "lists"))
        rows.push_back({text(one, "zone") + (text(one, "kind") == "dnswl" ? " (allow)" : ""),
                        number(one, "asked"), number(one, "listed"), number(one, "not_listed"),
                        number(one, "failed"), state_of(one), text(one, "last_error")});
    if (rows.size() == 1) return {};
    auto const kept = part(answer, "list_answers");
    return '\n' + columns(rows) + number(kept, "kept") + " answers kept, of at most " +
           number(kept, "limit") + "; questions on their way: " + number(kept, "questions") + '\n';
}

/// Empty: there are none.
std::string sets(json const& answer) {
    std::vector<row> rows = {{"SET", "KIND", "ENTRIES", "READ", "FROM", "LAST PROBLEM"}};
    for (auto const& one : list(answer, "sets")) {
        auto const file = text(one, "file");
        auto const problem = text(one, "last_error");
        rows.push_back({'@' + text(one, "name"), text(one, "kind"), number(one, "entries"),
                        text(one, "read"), file.empty() ? "the configuration" : file, problem});
    }
    return rows.size() > 1 ? '\n' + columns(rows) : "";
}

/// Empty: there are none.
std::string evaluated(json const& answer) {
    std::vector<row> rows = {
        {"EVALUATED", "SHARE", "MESSAGES", "COMPARED", "DIFFERING", "FAILED", "DROPPED"}};
    for (auto const& one : list(answer, "milters"))
        if (auto const found = part(one, "evaluation"); !found.empty())
            rows.push_back({text(one, "name"), text(one, "share"), number(found, "messages"),
                            number(found, "compared"), number(found, "differing"),
                            number(found, "failed"), number(found, "dropped")});
    return rows.size() > 1 ? '\n' + columns(rows) : "";
}

} // namespace

std::string status_table(json const& answer) {
    auto out = head(answer) + '\n' + listeners(answer);
    if (!list(answer, "milters").empty()) out += '\n' + milters(answer) + evaluated(answer);
    out += lists(answer) + sets(answer);
    for (auto const& problem : list(part(answer, "last_reload"), "problems"))
        out += '\n' + problem.get<std::string>() + '\n';
    return out;
}

} // namespace milter::manager
