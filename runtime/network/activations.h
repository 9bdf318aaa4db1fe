// What forward passes work in: activations, in the host's memory or a device's.
#pragma once

#include "backend/device.h"
#include "backend/memory.h"
#include "network/geometry.h"

namespace vit {

// All token matrices are tiles [ci, ti, chunk, tile, b] of float32. What the next layer takes in fixed point
// stands in the same memory, of which it needs less.
struct Activations {
    Place patches;   // [ki, ti, chunk, row, channel, tile, b]
    Place x;         // the residual stream, width
    Place y;         // normalized, width
    Place qkv;       // 3 attention_width
    Place context;   // attention_width
    // The same of a last block that has float32 where the others have not: its pads are zero, which memory
    // that has held whole numbers is not.
    Place last_context;
    Place hidden;    // mlp_width
    Place pooled;    // features, each as a token, width
    Place logits;    // [n, b]
    Place scores;    // [n, b]
    // Of a device alone: the pictures, and what attention lays out for itself.
    Place pixels, keys, values, mixtures;

    // From an image on, whose answers are those of another image of the batch.
    Activations from(int image, int answer, const Geometry &geometry) const;
};

// The memory of passes that may be under way at the same time.
struct ActivationMemory {
    Activations places;  // of all images

    // Values of all arrays, for so many images at a time and the answers of so many. Errors: as below.
    static Result<std::size_t> floats(const Architecture &architecture, const Geometry &geometry,
                                      bool on_device, int images, int answers);
    // For so many images at a time, and the answers of so many. Errors: memory; argument, if one array would
    // be too large to be indexed; unsupported, for heads that a device has no memory for.
    static Result<ActivationMemory> allocate(const Architecture &architecture, const Geometry &geometry,
                                             std::shared_ptr<Device> device, int images, int answers);

    Memory memory;
    DeviceMemory device_memory;
};

}  // namespace vit
