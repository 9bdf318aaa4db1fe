#include "backend/memory.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <system_error>
#include <unistd.h>

#include "printable.h"

namespace vit {

// Mapped rather than malloc'ed: zero pages cost nothing until they are touched, and the size is given back
// at once.
Result<Memory> Memory::allocate(std::size_t bytes) {
    Memory memory;
    if (bytes == 0) {
        return memory;
    }
    void *data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data == MAP_FAILED) {
        return fail(ErrorCode::memory, "cannot allocate " + std::to_string(bytes) + " bytes");
    }
    madvise(data, bytes, MADV_HUGEPAGE);
    memory.data_ = data;
    memory.bytes_ = bytes;
    return memory;
}

Result<Memory> Memory::map_file(const std::string &path, std::size_t offset, std::size_t bytes,
                                bool populate) {
    Memory memory;
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    void *data = file < 0 ? MAP_FAILED
                          : ::mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE | (populate ? MAP_POPULATE : 0),
                                   file, static_cast<off_t>(offset));
    const int number = errno;
    if (file >= 0) {
        ::close(file);
    }
    if (data == MAP_FAILED) {
        return fail(ErrorCode::io,
                    printable_path(path) + ": cannot be mapped: " + std::generic_category().message(number));
    }
    memory.data_ = data;
    memory.bytes_ = bytes;
    return memory;
}

Memory::~Memory() {
    if (data_) {
        munmap(data_, bytes_);
    }
}

}  // namespace vit
