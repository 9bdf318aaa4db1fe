#include "memory.h"

#include <sys/mman.h>

#include <string>

namespace vit {

// Mapped rather than malloc'ed: zero pages cost nothing until they are touched, and the size is given back at once.
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

Memory::~Memory() {
    if (data_) {
        munmap(data_, bytes_);
    }
}

}  // namespace vit
