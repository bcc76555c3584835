// SPDX-License-Identifier: BSL-1.0
// manager/set_watch.cpp
#include "manager/set_watch.hpp"

#include "manager/config/printable.hpp"
#include "manager/core/unit_text.hpp"

#include <boost/asio/post.hpp>

#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace milter::manager {

namespace {

constexpr unsigned looks_between_tries = 15; // at what could not be read

std::shared_ptr<changed_sets> read_changed(config const& of, unreadable_sets unreadable,
                                           file_listener const& before) {
    if (unreadable == unreadable_sets::only_if_changed && !sets_have_changed(of, before))
        return nullptr;
    return std::make_shared<changed_sets>(with_changed_sets(of, unreadable, before));
}

} // namespace

struct set_watch::shared {
    std::mutex mutex;
    boost::asio::io_context* context = nullptr; ///< null: nobody is told any more
    listener told;                              ///< of the context's thread
    reader reads;                               ///< of the thread that reads
    bool is_at_it = false;
    time_point begun;
    std::string file;    ///< at which it is
    std::string overdue; ///< of which has been told that it does not come back; empty: none
};

set_watch::set_watch(boost::asio::io_context& context, listener told)
    : set_watch(context, std::move(told), read_changed) {}

set_watch::set_watch(boost::asio::io_context& context, listener told, reader reads)
    : shared_(std::make_shared<shared>()) {
    shared_->context = &context;
    shared_->told = std::move(told);
    shared_->reads = std::move(reads);
}

set_watch::~set_watch() {
    std::lock_guard const lock(shared_->mutex);
    shared_->context = nullptr;
    shared_->told = {};
}

void set_watch::look(std::shared_ptr<config const> of, time_point now) {
    if (!has_sets_of_files(*of) || !begin(now)) return;
    auto const unreadable = ++looks_ % looks_between_tries == 0 ? unreadable_sets::too
                                                                : unreadable_sets::only_if_changed;
    try {
        std::thread([kept = shared_, of = std::move(of), unreadable] {
            read(kept, of, unreadable);
        }).detach();
    } catch (std::system_error const&) { // no thread to be had: the next time, perhaps
        std::lock_guard const lock(shared_->mutex);
        shared_->is_at_it = false;
    }
}

std::string set_watch::overdue() const {
    std::lock_guard const lock(shared_->mutex);
    return shared_->overdue;
}

/// @return  false: the last look goes on
bool set_watch::begin(time_point now) {
    std::unique_lock lock(shared_->mutex);
    auto& last = *shared_;
    if (!std::exchange(last.is_at_it, true)) {
        last.begun = now;
        last.file.clear();
        return true;
    }
    if (!last.overdue.empty() || now - last.begun < patience) return false;
    auto const file = last.overdue = last.file;
    lock.unlock();
    shared_->told.say("warning: no set is read anew for now: after " + duration_text(patience) +
                      " the reading of " + printable(file) + " has not come back");
    return false;
}

void set_watch::read(std::shared_ptr<shared> const& kept, std::shared_ptr<config const> const& of,
                     unreadable_sets unreadable) {
    std::shared_ptr<changed_sets> found;
    try {
        found = kept->reads(*of, unreadable, [&kept](std::string const& path) {
            std::lock_guard const lock(kept->mutex);
            kept->file = path;
        });
    } catch (std::exception const&) { // out of memory
    }
    std::lock_guard const lock(kept->mutex);
    kept->is_at_it = false;
    auto const late = std::exchange(kept->overdue, {});
    if (!kept->context || (!found && late.empty())) return;
    boost::asio::post(*kept->context, [kept, of, found, late] {
        if (!kept->told.changed) return; // the watch is gone
        if (!late.empty())
            kept->told.say("sets are read anew again: the reading of " + printable(late) +
                           " has come back");
        if (found) kept->told.changed(of, std::move(*found));
    });
}

} // namespace milter::manager
