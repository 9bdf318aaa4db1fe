// The pictures in a directory.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace command {

struct NamedFile {
    std::string path;
    std::string error;  // one sentence, if the name alone shows that there is no picture to read; else empty
};

// What was passed over, by kind: ".mov", "hidden", "folders".
class Skipped {
public:
    void add(const std::string &kind) { counts_[kind]++; }
    // "skipped 99: 97 .mov, 2 .txt", the most frequent kind first and rare ones together as "other"; empty
    // if there is none.
    std::string sentence() const;

private:
    std::map<std::string, std::int64_t> counts_;
};

// Does the name end as a picture's does, in small letters or capitals? A format that this build does not
// decode is among them: its file is then named for what it is.
bool is_picture_name(std::string_view name);

// The regular files, or links to one, in a directory that have a picture's name and are not hidden, in the
// order of their names (bytes); with `recursive`, what is in a directory below stands at its place in that
// order. A directory that can be reached on several ways, by links, is listed once. One that cannot be
// listed has an entry with an error in its place, and so has `path` itself if nothing was found.
std::vector<NamedFile> pictures_in(const std::string &path, bool recursive, Skipped &skipped);

}  // namespace command
