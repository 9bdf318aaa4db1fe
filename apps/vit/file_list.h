// The pictures that a command line names, one after the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <istream>
#include <optional>
#include <string>
#include <vector>

#include "folder.h"

namespace command {

struct ListOptions {
    bool recursive = false;  // a directory stands for what is in those below, too
    bool zeros = false;      // names in a list end with a zero byte, as of find -print0, not with a line
};

// Arguments are files; directories, which stand for the pictures in them (pictures_in); and "-", for names
// read from a stream. A line may end as on Windows; empty lines name nothing.
class FileList {
public:
    // Lists directories at once; `names`, which must outlive this, is read only as far as next() has come.
    FileList(const std::vector<std::string> &arguments, std::istream &names,
             const ListOptions &options);

    std::optional<NamedFile> next();  // nothing after the last

    // How many files there will be, if that is known.
    std::optional<std::int64_t> size() const;

    // Columns of the longest name that is known by now.
    std::size_t longest_name() const;

    const Skipped &skipped() const { return skipped_; }

private:
    struct Entry {
        NamedFile file;
        bool names = false;  // stands for the names of names_
    };
    std::optional<NamedFile> next_name();

    const ListOptions options_;
    std::vector<Entry> entries_;
    std::size_t position_ = 0;
    std::istream &names_;
    bool first_name_ = true;
    Skipped skipped_;
};

}  // namespace command
