// When and where weights are quantized.
#pragma once

#include "generators/quantize_panels.h"

namespace vit {

// Nothing is searched for.
struct QuantizePanelsTuning {};

void schedule(QuantizePanels &stage, Halide::Pipeline pipeline, const QuantizePanelsTuning &tuning,
              const Halide::Target &target);

}  // namespace vit
