// SPDX-License-Identifier: BSL-1.0
// tests/allocation/counter.cpp - operator new, and aligned_alloc, which Asio uses besides it (the linker wraps it)
#include "counter.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

// NOLINTBEGIN(cppcoreguidelines-no-malloc): this is what malloc hides behind
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming): the names that the linker wants

namespace {

std::atomic<std::size_t> allocations{0};

void* counted_if_possible(std::size_t size) noexcept {
    ++allocations;
    return std::malloc(size == 0 ? 1 : size);
}

void* counted(std::size_t size) {
    if (void* const memory = counted_if_possible(size)) return memory;
    throw std::bad_alloc();
}

} // namespace

std::size_t allocation::count() noexcept { return allocations; }

extern "C" void* __real_aligned_alloc(std::size_t alignment, std::size_t size);
extern "C" void* __wrap_aligned_alloc(std::size_t alignment, std::size_t size);
extern "C" void* __wrap_aligned_alloc(std::size_t alignment, std::size_t size) {
    ++allocations;
    return __real_aligned_alloc(alignment, size);
}

// The others of the standard library end in these; sanitizers have all of their own, so that none may be missing here
// whose memory a delete below gets.
void* operator new(std::size_t size) { return counted(size); }
void* operator new[](std::size_t size) { return counted(size); }
void* operator new(std::size_t size, std::nothrow_t const& /*kind*/) noexcept {
    return counted_if_possible(size);
}
void* operator new[](std::size_t size, std::nothrow_t const& /*kind*/) noexcept {
    return counted_if_possible(size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t /*size*/) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t /*size*/) noexcept { std::free(memory); }

// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)
// NOLINTEND(cppcoreguidelines-no-malloc)
