// SPDX-License-Identifier: BSL-1.0
// tests/fuzz/packet.cpp - one captured packet, whole and cut short
//
// Input: 1 byte the link layer, 1 byte how much more of the packet was on the wire, 1 byte where it is cut, then the
// packet.

#include "invariant.hpp"
#include <milter/capture/packet.hpp>

#include <support/exact_copy.hpp>

#include <string>

namespace capture = milter::capture;
using capture::link_type;
using fuzz::require;
using found = std::variant<capture::tcp_segment, capture::skipped>;

namespace {

constexpr link_type links[] = {link_type::ethernet,  link_type::cooked,   link_type::cooked_v2,
                               link_type::bsd_null,  link_type::bsd_loop, link_type::raw_ip,
                               link_type::ipv4,      link_type::ipv6,     link_type::raw_ip_file,
                               link_type{0xFFFFFFFF}};

void check_segment(capture::tcp_segment const& segment, std::string_view bytes,
                   std::size_t on_wire) {
    auto const& payload = segment.payload;
    require(payload.empty() || (payload.data() >= bytes.data() &&
                                payload.data() + payload.size() <= bytes.data() + bytes.size()),
            "payload lies within the packet");
    // an IP header may tell of more than the packet had, but of no more than its length fields can
    require(payload.size() + segment.missing <= std::max<std::size_t>(on_wire, 40 + 65'535),
            "no more is missing than was sent");
    require(segment.source.v6 == segment.destination.v6, "both ends are of one family");
    fuzz::require_harmless(to_string(segment.source));
    fuzz::require_harmless(to_string(segment.destination));
}

/// `less` is what is read from the beginning of the packet that `all` was read from.
void check_cut(found const& all, found const& less) {
    if (auto const* why = std::get_if<capture::skipped>(&less)) {
        auto const* same = std::get_if<capture::skipped>(&all);
        require(*why == capture::skipped::cut || (same && *why == *same),
                "packet cut short is skipped for that, or as it is when whole");
        return;
    }
    require(std::holds_alternative<capture::tcp_segment>(all),
            "what cannot be read whole cannot be read in part");
    auto const& whole = std::get<capture::tcp_segment>(all);
    auto const& part = std::get<capture::tcp_segment>(less);
    require(part.source == whole.source && part.destination == whole.destination &&
                part.sequence == whole.sequence && part.syn == whole.syn && part.ack == whole.ack &&
                part.fin == whole.fin && part.rst == whole.rst,
            "the headers are the same");
    require(whole.payload.starts_with(part.payload), "payload begins with what is left of it");
    require(part.payload.size() + part.missing == whole.payload.size() + whole.missing,
            "what was cut off is missing");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    if (size < 3) return 0;
    auto const link = links[data[0] % std::size(links)];
    support::exact_copy const packet(fuzz::view(data + 3, size - 3));
    auto const bytes = packet.view();
    auto const on_wire = bytes.size() + data[1] * std::size_t{8};
    auto const all = capture::read_packet(link, bytes, on_wire);
    if (auto const* segment = std::get_if<capture::tcp_segment>(&all))
        check_segment(*segment, bytes, on_wire);
    else
        fuzz::require_harmless(capture::name_of(std::get<capture::skipped>(all)));

    support::exact_copy const cut(bytes.substr(0, std::min<std::size_t>(data[2], bytes.size())));
    check_cut(all, capture::read_packet(link, cut.view(), on_wire));
    return 0;
}
