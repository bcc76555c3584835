// SPDX-License-Identifier: BSL-1.0
// manager/set_watch.cpp
#include "manager/set_watch.hpp"

#include <boost/asio/post.hpp>

#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace milter::manager {

namespace {

constexpr unsigned looks_between_tries = 15; // at what could not be read

}

struct set_watch::shared {
    std::mutex mutex;
    boost::asio::io_context* context = nullptr; ///< null: nobody is told any more
    listener changed;                           ///< of the context's thread
    bool is_at_it = false;
};

set_watch::set_watch(boost::asio::io_context& context, listener changed)
    : shared_(std::make_shared<shared>()) {
    shared_->context = &context;
    shared_->changed = std::move(changed);
}

set_watch::~set_watch() {
    std::lock_guard const lock(shared_->mutex);
    shared_->context = nullptr;
    shared_->changed = nullptr;
}

void set_watch::look(std::shared_ptr<config const> of) {
    if (!has_sets_of_files(*of)) return;
    {
        std::lock_guard const lock(shared_->mutex);
        if (std::exchange(shared_->is_at_it, true)) return;
    }
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

void set_watch::read(std::shared_ptr<shared> const& kept, std::shared_ptr<config const> const& of,
                     unreadable_sets unreadable) {
    std::shared_ptr<changed_sets> found;
    try {
        if (unreadable == unreadable_sets::too || sets_have_changed(*of))
            found = std::make_shared<changed_sets>(with_changed_sets(*of, unreadable));
    } catch (std::exception const&) { // out of memory
    }
    std::lock_guard const lock(kept->mutex);
    kept->is_at_it = false;
    if (!found || !kept->context) return;
    boost::asio::post(*kept->context, [kept, of, found] {
        if (kept->changed) kept->changed(of, std::move(*found));
    });
}

} // namespace milter::manager
