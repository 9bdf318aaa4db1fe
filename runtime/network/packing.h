// Packing: a checkpoint's slots into the places that the kernels read, with everything folded that is
// constant in a forward pass:
//   log2(e) / sqrt(D_h) of attention  into the queries' weights and biases
//   LayerScale                        into the weights and biases of proj and fc2
//   class token, registers, positions and the bias of E  into one matrix, origin
//   a mean of several classifiers     into their weights and biases
// Layers in another precision than float32 are packed as the others, a block at a time, and then rounded or
// quantized.
#pragma once

#include "backend/kernel_context.h"
#include "checkpoint/checkpoint.h"
#include "network/kernels.h"
#include "network/places.h"

namespace vit {

// Fills places in the host's memory, which are zero. Errors: memory, kernel, cancelled.
Result<void> pack(const Checkpoint &checkpoint, const Geometry &geometry, const PackKernels &kernels,
                  KernelContext &context, const NetworkPlaces &places, ProgressPart progress = {});

}  // namespace vit
