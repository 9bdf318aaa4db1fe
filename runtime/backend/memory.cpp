#include "backend/memory.h"

#include <cerrno>
#include <sys/mman.h>
#include <system_error>
#include <unistd.h>

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

Result<Memory> Memory::map_file(int descriptor, std::size_t offset, std::size_t bytes, bool populate) {
    Memory memory;
    if (bytes == 0) {
        return memory;
    }
    void *data = ::mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE | (populate ? MAP_POPULATE : 0), descriptor,
                        static_cast<off_t>(offset));
    if (data == MAP_FAILED) {
        const int number = errno;
        return fail(code_of(number),
                    "cannot be mapped: " + std::generic_category().message(number));
    }
    memory.data_ = data;
    memory.bytes_ = bytes;
    return memory;
}

Memory Memory::borrow(const void *data, std::size_t bytes) {
    Memory memory;
    memory.data_ = const_cast<void *>(data);
    memory.bytes_ = bytes;
    memory.borrowed_ = true;
    return memory;
}

void touch_pages(void *data, std::size_t bytes) {
    constexpr std::size_t page = 4096;  // the smallest there are
    volatile char *const at = static_cast<char *>(data);
    for (std::size_t i = 0; i < bytes; i += page) at[i] = at[i];
}

Memory::~Memory() {
    if (data_ && !borrowed_) {
        munmap(data_, bytes_);
    }
}

}  // namespace vit
