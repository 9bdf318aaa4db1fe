// NumPy's array files, version 1.0, of little-endian float32 in C order: what the dump options write and
// --input reads. (numpy.org: numpy.lib.format: magic, version, length of the header, a Python dictionary,
// then the values.)
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace command {

struct CloseFile {
    void operator()(std::FILE *file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

// Reads an array item by item along its first dimension. Every function throws Failure with one sentence.
class NpyReader {
public:
    // Opens the file and checks all of it but the values: they must be exactly as many as the shape says.
    explicit NpyReader(const std::string &path);

    const std::vector<std::int64_t> &shape() const { return shape_; }

    // The next `count` values; there must be as many, and each must be finite.
    void read(float *values, std::int64_t count);

private:
    std::string path_;
    File file_;
    std::vector<std::int64_t> shape_;
    std::int64_t position_ = 0;  // values read so far
};

// Writes an array [n, ...] whose n is known only at the end. Nothing is at `path` until finish() has put all
// of it there; what stood there before stays until then. Every function throws Failure with one sentence.
class NpyWriter {
public:
    NpyWriter(const std::string &path, std::vector<std::int64_t> item_shape);
    NpyWriter(const NpyWriter &) = delete;
    NpyWriter &operator=(const NpyWriter &) = delete;

    // Appends `count` items of item_shape.
    void write(const float *values, std::int64_t count);
    void finish();
    // Removes what was written so far, for a process that ends here; another thread may be in write().
    void abandon() const;

private:
    struct Temporary {
        std::string path;
        ~Temporary();  // removes the file, unless it has been moved away and path is empty
    };
    void write_header();
    [[noreturn]] void fail_to_write(int error) const;

    std::string path_;
    Temporary temporary_;
    File file_;
    std::vector<std::int64_t> shape_;  // [items so far, item_shape...]
};

}  // namespace command
