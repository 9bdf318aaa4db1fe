// A tensor as a checkpoint's file has it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace vit {

enum class DType { f32,
                   f16,
                   bf16 };

// A view of row-major values that lie in a file mapped by the checkpoint. Little-endian, of any alignment.
struct Tensor {
    std::string name;                 // as in the file, for messages
    const void *data = nullptr;       // null: the tensor is absent (an optional bias)
    DType dtype = DType::f32;
    std::vector<std::int64_t> shape;  // outermost first, as the file has it
    bool mapped = false;              // data lies in a mapped file, whose pages can be released

    explicit operator bool() const { return data != nullptr; }
};

}  // namespace vit
