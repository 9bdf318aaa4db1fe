// The weights of one output in fixed point.
#pragma once

#include <algorithm>
#include <cmath>

namespace vit::reference {

// The largest magnitude has `most` steps; of nothing but zeros, or next to nothing, 1e-30 has.
inline double weight_scale(const float *weights, int inputs, int most) {
    double largest = 1e-30f;
    for (int k = 0; k < inputs; k++) largest = std::max<double>(largest, std::abs(weights[k]));
    return largest / most;
}

}  // namespace vit::reference
