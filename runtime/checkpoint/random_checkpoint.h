// A checkpoint with random weights, for measuring without one from a file.
#pragma once

#include "checkpoint/checkpoint.h"

namespace vit {

// The same values for the same seed on every machine. Scaled so that activations keep their size through the
// depth.
// Errors: argument (sizes that no ViT can have), memory, cancelled.
Result<Checkpoint> random_checkpoint(const Architecture &architecture, std::uint64_t seed,
                                     ProgressPart progress = {});

}  // namespace vit
