// Moving scale from activations into the weights that read them, before both are quantized: a few channels
// that are far larger than the others would leave these a few levels, where a group has one scale. A
// channel's values are divided by m and its weights multiplied by it, which changes nothing but what is
// rounded: m is a power of two, so that float32 would not notice.
//   m(k) = r(k)^a / w(k)^(1-a), to the nearest power of two
// r the range of activation k and w that of its weights (Nagel et al. 2019, Data-free quantization through
// weight equalization; Xiao et al. 2023, SmoothQuant). Ranges are told by the weights before: no picture is
// looked at.
#pragma once

#include <vector>

#include "network/places.h"

namespace vit {

// A layer in float32 panels, as pack_panels makes them.
struct PanelsOfFloats {
    float *values;  // [c in panel, k, panel]
    int panel, inputs, outputs;
};

// The range of each input's weights: max_c |W(k, c)| / max_k |W(k, c)|.
std::vector<float> input_ranges(const PanelsOfFloats &layer);
// m of each, 1 where a range is zero.
std::vector<float> equalizers(const std::vector<float> &activations, const std::vector<float> &weights);
// W(k, c) times factors[k].
void scale_inputs(const PanelsOfFloats &layer, const std::vector<float> &factors);
// The outputs from `first` on and their biases divided by factors.
void divide_outputs(const PanelsOfFloats &layer, float *bias, int first, const std::vector<float> &factors);

}  // namespace vit
