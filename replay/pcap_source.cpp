// SPDX-License-Identifier: BSL-1.0
// replay/pcap_source.cpp - libpcap, reading through zlib
#include "replay/pcap_source.hpp"

#include <pcap.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstdio>
#include <limits>
#include <stdexcept>
#include <system_error>

namespace milter::replay {

namespace {

struct close_pcap {
    void operator()(pcap_t* one) const noexcept { ::pcap_close(one); }
};

/// zlib hands on what is not compressed as it is.
ssize_t read_through(void* cookie, char* room, std::size_t size) {
    constexpr std::size_t most = std::numeric_limits<int>::max();
    auto const read =
        ::gzread(static_cast<gzFile>(cookie), room, static_cast<unsigned>(std::min(size, most)));
    return read < 0 ? -1 : read;
}

int close_through(void* cookie) { return ::gzclose(static_cast<gzFile>(cookie)) == Z_OK ? 0 : -1; }

std::FILE* open_file(std::string const& path) {
    auto const file =
        path == "-" ? ::gzdopen(::dup(STDIN_FILENO), "rb") : ::gzopen(path.c_str(), "rbe");
    if (!file) throw std::runtime_error(path + ": " + std::system_category().message(errno));
    auto* const stream = ::fopencookie(file, "rb", {read_through, nullptr, nullptr, close_through});
    if (!stream) {
        ::gzclose(file);
        throw std::runtime_error(path + ": " + std::system_category().message(errno));
    }
    return stream;
}

} // namespace

struct pcap_source::state {
    std::unique_ptr<pcap_t, close_pcap> pcap;
    std::string problem;
};

pcap_source::pcap_source(std::string const& path) : state_(std::make_unique<state>()) {
    auto* const file = open_file(path);
    char why[PCAP_ERRBUF_SIZE] = {};
    state_->pcap.reset(
        ::pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_MICRO, why));
    if (state_->pcap) return;
    std::fclose(file); // NOLINT(cert-err33-c): nothing was written
    throw std::runtime_error(path + ": no capture: " + why);
}

pcap_source::~pcap_source() = default;

std::optional<captured_packet> pcap_source::next() {
    pcap_pkthdr* header = nullptr;
    unsigned char const* bytes = nullptr;
    auto const result = ::pcap_next_ex(state_->pcap.get(), &header, &bytes);
    if (result == PCAP_ERROR) state_->problem = ::pcap_geterr(state_->pcap.get());
    if (result != 1) return std::nullopt;
    return captured_packet{std::int64_t{header->ts.tv_sec} * 1'000'000 + header->ts.tv_usec,
                           {reinterpret_cast<char const*>(bytes), header->caplen},
                           header->len};
}

capture::link_type pcap_source::link() const {
    return static_cast<capture::link_type>(::pcap_datalink(state_->pcap.get()));
}

std::string const& pcap_source::problem() const noexcept { return state_->problem; }

} // namespace milter::replay
