// Attention of one query of one head to all keys: softmax(q k^T / log2(e)) v. With q scaled by log2(e) /
// sqrt(D_h) that is the paper's eq. 6 and 7: e^(x / log2(e)) = 2^x.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

namespace vit::reference {

struct Attended {
    std::vector<double> weights;  // [s], of sum one
    std::vector<double> context;  // [d]
};

// k and v are [s][d], of whatever precision they were computed in.
template<typename Value>
Attended attention(const float *q, const Value *k, const Value *v, int keys, int head_size) {
    Attended result{std::vector<double>(keys), std::vector<double>(head_size)};
    for (int s = 0; s < keys; s++) {
        for (int d = 0; d < head_size; d++) {
            result.weights[s] += static_cast<double>(q[d]) * k[s * head_size + d];
        }
    }
    const double largest = *std::max_element(result.weights.begin(), result.weights.end());
    double total = 0;
    for (double &weight : result.weights) {
        weight = std::exp2(weight - largest);
        total += weight;
    }
    for (int s = 0; s < keys; s++) {
        result.weights[s] /= total;
        for (int d = 0; d < head_size; d++) {
            result.context[d] += result.weights[s] * v[s * head_size + d];
        }
    }
    return result;
}

}  // namespace vit::reference
