#include "file_list.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <limits>
#include <string_view>
#include <system_error>

#include "text.h"

namespace command {

namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 9> picture_endings = {
    ".jpg", ".jpeg", ".png", ".bmp", ".gif", ".tga", ".pnm", ".ppm", ".pgm"};

constexpr std::size_t name_limit = 4096;  // Linux's PATH_MAX

bool is_picture_name(const fs::path &path) {
    std::string ending = path.extension().string();
    std::transform(ending.begin(), ending.end(), ending.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return std::find(picture_endings.begin(), picture_endings.end(), ending) != picture_endings.end();
}

}  // namespace

FileList::FileList(const std::vector<std::string> &arguments, std::istream &names)
    : names_(names) {
    for (const std::string &argument : arguments) {
        std::error_code error;
        if (argument == "-") {
            entries_.push_back({{}, true});
        } else if (fs::is_directory(argument, error)) {
            add_directory(argument);
        } else {
            entries_.push_back({{argument, {}}, false});
        }
    }
}

void FileList::add_directory(const std::string &path) {
    std::vector<std::string> found;
    std::error_code error;
    for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
        std::error_code ignored;  // what cannot be asked about is not a regular file
        if (is_picture_name(entry->path()) && entry->is_regular_file(ignored)) {
            found.push_back(entry->path().string());
        }
    }
    std::sort(found.begin(), found.end());
    for (std::string &file : found) {
        entries_.push_back({{std::move(file), {}}, false});
    }
    if (error) {
        entries_.push_back({{path, path + ": cannot be listed: " + error.message()}, false});
    } else if (found.empty()) {
        entries_.push_back({{path, path + ": is a directory without picture files"}, false});
    }
}

std::optional<NamedFile> FileList::next() {
    while (position_ < entries_.size()) {
        const Entry &entry = entries_[position_];
        if (!entry.names) {
            position_++;
            return entry.file;
        }
        if (auto file = next_line()) return file;
        position_++;
    }
    return {};
}

std::optional<NamedFile> FileList::next_line() {
    std::array<char, name_limit + 1> line;
    while (names_) {
        names_.getline(line.data(), line.size());
        const bool ended = names_.eof();
        const bool too_long = names_.fail() && !ended;
        // gcount() counts the newline, which getline takes but does not store.
        const auto length = static_cast<std::size_t>(names_.gcount()) - (!ended && !too_long ? 1 : 0);
        const std::string name(line.data(), std::min(length, name_limit));
        if (too_long) {
            names_.clear();
            names_.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
            return NamedFile{name.substr(0, 64), "a line of the list of names is longer than any name"};
        }
        if (name.empty()) continue;
        if (name.find('\0') != std::string::npos) {
            return NamedFile{name.c_str(), "a line of the list of names holds a zero byte"};
        }
        return NamedFile{name, {}};
    }
    return {};
}

std::optional<std::int64_t> FileList::size() const {
    const auto is_list = [](const Entry &entry) { return entry.names; };
    if (std::any_of(entries_.begin(), entries_.end(), is_list)) return {};
    return static_cast<std::int64_t>(entries_.size());
}

std::size_t FileList::longest_name() const {
    std::size_t longest = 0;
    for (const Entry &entry : entries_) {
        longest = std::max(longest, columns(harmless(entry.file.path)));
    }
    return longest;
}

}  // namespace command
