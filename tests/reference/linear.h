// One output of a linear layer, and what may follow it.
#pragma once

#include <cmath>

namespace vit::reference {

// sum_k x(k) w(k) + bias
inline double linear(const float *x, const float *w, double bias, int inputs) {
    double sum = bias;
    for (int k = 0; k < inputs; k++) {
        sum += static_cast<double>(x[k]) * w[k];
    }
    return sum;
}

// The same of magnitudes: what the rounding errors of the sum are relative to.
inline double linear_magnitude(const float *x, const float *w, double bias, int inputs) {
    double sum = std::abs(bias);
    for (int k = 0; k < inputs; k++) {
        sum += std::abs(static_cast<double>(x[k]) * w[k]);
    }
    return sum;
}

// z Phi(z). erfc, since 1 + erf cancels where z is far below zero.
inline double gelu_erf(double z) { return z / 2 * std::erfc(-z / std::sqrt(2.0)); }

inline double gelu_tanh(double z) {
    const double pi = std::acos(-1.0);
    const double u = std::sqrt(2 / pi) * (z + 0.044715 * z * z * z);
    return z / (1 + std::exp(-2 * u));  // 1 + tanh(u) = 2 / (1 + e^(-2 u)), which does not cancel either
}

inline double quick_gelu(double z) { return z / (1 + std::exp(-1.702 * z)); }

inline double silu(double z) { return z / (1 + std::exp(-z)); }

inline double tanh(double z) { return std::tanh(z); }

inline double relu(double z) { return z > 0 ? z : 0; }

}  // namespace vit::reference
