// Layer normalization of one token in double, with how far float32 may be from it.
#pragma once

#include "apps/autotune/operands.h"

namespace vit::autotune {

struct Normalized {
    std::vector<double> values, tolerances;  // [c]
};

// Errors to first order: of the mean, of the centred values, of their mean square, of its root.
inline Normalized normalize(const std::vector<double> &x, const float *gamma, const float *beta,
                            double epsilon) {
    const double n = static_cast<double>(x.size());
    double mean = 0, magnitude = 0;
    for (const double value : x) {
        mean += value / n;
        magnitude += std::abs(value) / n;
    }
    const double mean_error = sum_error(n + 1) * magnitude;
    double variance = 0, variance_error = 0;
    for (const double value : x) {
        const double centred = std::abs(value - mean);
        variance += centred * centred / n;
        variance_error += 2 * centred * (mean_error + roundoff * centred) / n;
    }
    variance_error += sum_error(n + 3) * variance + roundoff * epsilon;
    const double rstd = 1 / std::sqrt(variance + epsilon);
    const double rstd_error = variance_error / (variance + epsilon) / 2 + 4 * roundoff;  // relative
    Normalized y;
    for (std::size_t c = 0; c < x.size(); c++) {
        const double scaled = (x[c] - mean) * rstd * gamma[c];
        y.values.push_back(scaled + beta[c]);
        y.tolerances.push_back(std::abs(scaled) * (rstd_error + 4 * roundoff) +
                               std::abs(rstd * gamma[c]) * mean_error +
                               roundoff * (std::abs(scaled) + std::abs(beta[c])));
    }
    return y;
}

}  // namespace vit::autotune
