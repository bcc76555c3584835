// SPDX-License-Identifier: BSL-1.0
// manager/core/dns_answer.cpp
#include "manager/core/dns_answer.hpp"

#include <milter/ascii.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace milter::manager {

namespace {

// RFC 1035 3.2.2, 3.2.4, 4.1.1
constexpr unsigned type_a = 1;
constexpr unsigned type_cname = 5;
constexpr unsigned type_soa = 6;
constexpr unsigned class_in = 1;
constexpr unsigned response_bit = 0x8000;
constexpr unsigned opcode_bits = 0x7800;
constexpr unsigned truncated_bit = 0x0200;
constexpr unsigned rcode_bits = 0x000f;
constexpr unsigned no_such_name = 3;
constexpr std::size_t longest_name = 255; // bytes, with the root

constexpr std::string_view malformed = "malformed answer";

struct header {
    unsigned flags;
    unsigned questions, answers, authorities;
};

struct record {
    std::string owner;
    unsigned type, klass;
    std::uint32_t ttl;
    std::size_t data, data_end; ///< offsets
};

/// Never reads beyond the packet: what is not there is 0, and all that follows is bad.
class packet_reader {
public:
    explicit packet_reader(std::string_view packet) : packet_(packet) {}

    bool good() const noexcept { return good_; }
    void go_to(std::size_t offset) noexcept { at_ = offset; }
    void expect_at(std::size_t offset) noexcept { good_ = good_ && at_ == offset; }

    unsigned byte() noexcept {
        good_ = good_ && at_ < packet_.size();
        return good_ ? static_cast<unsigned char>(packet_[at_++]) : 0;
    }
    unsigned pair() noexcept {
        auto const high = byte();
        return high << 8 | byte();
    }
    std::uint32_t quad() noexcept {
        auto const high = pair();
        return high << 16 | pair();
    }

    /// As in a packet, without compression, in lower case, without the root.
    std::string name() {
        std::string whole;
        std::size_t behind = 0; // where reading goes on, once a pointer was followed
        for (auto start = at_; good_;) {
            auto const size = byte();
            if (size == 0) break;
            if (size < 0xc0) {
                label(size, whole);
                continue;
            }
            auto const target = (size & 0x3f) << 8 | byte();
            if (behind == 0) behind = at_;
            good_ = good_ && target < start; // strictly backwards: no loops
            start = at_ = target;
        }
        if (behind != 0) at_ = behind;
        return whole;
    }

    header head() noexcept {
        pair(); // the id, which the resolver has compared
        header found{};
        found.flags = pair();
        found.questions = pair();
        found.answers = pair();
        found.authorities = pair();
        pair();
        return found;
    }

    /// Goes on behind its data.
    record next_record() {
        record one{};
        one.owner = name();
        one.type = pair();
        one.klass = pair();
        one.ttl = quad();
        auto const size = pair();
        one.data = at_;
        one.data_end = at_ + size;
        good_ = good_ && one.data_end <= packet_.size();
        at_ = one.data_end;
        return one;
    }

private:
    void label(unsigned size, std::string& to) {
        good_ = good_ && size < 0x40 && size <= packet_.size() - at_ &&
                to.size() + size + 2 <= longest_name;
        if (!good_) return;
        to.push_back(static_cast<char>(size));
        to += to_lower(packet_.substr(at_, size));
        at_ += size;
    }

