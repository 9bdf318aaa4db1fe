// Attention of the class token of one head, by the keys and values that generators/class_attention.h does
// without: W_k x + b_k and W_v x + b_v of every token.
#pragma once

#include <vector>

#include "tests/reference/attention.h"

namespace vit::reference {

// A layer of one head, [d][c], and its bias, [d].
struct HeadLayer {
    const float *weights, *bias;

    // x is [s][c]; the result [s][d].
    std::vector<double> apply(const float *x, int tokens, int width, int head_size) const {
        std::vector<double> y;
        for (int s = 0; s < tokens; s++) {
            for (int d = 0; d < head_size; d++) {
                double sum = bias[d];
                for (int c = 0; c < width; c++) {
                    sum += static_cast<double>(weights[d * width + c]) * x[s * width + c];
                }
                y.push_back(sum);
            }
        }
        return y;
    }
};

// q is [d], x [s][c].
inline Attended class_attention(const float *q, const float *x, const HeadLayer &key, const HeadLayer &value,
                                int tokens, int width, int head_size) {
    const std::vector<double> k = key.apply(x, tokens, width, head_size),
                              v = value.apply(x, tokens, width, head_size);
    return attention(q, k.data(), v.data(), tokens, head_size);
}

}  // namespace vit::reference
