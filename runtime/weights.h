// A checkpoint's tensors in the order in which a backend's stages read them.
#pragma once

#include <vector>

#include "backend.h"
#include "checkpoint.h"
#include "geometry.h"
#include "kernel_context.h"
#include "memory.h"

namespace vit {

struct PackedLinear {
    float *panels = nullptr;  // [c in panel, k, panel]
    float *bias = nullptr;    // [c]
    int inputs = 0, outputs = 0;  // padded
};

struct PackedNorm {
    float *gamma = nullptr, *beta = nullptr;  // [c]
};

struct PackedBlock {
    PackedNorm norm1;
    PackedLinear qkv;  // queries, keys and values side by side, each attention_width wide; q's scaled by
                       // log2(e) / sqrt(D_h)
    PackedLinear proj;
    PackedNorm norm2;
    PackedLinear fc1, fc2;
};

// All pointers lie in one block of memory that the object owns.
struct Weights {
    PackedLinear patch;
    float *class_token = nullptr;  // [c]
    float *positions = nullptr;    // [ci, ti, chunk, tile]
    std::vector<PackedBlock> blocks;
    PackedNorm norm;
    PackedLinear head;

    // Packs a checked checkpoint. Errors: memory, kernel.
    static Result<Weights> pack(const Checkpoint &checkpoint, const Geometry &geometry,
                                const Kernels &kernels, KernelContext &context);
    // Takes over what was packed for the same architecture and geometry. Errors: argument, if memory has
    // another size.
    static Result<Weights> adopt(const Architecture &architecture, const Geometry &geometry, Memory memory);

    Memory memory;
};

}  // namespace vit