    std::string_view packet_;
    std::size_t at_ = 0;
    bool good_ = true;
};

std::string as_in_a_packet(std::string_view name) {
    std::string whole;
    while (!name.empty()) {
        auto const size = std::min(name.find('.'), name.size());
        whole.push_back(static_cast<char>(size));
        whole += to_lower(name.substr(0, size));
        name.remove_prefix(std::min(size + 1, name.size()));
    }
    return whole;
}

proto::duration seconds_of(std::uint32_t ttl) {
    return std::chrono::seconds(ttl > 0x7fffffff ? 0 : ttl); // RFC 2181 8
}

void hold_at_most(dns_answer& of, std::uint32_t ttl) {
    of.ttl = std::min(of.ttl.value_or(proto::duration::max()), seconds_of(ttl));
}

dns_answer not_usable(std::string_view why) { return {false, {}, {}, why}; }

std::string_view name_of_rcode(unsigned rcode) {
    switch (rcode) {
    case 1: return "FORMERR";
    case 2: return "SERVFAIL";
    case 4: return "NOTIMP";
    case 5: return "REFUSED";
    default: return "error of the name server";
    }
}

/// The records of one packet, told one after the other.
class answer_reader {
public:
    answer_reader(std::string_view packet, std::string_view asked)
        : in_(packet), owner_(as_in_a_packet(asked)) {}

    dns_answer read() {
        auto const head = in_.head();
        if (auto const why = problem(head); !why.empty()) return not_usable(why);
        if (!repeats_question()) return not_usable("answer to another question");
        for (auto left = head.answers; left > 0 && in_.good() && !too_many_; --left)
            take(in_.next_record());
        if (too_many_) return not_usable("too many records");
        if ((head.flags & rcode_bits) == no_such_name) found_.addresses.clear();
        if (found_.addresses.empty()) read_authority(head.authorities);
        if (!in_.good()) return not_usable(malformed);
        found_.usable = true;
        return std::move(found_);
    }

private:
    std::string_view problem(header const& head) const {
        auto const rcode = head.flags & rcode_bits;
        if (!in_.good() || (head.flags & response_bit) == 0 || (head.flags & opcode_bits) != 0)
            return malformed;
        if (rcode != 0 && rcode != no_such_name) return name_of_rcode(rcode);
        if ((head.flags & truncated_bit) != 0) return "truncated answer";
        return head.questions == 1 ? std::string_view() : malformed;
    }

    bool repeats_question() {
        auto const name = in_.name();
        auto const type = in_.pair();
        return in_.pair() == class_in && type == type_a && name == owner_;
    }

    void take(record const& one) {
        if (!in_.good() || one.klass != class_in || one.owner != owner_) return;
        if (one.type == type_cname) follow(one);
        if (one.type == type_a) take_address(one);
    }

    void follow(record const& alias) {
        in_.go_to(alias.data);
        owner_ = in_.name();
        in_.expect_at(alias.data_end);
        hold_at_most(found_, alias.ttl);
        too_many_ = too_many_ || ++aliases_ > most_dns_aliases;
    }

    void take_address(record const& one) {
        in_.go_to(one.data);
        found_.addresses.push_back(in_.quad());
        in_.expect_at(one.data_end);
        hold_at_most(found_, one.ttl);
        too_many_ = too_many_ || found_.addresses.size() > most_dns_addresses;
    }

    /// How long "no such name" holds; without a word of it, it is not known.
    void read_authority(unsigned records) {
        std::optional<proto::duration> holds;
        for (; records > 0 && in_.good(); --records) {
            auto const one = in_.next_record();
            if (one.klass != class_in || one.type != type_soa || !in_.good()) continue;
            in_.go_to(one.data);
            in_.name();
            in_.name();
            for (int i = 0; i < 4; ++i) in_.quad(); // serial, refresh, retry, expire
            holds = std::min(seconds_of(one.ttl), seconds_of(in_.quad()));
            in_.go_to(one.data_end);
        }
        found_.ttl = holds && found_.ttl ? std::min(*holds, *found_.ttl) : holds;
    }

    packet_reader in_;
    std::string owner_; ///< of the addresses
    std::size_t aliases_ = 0;
    bool too_many_ = false;
    dns_answer found_;
};

} // namespace

dns_answer read_dns_answer(std::string_view packet, std::string_view asked) {
    return answer_reader(packet, asked).read();
}

} // namespace milter::manager
