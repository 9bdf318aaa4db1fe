// Attention of the class token of one head, with the keys and values that generators/class_attention.h does
// without: k = W_k x + b_k and v = W_v x + b_v of every token, then softmax(q k^T / log2(e)) v as in
// tests/reference/attention.h.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

namespace vit::reference {

struct ClassAttended {
    std::vector<double> weights;  // [s], of sum one
    std::vector<double> context;  // [d]
};

// A layer of one head, [d][c], and its bias, [d].
struct HeadLayer {
    const float *weights, *bias;
};

// x is [s][c].
inline ClassAttended class_attention(const float *q, const float *x, const HeadLayer &key,
                                     const HeadLayer &value, int tokens, int width, int head_size) {
    const auto apply = [&](const HeadLayer &layer, int s, int d) {
        double sum = layer.bias[d];
        for (int c = 0; c < width; c++) {
            sum += static_cast<double>(layer.weights[d * width + c]) * x[s * width + c];
        }
        return sum;
    };
    ClassAttended result{std::vector<double>(tokens), std::vector<double>(head_size)};
    for (int s = 0; s < tokens; s++) {
        for (int d = 0; d < head_size; d++) result.weights[s] += q[d] * apply(key, s, d);
    }
    const double largest = *std::max_element(result.weights.begin(), result.weights.end());
    double total = 0;
    for (double &weight : result.weights) total += weight = std::exp2(weight - largest);
    for (int s = 0; s < tokens; s++) {
        result.weights[s] /= total;
        for (int d = 0; d < head_size; d++) {
            result.context[d] += result.weights[s] * apply(value, s, d);
        }
    }
    return result;
}

}  // namespace vit::reference
