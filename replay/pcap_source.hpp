// SPDX-License-Identifier: BSL-1.0
// replay/pcap_source.hpp - packets of a capture file; the .cpp is the one place that includes <pcap.h>
#pragma once

#include <milter/capture/packet.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace milter::replay {

struct captured_packet {
    std::int64_t at = 0;     ///< microseconds since 1970-01-01T00:00:00Z
    std::string_view bytes;  ///< until the next call of next()
    std::size_t on_wire = 0; ///< its size before the capture cut it, bytes
};

class pcap_source {
public:
    /// A pcap or pcapng file, also compressed with gzip; "-" is standard input.
    /// @throws std::runtime_error  "PATH: why it cannot be read"
    explicit pcap_source(std::string const& path);
    pcap_source(pcap_source const&) = delete;
    pcap_source& operator=(pcap_source const&) = delete;
    ~pcap_source();

    /// Empty at the end; problem() says whether it was a good one.
    std::optional<captured_packet> next();

    capture::link_type link() const;
    /// Why reading ended before the file did; empty: it did not.
    std::string const& problem() const noexcept;

private:
    struct state;
    std::unique_ptr<state> state_;
};

} // namespace milter::replay
