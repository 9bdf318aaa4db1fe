// The canonical form that every checkpoint layout is read into: one file a layout
// (runtime/checkpoint/), all of them views into mapped files, nothing converted or copied.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "checkpoint/tensor.h"
#include "error.h"
#include "preprocess/preprocessing.h"
#include "vit/vit.h"

namespace vit {

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
