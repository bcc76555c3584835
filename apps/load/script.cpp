// SPDX-License-Identifier: BSL-1.0
// load/script.cpp - what a session sends, encoded before it begins
#include "load/script.hpp"

#include <milter/wire/reply.hpp>

namespace milter::load {

std::shared_ptr<session_script const> script_store::find(wire::frame_view const& answer,
                                                         error_code& ec) {
    for (auto const& one : known_)
        if (one.answer == answer.payload) return one.script;
    auto const reply = wire::decode_reply(answer, ec);
    if (!reply) return nullptr;
    auto const agreed = proto::check_answer(offer_, std::get<wire::negotiate_reply>(*reply), how_);
    if (!agreed) {
        ec = agreed.error();
        return nullptr;
    }
    auto made = std::make_shared<session_script const>(source_(*agreed));
    entry fresh{std::string(answer.payload), made};
    if (known_.size() < most)
        known_.push_back(std::move(fresh));
    else
        known_[next_++ % most] = std::move(fresh);
    return made;
}

} // namespace milter::load
