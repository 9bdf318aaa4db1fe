// The pictures that a command line names, one after the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <istream>
#include <optional>
#include <string>
#include <vector>

namespace command {

struct NamedFile {
    std::string path;
    std::string error;  // one sentence, if the name alone shows that there is no picture to read; else empty
};

// Arguments are files; directories, which stand for the files in them whose name ends as a picture's does,
// in the order of their names (bytes), without those in directories below; and "-", for names read from a
// stream, one a line.
class FileList {
public:
    // Lists directories at once; `names`, which must outlive this, is read only as far as next() has come.
    FileList(const std::vector<std::string> &arguments, std::istream &names);

    std::optional<NamedFile> next();  // nothing after the last

    // How many files there will be, if that is known.
    std::optional<std::int64_t> size() const;

    // Columns of the longest name that is known by now.
    std::size_t longest_name() const;

private:
    struct Entry {
        NamedFile file;
        bool names = false;  // stands for the lines of names_
    };
    void add_directory(const std::string &path);
    std::optional<NamedFile> next_line();

    std::vector<Entry> entries_;
    std::size_t position_ = 0;
    std::istream &names_;
};

}  // namespace command
