#include "network/equalization.h"

#include <algorithm>
#include <cmath>

namespace vit {

std::vector<float> input_ranges(const PanelsOfFloats &layer) {
    std::vector<float> ranges(layer.inputs);
    std::vector<float> largest(layer.panel);
    for (int p = 0; p < layer.outputs / layer.panel; p++) {
        const float *values = layer.values + static_cast<std::size_t>(p) * layer.inputs * layer.panel;
        std::fill(largest.begin(), largest.end(), 0.0f);
        for (int k = 0; k < layer.inputs; k++) {
            for (int c = 0; c < layer.panel; c++) {
                largest[c] = std::max(largest[c], std::abs(values[k * layer.panel + c]));
            }
        }
        for (float &value : largest) value = std::isnormal(value) ? 1 / value : 0;
        for (int k = 0; k < layer.inputs; k++) {
            float range = ranges[k];
            for (int c = 0; c < layer.panel; c++) {
                range = std::max(range, std::abs(values[k * layer.panel + c]) * largest[c]);
            }
            ranges[k] = range;
        }
    }
    return ranges;
}

std::vector<float> equalizers(const std::vector<float> &activations, const std::vector<float> &weights) {
    // Of a real DINOv2 in 8 bits, simulated with ranges seen on photographs, 0.4 lost 0.025 of its tokens,
    // where nothing moved 0.028.
    constexpr float share = 0.4f, most = 24;
    std::vector<float> factors(activations.size(), 1.0f);
    for (std::size_t k = 0; k < factors.size(); k++) {
        if (!(activations[k] > 0) || !(weights[k] > 0)) continue;
        const float power = share * std::log2(activations[k]) - (1 - share) * std::log2(weights[k]);
        factors[k] = std::exp2(std::clamp(std::round(power), -most, most));
    }
    return factors;
}

void scale_inputs(const PanelsOfFloats &layer, const std::vector<float> &factors) {
    for (int p = 0; p < layer.outputs / layer.panel; p++) {
        float *values = layer.values + static_cast<std::size_t>(p) * layer.inputs * layer.panel;
        for (int k = 0; k < layer.inputs; k++) {
            for (int c = 0; c < layer.panel; c++) values[k * layer.panel + c] *= factors[k];
        }
    }
}

void divide_outputs(const PanelsOfFloats &layer, float *bias, int first,
                    const std::vector<float> &factors) {
    for (int i = 0; i < static_cast<int>(factors.size()); i++) {
        const int c = first + i;
        const std::size_t before = static_cast<std::size_t>(c / layer.panel) * layer.inputs * layer.panel;
        float *value = layer.values + before + c % layer.panel;
        for (int k = 0; k < layer.inputs; k++, value += layer.panel) *value /= factors[i];
        bias[c] /= factors[i];
    }
}

}  // namespace vit
