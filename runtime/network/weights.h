// A checkpoint's tensors in the order in which a backend's stages read them.
#pragma once

#include <vector>

#include "checkpoint/checkpoint.h"
#include "backend/device.h"
#include "network/geometry.h"
#include "network/kernels.h"
#include "backend/kernel_context.h"
#include "backend/memory.h"

namespace vit {

struct PackedLinear {
    Place panels;  // [c in panel, k, panel]
    Place bias;    // [c]
    int inputs = 0, outputs = 0;  // padded
};

struct PackedNorm {
    Place gamma, beta;  // [c]
};

struct PackedBlock {
    PackedNorm norm1;
    PackedLinear qkv;  // queries, keys and values side by side, each attention_width wide; q's scaled by
                       // log2(e) / sqrt(D_h)
    PackedLinear proj;
    PackedNorm norm2;
    PackedLinear fc1, fc2;
};

struct WeightPlaces {
    PackedLinear patch;
    Place class_token;  // [c]
    Place positions;    // [ci, ti, chunk, tile]
    std::vector<PackedBlock> blocks;
    PackedNorm norm;
    PackedLinear head;
};

// The places lie in one block of the host's memory or in blocks of a device's, which the object owns.
struct Weights : WeightPlaces {
    // Packs a checked checkpoint. Errors: memory, kernel.
    static Result<Weights> pack(const Checkpoint &checkpoint, const Geometry &geometry,
                                const PackKernels &kernels, KernelContext &context);
    // Takes over what was packed for the same architecture and geometry. Errors: argument, if memory has
    // another size.
    static Result<Weights> adopt(const Architecture &architecture, const Geometry &geometry, Memory memory);

    // Moves what was packed from the host's memory to the device's. Errors: memory, kernel.
    Result<void> move_to(std::shared_ptr<Device> device, const Architecture &architecture,
                         const Geometry &geometry);
    // A copy, as packed, of what is on the device. Errors: memory, kernel.
    Result<Memory> download(const Architecture &architecture, const Geometry &geometry) const;

    Memory memory;
    DeviceMemory device_memory;
};

}  // namespace vit
