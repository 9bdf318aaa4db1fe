// The canonical form that every checkpoint layout is read into: one file a layout
// (runtime/checkpoint_*.cpp), all of them views into mapped files, nothing converted or copied.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "error.h"
#include "preprocess/preprocessing.h"
#include "vit/vit.h"

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

struct NormWeights {
    Tensor gamma, beta;  // [D]
};

struct LinearWeights {
    Tensor weight;  // [outputs, inputs]
    Tensor bias;    // [outputs], may be absent
};

struct BlockWeights {
    NormWeights norm1;
    LinearWeights query, key, value;  // [D, D], rows [k, D_h]
    LinearWeights proj;               // [D, D]
    NormWeights norm2;
    LinearWeights fc1;  // [mlp_width, D]
    LinearWeights fc2;  // [D, mlp_width]
};

struct Checkpoint {
    Architecture architecture;
    Preprocessing preprocessing;
    std::vector<std::string> labels;  // architecture.labels of them

    Tensor class_token;         // [1, 1, D]
    Tensor positions;           // [1, N + 1, D]
    LinearWeights patch;        // weight [D, C, P, P]
    std::vector<BlockWeights> blocks;
    NormWeights norm;
    LinearWeights head;         // [K, D]

    std::vector<std::shared_ptr<const void>> storage;  // keeps the mapped files alive
};

// Reads a directory of any known layout. Every shape and every value is checked: what comes back can be
// packed blindly.
Result<Checkpoint> read_checkpoint(const std::string &directory);

}  // namespace vit
