// A regular file, opened for reading.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include "error.h"

namespace vit {

class RegularFile {
public:
    // Errors: io. Devices, pipes and directories are refused, so opening never blocks.
    static Result<RegularFile> open(const std::string &path);

    RegularFile(RegularFile &&other) noexcept
        : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)),
          size_(other.size_) {}
    RegularFile &operator=(RegularFile &&) = delete;
    ~RegularFile();

    std::size_t size() const { return size_; }  // as it was opened, in bytes
    int descriptor() const { return descriptor_; }
    // All of `to`, from a place in the file. Errors: io, also where the file has become shorter.
    Result<void> read(std::size_t offset, std::span<std::byte> to) const;

private:
    explicit RegularFile(std::string path) : path_(std::move(path)) {}

    std::string path_;
    int descriptor_ = -1;
    std::size_t size_ = 0;
};

}  // namespace vit
