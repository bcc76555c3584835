// SPDX-License-Identifier: BSL-1.0
// tests/bench/codec.cpp - what a header frame costs: encoded, found and decoded, and copied for comparison
//
//     codec [ROUNDS]
//
// One line of JSON: nanoseconds, medians of rounds that take turns.
#include <milter/wire/command.hpp>
#include <milter/wire/reply.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <variant>
#include <vector>

namespace wire = milter::wire;

namespace {

constexpr int turns = 100'000; // of one round

/// The compiler must take `value` for used and changed.
template <class T> void keep(T& value) { asm volatile("" : : "r"(&value) : "memory"); }

/// Nanoseconds of this process: what others do at the same time does not count.
double cpu_time() {
    timespec spent{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
    return static_cast<double>(spent.tv_sec) * 1e9 + static_cast<double>(spent.tv_nsec);
}

template <class Work> double nanoseconds_each(Work work) {
    auto const begin = cpu_time();
    for (int i = 0; i < turns; ++i) work();
    return (cpu_time() - begin) / turns;
}

double median(std::vector<double>& all) {
    std::sort(all.begin(), all.end());
    return all[all.size() / 2];
}

} // namespace

int main(int argc, char** argv) {
    int const rounds = std::max(1, argc > 1 ? std::atoi(argv[1]) : 21);
    wire::header const field{"Subject", " quarterly numbers, second draft"};
    std::string out, frame;
    wire::encode(frame, field);
    std::string copy(frame.size(), '\0');
    std::size_t wrong = 0;

    auto const encode = [&] {
        keep(field);
        out.clear();
        wire::encode(out, field);
        keep(out);
    };
    auto const decode = [&](std::string const& from) {
        keep(from);
        milter::error_code ec;
        auto const found = wire::first_frame(from, wire::default_data_limit, ec);
        auto const command = wire::decode_command(*found, ec);
        auto const* header = command ? std::get_if<wire::header>(&*command) : nullptr;
        if (!header || header->value.size() != field.value.size()) ++wrong;
        keep(wrong);
    };
    std::vector<double> encoded, decoded, both, copied;
    for (int i = 0; i < rounds; ++i) {
        encoded.push_back(nanoseconds_each(encode));
        decoded.push_back(nanoseconds_each([&] { decode(frame); }));
        both.push_back(nanoseconds_each([&] {
            encode();
            decode(out);
        }));
        copied.push_back(nanoseconds_each([&] {
            auto size = frame.size();
            keep(size); // else the copy is a few moves of known size
            std::memcpy(copy.data(), frame.data(), size);
            keep(copy);
        }));
    }
    std::printf("{\"bytes\": %zu, \"encode_ns\": %.2f, \"decode_ns\": %.2f, \"both_ns\": %.2f, "
                "\"memcpy_ns\": %.2f}\n",
                frame.size(), median(encoded), median(decoded), median(both), median(copied));
    return wrong == 0 ? 0 : 1;
}
