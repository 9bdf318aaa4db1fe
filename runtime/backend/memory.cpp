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
Result<Memory> Memory::allocate(std::size_t floats) {
    Memory memory;
    if (floats == 0) {
        return memory;
    }
    const std::size_t bytes = floats * sizeof(float);
    void *data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data == MAP_FAILED) {
        return fail(ErrorCode::memory, "cannot allocate " + std::to_string(bytes) + " bytes");
    }
    madvise(data, bytes, MADV_HUGEPAGE);
    memory.data_ = static_cast<float *>(data);
    memory.bytes_ = bytes;
    return memory;
}

// Populated at once: the first forward pass would otherwise stop at every page.
Result<Memory> Memory::map_file(const std::string &path, std::size_t offset, std::size_t floats) {
    Memory memory;
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    void *data = file < 0 ? MAP_FAILED
                          : ::mmap(nullptr, floats * sizeof(float), PROT_READ, MAP_PRIVATE | MAP_POPULATE,
                                   file, static_cast<off_t>(offset));
    const int number = errno;
    if (file >= 0) {
        ::close(file);
    }
    if (data == MAP_FAILED) {
        return fail(ErrorCode::io,
                    printable_path(path) + ": cannot be mapped: " + std::generic_category().message(number));
    }
    memory.data_ = static_cast<float *>(data);
    memory.bytes_ = floats * sizeof(float);
    return memory;
}

Memory::~Memory() {
    if (data_) {
        munmap(data_, bytes_);
    }
}

}  // namespace vit
