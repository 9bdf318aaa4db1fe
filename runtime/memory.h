// A block of zeroed float32 for weights or activations, aligned to pages, backed by huge pages where the system gives them.
#pragma once

#include <cstddef>
#include <utility>

#include "error.h"

namespace vit {

class Memory {
public:
    Memory() = default;
    static Result<Memory> allocate(std::size_t floats);
    Memory(Memory &&other) noexcept : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    Memory &operator=(Memory &&other) noexcept {
        std::swap(data_, other.data_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    ~Memory();

    float *data() const { return data_; }

private:
    float *data_ = nullptr;
    std::size_t bytes_ = 0;
};

}  // namespace vit
