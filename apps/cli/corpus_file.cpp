// SPDX-License-Identifier: BSL-1.0
// cli/corpus_file.cpp - corpora as files
#include "cli/corpus_file.hpp"

#include <milter/corpus/conversation_json.hpp>

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace milter::cli {

namespace {

[[noreturn]] void fail(std::string const& path) {
    throw std::runtime_error(path + ": " + std::system_category().message(errno));
}

std::string beside(std::string const& path) { return path + ".bodies"; }

std::string name_in_folder(std::string const& path) {
    return path.substr(path.find_last_of('/') + 1); // npos + 1 is 0
}

std::string folder_of(std::string const& path) {
    auto const slash = path.find_last_of('/');
    return slash == std::string::npos ? "" : path.substr(0, slash + 1);
}

std::optional<std::string> read_part(std::string const& path, corpus::blob const& part) {
    file_handle const file(std::fopen(path.c_str(), "rbe"));
    if (!file || ::fseeko(file.get(), 0, SEEK_END) != 0) return std::nullopt;
    auto const whole = static_cast<std::uint64_t>(::ftello(file.get()));
    if (part.at > whole || part.size > whole - part.at) return std::nullopt;
    if (::fseeko(file.get(), static_cast<off_t>(part.at), SEEK_SET) != 0) return std::nullopt;
    std::string bytes(part.size, '\0');
    if (std::fread(bytes.data(), 1, bytes.size(), file.get()) != bytes.size()) return std::nullopt;
    return bytes;
}

/// Reads the values of one file.
class reader {
public:
    reader(std::string const& path, corpus_events const& events) : path_(path), events_(events) {
        blobs_.load = [folder = folder_of(path)](corpus::blob const& part) {
            return read_part(folder + part.file, part);
        };
    }

    void value(std::string_view text, std::size_t line) {
        corpus::json_problem problem;
        auto const object = corpus::parse_json(text, problem);
        if (object && corpus::is_corpus_header(*object)) {
            auto const header = corpus::read_corpus_header(*object, problem);
            if (!problem) events_.header(header);
        } else if (object) {
            auto talk = corpus::read_conversation(*object, blobs_, problem);
            if (!problem) events_.conversation(std::move(talk));
        }
        if (!problem) return;
        auto where = path_ + ":" + std::to_string(line) + ": ";
        if (!problem.where.empty()) where += problem.where + ": ";
        events_.problem(where + problem.what);
    }

private:
    std::string const& path_;
    corpus_events const& events_;
    corpus::blob_access blobs_;
};

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == text.npos; }

/// An indented conversation begins with a line that is no whole value.
bool begins_indented(std::string_view line) {
    auto const end = line.find_last_not_of(" \t\r");
    auto const begin = line.find_first_not_of(" \t");
    return begin != line.npos && line.substr(begin, end - begin + 1) == "{";
}

/// Lines of a file of any size, one in memory at a time.
class line_source {
public:
    explicit line_source(std::string const& path)
        : path_(path), own_(path == "-" ? nullptr : std::fopen(path.c_str(), "rbe")),
          file_(path == "-" ? stdin : own_.get()) {
        if (!file_) fail(path);
    }
    line_source(line_source const&) = delete;
    line_source& operator=(line_source const&) = delete;
    // NOLINTNEXTLINE(cppcoreguidelines-no-malloc): getline() allocates it
    ~line_source() { std::free(room_); }

    /// Without its end; empty at the end of the file. @throws std::runtime_error
    std::optional<std::string_view> next() {
        errno = 0;
        auto const size = ::getline(&room_, &capacity_, file_);
        if (size < 0 && std::ferror(file_)) fail(path_);
        if (size < 0) return std::nullopt;
        std::string_view line(room_, static_cast<std::size_t>(size));
        if (line.ends_with('\n')) line.remove_suffix(1);
        return line;
    }

private:
    std::string const& path_;
    file_handle own_;
    std::FILE* file_;
    char* room_ = nullptr;
    std::size_t capacity_ = 0;
};

/// A file for its owner alone: mail is in it.
file_handle create_file(std::string const& path) {
    constexpr mode_t owner_only = 0600;
    int const fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, owner_only);
    if (fd < 0) fail(path);
    file_handle file(::fdopen(fd, "wb"));
    if (!file) fail(path);
    return file;
}

} // namespace

corpus_writer::corpus_writer(std::string const& path, bodies where)
    : path_(path == "-" ? "standard output" : path), where_(where), file_(stdout) {
    if (path == "-") return;
    own_ = create_file(path);
    file_ = own_.get();
    if (where_ == bodies::beside) beside_ = create_file(beside(path));
}

void corpus_writer::line(std::string const& text) {
    if (std::fwrite(text.data(), 1, text.size(), file_) != text.size() ||
        std::fputc('\n', file_) == EOF)
        fail(path_);
}

void corpus_writer::write(corpus::corpus_header const& header) {
    line(corpus::to_line(corpus::to_json(header)));
}

void corpus_writer::write(corpus::conversation const& talk) {
    corpus::blob_access blobs;
    if (beside_)
        blobs.store = [&](std::string_view bytes) -> std::optional<corpus::blob> {
            if (std::fwrite(bytes.data(), 1, bytes.size(), beside_.get()) != bytes.size())
                fail(beside(path_));
            auto const at = std::exchange(beside_size_, beside_size_ + bytes.size());
            return corpus::blob{name_in_folder(beside(path_)), at, bytes.size()};
        };
    line(corpus::to_line(corpus::to_json(talk, blobs)));
}

void corpus_writer::finish() {
    if (std::fflush(file_) != 0) fail(path_);
    if (beside_ && std::fflush(beside_.get()) != 0) fail(beside(path_));
}

void read_corpus(std::string const& path, corpus_events const& events) {
    reader values(path, events);
    line_source lines(path);
    std::size_t number = 0;
    while (auto const line = lines.next()) {
        ++number;
        if (is_blank(*line)) continue;
        if (!begins_indented(*line)) {
            values.value(*line, number);
            continue;
        }
        auto const first = number;
        std::string whole(*line);
        while (auto const more = lines.next()) {
            ++number;
            whole.append("\n").append(*more);
            if (*more == "}" || *more == "}\r") break;
        }
        values.value(whole, first);
    }
}

} // namespace milter::cli
