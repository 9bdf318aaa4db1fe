// Where a packed model lies: in a file or in an app's memory.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "backend/memory.h"
#include "checkpoint/mapped_file.h"
#include "checkpoint/regular_file.h"
#include "error.h"

namespace vit {

class PackedFile {
public:
    // Errors: io.
    static Result<PackedFile> open(const std::string &path);
    static PackedFile in_memory(Bytes bytes);

    std::size_t size() const { return file_ ? file_->size() : bytes_.size(); }
    // All of `to`, from a place in the file. Errors: io.
    Result<void> read(std::size_t offset, std::span<std::byte> to) const;
    // Whether a part can be used where it lies. What is in memory has to be aligned for the kernels.
    bool can_map(std::size_t offset) const;
    // populate as for Memory::map_file. What was in memory stays the app's. Errors: io, memory.
    Result<Memory> map(std::size_t offset, std::size_t bytes, bool populate) const;

private:
    PackedFile() = default;

    std::optional<RegularFile> file_;
    Bytes bytes_;  // otherwise
};

}  // namespace vit
