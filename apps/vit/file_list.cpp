#include "file_list.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <limits>
#include <string_view>
#include <system_error>
#include <utility>

#include <sys/stat.h>

#include "text.h"

namespace command {

namespace {

constexpr std::size_t name_limit = 4096;  // Linux's PATH_MAX

bool is_there(const std::string &path) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0;
}

// The name without what a Windows editor put around it, unless there is a file of just that name: any byte
// may be in one.
std::string without_windows_marks(std::string name, bool first) {
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    const bool marked = first && name.starts_with(byte_order_mark);
    const bool returned = name.ends_with('\r');
    if ((!marked && !returned) || is_there(name)) return name;
    if (returned) name.pop_back();
    if (marked) name.erase(0, byte_order_mark.size());
    return name;
}

}  // namespace

FileList::FileList(const std::vector<std::string> &arguments, std::istream &names,
                   const ListOptions &options)
    : options_(options), names_(names) {
    for (const std::string &argument : arguments) {
        std::error_code error;
        if (argument == "-") {
            entries_.push_back({{}, true});
        } else if (std::filesystem::is_directory(argument, error)) {
            for (NamedFile &file : pictures_in(argument, options_.recursive, skipped_)) {
                entries_.push_back({std::move(file), false});
            }
        } else {
            entries_.push_back({{argument, {}}, false});
        }
    }
}

std::optional<NamedFile> FileList::next() {
    while (position_ < entries_.size()) {
        const Entry &entry = entries_[position_];
        if (!entry.names) {
            position_++;
            return entry.file;
        }
        if (auto file = next_name()) return file;
        position_++;
    }
    return {};
}

std::optional<NamedFile> FileList::next_name() {
    const char end = options_.zeros ? '\0' : '\n';
    std::array<char, name_limit + 1> line;
    while (names_) {
        names_.getline(line.data(), line.size(), end);
        const bool ended = names_.eof();
        const bool too_long = names_.fail() && !ended;
        // gcount() counts the end, which getline takes but does not store.
        const auto length = static_cast<std::size_t>(names_.gcount()) - (!ended && !too_long ? 1 : 0);
        std::string name(line.data(), std::min(length, name_limit));
        if (too_long) {
            names_.clear();
            names_.ignore(std::numeric_limits<std::streamsize>::max(), end);
            return NamedFile{name.substr(0, 64), "a line of the list of names is longer than any name"};
        }
        if (!options_.zeros) {
            name = without_windows_marks(std::move(name), std::exchange(first_name_, false));
        }
        if (name.empty()) continue;
        if (name.find('\0') != std::string::npos) {
            return NamedFile{name.c_str(), "a line of the list of names holds a zero byte; -0 reads lists "
                                           "that have one after each name"};
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
