// SPDX-License-Identifier: BSL-1.0
// decode_frames.cpp - packets built, cut out of a stream, and decoded; nothing here knows which may follow which
//
// Of the guide docs/library/wire.md.
#undef NDEBUG
#include <milter/wire/describe.hpp>
#include <milter/wire/receive_buffer.hpp>

#include <array>
#include <cassert>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>

namespace wire = milter::wire;

namespace {

/// Prints the commands that are whole; the rest waits for more bytes.
void print_commands(wire::receive_buffer& input, milter::error_code& ec) {
    while (auto const frame = wire::first_frame(input.data(), wire::default_data_limit, ec)) {
        std::cout << wire::describe_command(*frame) << '\n';
        input.consume(frame->raw.size());
    }
}

/// What an MTA says first; each encode() appends one packet.
std::string some_commands() {
    std::string const args = wire::pack_zstr(std::array{"SIZE=1000", "BODY=8BITMIME"});
    std::string stream;
    wire::encode(stream, wire::negotiate{});
    wire::encode(stream, wire::connect{"client.example.com", wire::family::inet, 25, "192.0.2.1"});
    wire::encode(stream, wire::helo{"client.example.com"});
    wire::encode(stream, wire::mail{"<alice@example.com>", wire::zstr_list(args)});
    return stream;
}

/// Bytes come split anywhere: here 7 at a time.
void read_in_pieces(std::string_view stream) {
    wire::receive_buffer input;
    milter::error_code ec;
    for (; !stream.empty() && !ec; stream.remove_prefix(std::min<std::size_t>(7, stream.size()))) {
        input.append(stream.substr(0, 7));
        print_commands(input, ec);
    }
    assert(!ec);           // else the stream cannot be cut into packets any more
    assert(input.empty()); // else it ended in the middle of one
}

/// The sender that a packet names, copied: the views of a command die with the bytes of its packet.
std::optional<std::string> sender_in(wire::frame_view const& frame) {
    milter::error_code ec;
    auto const command = wire::decode_command(frame, ec);
    if (!command) {
        std::cerr << "not a command: " << ec.message() << '\n';
        return std::nullopt;
    }
    auto const* mail = std::get_if<wire::mail>(&*command);
    if (!mail) return std::nullopt;
    return std::string(mail->address);
}

/// One function for each kind that matters. Without the last one a kind that is forgotten does not compile.
struct length_of_text {
    std::size_t operator()(wire::reply_text const& reply) const { return reply.text.size(); }
    std::size_t operator()(wire::add_header const& edit) const { return edit.value.size(); }
    template <class Other> std::size_t operator()(Other const&) const { return 0; }
};

void replies_are_decoded_in_the_same_way() {
    std::string bytes;
    wire::encode(bytes, wire::reply_text{"550 5.1.1 Nobody lives here"});
    milter::error_code ec;
    auto const frame = wire::first_frame(bytes, wire::default_data_limit, ec);
    auto const reply = wire::decode_reply(*frame, ec);
    assert(reply && std::visit(length_of_text{}, *reply) == 27);
}

void a_sender_is_found() {
    std::string bytes;
    wire::encode(bytes, wire::mail{"<alice@example.com>", {}});
    milter::error_code ec;
    auto const frame = wire::first_frame(bytes, wire::default_data_limit, ec);
    assert(sender_in(*frame) == "<alice@example.com>");
}

/// The same findings from bytes that are no packets: by name, or by what a caller does about them.
void what_is_malformed_is_told_apart() {
    milter::error_code ec;
    assert(!wire::first_frame(std::string_view("\0\0\0\5H", 5), 100, ec) && !ec); // more is needed
    assert(!wire::first_frame("GET / HTTP/1.1", 100, ec));
    assert(ec == milter::errc::frame_too_large);
    assert(ec == milter::condition::malformed);
    assert(wire::alien_protocol("GET / HTTP/1.1") == "HTTP");
}

} // namespace

int main() {
    read_in_pieces(some_commands());
    replies_are_decoded_in_the_same_way();
    a_sender_is_found();
    what_is_malformed_is_told_apart();
}
