// ViTForImageClassification as Hugging Face's transformers saves it, with the tensor names of either
// generation.
#pragma once

#include "checkpoint/checkpoint.h"
#include "error.h"
#include "checkpoint/tensor_files.h"

namespace vit {

// Takes every tensor that checkpoint.architecture calls for, and refuses others. Errors: tensor, config,
// unsupported.
Result<void> read_hf_vit(TensorFiles &files, Checkpoint &checkpoint);

}  // namespace vit
