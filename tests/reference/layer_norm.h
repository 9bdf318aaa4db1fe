// Layer normalization of one token.
#pragma once

#include <cmath>
#include <vector>

namespace vit::reference {

struct Normalized {
    double mean, variance;
    std::vector<double> y;  // [c]: (x - mean) / sqrt(variance + epsilon) gamma + beta
};

inline Normalized layer_norm(const float *x, const float *gamma, const float *beta, int channels,
                             double epsilon) {
    Normalized result{0, 0, {}};
    for (int c = 0; c < channels; c++) {
        result.mean += x[c] / static_cast<double>(channels);
    }
    for (int c = 0; c < channels; c++) {
        const double centred = x[c] - result.mean;
        result.variance += centred * centred / channels;
    }
    for (int c = 0; c < channels; c++) {
        result.y.push_back((x[c] - result.mean) / std::sqrt(result.variance + epsilon) * gamma[c] + beta[c]);
    }
    return result;
}

}  // namespace vit::reference
