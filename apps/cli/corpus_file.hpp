// SPDX-License-Identifier: BSL-1.0
// cli/corpus_file.hpp - corpora as files: JSON Lines, with large bodies beside them
#pragma once

#include <milter/corpus/conversation.hpp>

#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>

namespace milter::cli {

struct close_file {
    void operator()(std::FILE* one) const noexcept { std::fclose(one); } // NOLINT(cert-err33-c)
};
using file_handle = std::unique_ptr<std::FILE, close_file>;

/// Writes a corpus.
class corpus_writer {
public:
    enum class bodies { inside, beside }; ///< large bodies: in the JSON, or in PATH.bodies

    /// "-" is standard output. Files are made for their owner alone. @throws std::runtime_error
    corpus_writer(std::string const& path, bodies where);

    /// @throws std::runtime_error
    void write(corpus::corpus_header const& header);
    void write(corpus::conversation const& talk);
    void finish(); ///< what cannot be written shows here at last

private:
    void line(std::string const& text);

    std::string path_;
    bodies where_;
    file_handle own_;
    std::FILE* file_;
    file_handle beside_;
    std::uint64_t beside_size_ = 0;
};

/// What reading a corpus found.
struct corpus_events {
    std::function<void(corpus::corpus_header const&)> header;
    std::function<void(corpus::conversation&&)> conversation;
    std::function<void(std::string const& problem)>
        problem; ///< "PATH:LINE: /events/3/name: expected ..."
};

/// JSON Lines, or conversations indented as `cat --pretty` does it; "-" is standard input. Values with a problem are told
/// and left out.
/// @throws std::runtime_error  the file cannot be read
void read_corpus(std::string const& path, corpus_events const& events);

} // namespace milter::cli
