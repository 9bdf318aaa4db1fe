// A regular file, mapped read-only.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "error.h"

namespace vit {

using Bytes = std::span<const std::byte>;

class MappedFile {
public:
    // Errors: io. Devices, pipes and directories are refused, so opening never blocks. The mapping is
    // private; if somebody shortens the file while it is mapped, the operating system faults the reader, as
    // it does for every mapping.
    static Result<std::shared_ptr<const MappedFile>> open(const std::string &path);

    MappedFile(const MappedFile &) = delete;
    MappedFile &operator=(const MappedFile &) = delete;
    ~MappedFile();

    Bytes bytes() const { return {data_, size_}; }

private:
    MappedFile() = default;

    const std::byte *data_ = nullptr;
    std::size_t size_ = 0;
};

// Lets the system take back the memory of pages of a mapped file that lie wholly inside; they can be read
// again.
void release_pages(Bytes bytes);

// Whether something, of any kind, has this name.
bool path_exists(const std::string &path);

}  // namespace vit
