// How far layer normalization in float32 may be from exact.
#pragma once

#include <cmath>

#include "tests/reference/layer_norm.h"
#include "tests/support/tolerance.h"

namespace vit::test {

struct LayerNormError {
    double mean;  // absolute
    double rstd;  // relative

    // The mean is off by the error of a sum of the magnitudes, and by one division. A mean that is off by
    // delta adds delta^2 to the variance; its sum is of squares of differences (two roundings each). rstd's
    // relative error is half that of variance + epsilon, and that of a reciprocal square root.
    LayerNormError(const float *x, int channels, double epsilon, const reference::Normalized &exact) {
        double magnitude = 0;
        for (int c = 0; c < channels; c++) magnitude += std::abs(x[c]) / channels;
        mean = sum_error(channels) * magnitude + quotient_error * std::abs(exact.mean);
        const double denominator = exact.variance + epsilon;
        const double variance = (sum_error(channels) + 4 * unit) * exact.variance + mean * mean;
        rstd = variance / denominator / 2 + unit + quotient_error;
    }

    // Of (x - mean) rstd gamma + beta: the error of the difference, that of rstd, and a rounding for each
    // operation.
    double of(float x, float gamma, double epsilon, const reference::Normalized &exact, double y) const {
        const double scale = std::abs(gamma) / std::sqrt(exact.variance + epsilon);
        const double centred = std::abs(x - exact.mean);
        return scale * (mean + centred * (rstd + 3 * unit)) + unit * std::abs(y);
    }
};

}  // namespace vit::test
