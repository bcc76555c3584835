// SPDX-License-Identifier: BSL-1.0
// tests/net/name_service.hpp - a name service that answers as a test wants it
//
// While one lives, these names are known: "none.test" does not exist, "two.test" has 127.0.0.1, 127.0.0.2 and the first
// again, and "hanging.test" has no answer until it is let go. The system answers for others.
#pragma once

#include <atomic>
#include <future>

struct name_service {
    std::promise<void> let_go;
    std::shared_future<void> is_let_go{let_go.get_future()};
    std::atomic<int> asked{0};

    name_service() { current = this; }
    name_service(name_service const&) = delete;
    name_service& operator=(name_service const&) = delete;
    ~name_service() { current = nullptr; }

    static inline std::atomic<name_service*> current{nullptr};
};
