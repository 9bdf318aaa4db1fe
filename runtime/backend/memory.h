// A block of memory for weights or activations, aligned to pages.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "error.h"

namespace vit {

class Memory {
public:
    Memory() = default;
    // Zeroed, backed by huge pages where the system gives them. Errors: memory.
    static Result<Memory> allocate(std::size_t bytes);
    static Result<Memory> of_floats(std::size_t count) {
        std::size_t bytes = 0;  // which wrap where addresses have 32 bits
        if (__builtin_mul_overflow(count, sizeof(float), &bytes)) return out_of_memory();
        return allocate(bytes);
    }
    // A part of a file, which must not be written to; offset is a multiple of the page size. populate: all
    // pages at once, or each when it is first read. Errors: memory, if that is what there is not enough of;
    // io.
    static Result<Memory> map_file(int descriptor, std::size_t offset, std::size_t bytes, bool populate);
    // Somebody else's, which has to outlive it and must not be written to.
    static Memory borrow(const void *data, std::size_t bytes);
    Memory(Memory &&other) noexcept
        : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)),
          borrowed_(other.borrowed_) {}
    Memory &operator=(Memory &&other) noexcept {
        std::swap(data_, other.data_);
        std::swap(bytes_, other.bytes_);
        std::swap(borrowed_, other.borrowed_);
        return *this;
    }
    ~Memory();

    template<typename T = float>
    T *data() const {
        return static_cast<T *>(data_);
    }
    std::size_t bytes() const { return bytes_; }

private:
    void *data_ = nullptr;
    std::size_t bytes_ = 0;
    bool borrowed_ = false;
};

// Writes to every page what is there, so that the system has it ready.
void touch_pages(void *data, std::size_t bytes);

}  // namespace vit
