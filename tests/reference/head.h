// What the classifier makes of its logits; the logits are a layer normalization and a linear layer.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

namespace vit::reference {

inline std::vector<double> softmax(const std::vector<double> &logits) {
    const double largest = *std::max_element(logits.begin(), logits.end());
    std::vector<double> scores;
    double total = 0;
    for (const double logit : logits) {
        scores.push_back(std::exp(logit - largest));
        total += scores.back();
    }
    for (double &score : scores) {
        score /= total;
    }
    return scores;
}

inline double sigmoid(double logit) { return 1 / (1 + std::exp(-logit)); }

}  // namespace vit::reference
