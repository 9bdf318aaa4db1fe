// A picture's file, read into memory of its own: a mapped file changes under the reader when somebody writes
// to it, after all checks, and faults when it is shortened.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "error.h"
#include "picture/picture.h"

namespace vit {

inline constexpr std::size_t max_picture_file = std::size_t{1} << 30;  // bytes

class PictureFile {
public:
    // Opens the file and reads its first bytes, as many as tell a format. Devices, pipes and directories are
    // refused, so opening never blocks. Errors: io, memory; unsupported above max_picture_file.
    static Result<PictureFile> open(const std::string &path);
    PictureFile(PictureFile &&other) noexcept;
    PictureFile &operator=(PictureFile &&) = delete;
    ~PictureFile();

    // What has been read so far: at most as many bytes as the file had when it was opened.
    Octets bytes() const { return {data_.get(), read_}; }
    // Reads the others. A file that has been shortened by then has no more than it has. Errors: io.
    Result<void> read_all();

private:
    PictureFile(std::string path, int descriptor, std::size_t size);
    Result<void> read_up_to(std::size_t end);

    std::string path_;
    int descriptor_;
    std::size_t size_, read_ = 0;
    std::unique_ptr<std::uint8_t[]> data_;
};

}  // namespace vit
