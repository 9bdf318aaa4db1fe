// One output of a linear layer in fixed point, before its epilogue: whole numbers in 64 bits, so that no sum
// overflows, and the rest in double.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace vit::reference {

struct FixedProduct {
    double value = 0;      // sum_g (scale(g) sum_k q(k) w(k) + offset(g) sum_k w(k)), k in g
    double magnitude = 0;  // the same of the magnitudes of these terms
};

inline FixedProduct linear_fixed(const int *q, const int *w, const float *scales, const float *offsets,
                                 int inputs, int inputs_of_group) {
    FixedProduct product;
    for (int g = 0; g * inputs_of_group < inputs; g++) {
        std::int64_t exact = 0, weights = 0;
        for (int k = g * inputs_of_group; k < std::min(inputs, (g + 1) * inputs_of_group); k++) {
            exact += std::int64_t{q[k]} * w[k];
            weights += w[k];
        }
        const double scaled = scales[g] * static_cast<double>(exact),
                     shifted = offsets[g] * static_cast<double>(weights);
        product.value += scaled + shifted;
        product.magnitude += std::abs(scaled) + std::abs(shifted);
    }
    return product;
}

}  // namespace vit::reference
