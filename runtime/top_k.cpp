#include <algorithm>
#include <cmath>
#include <numeric>

#include "error.h"

namespace vit {

std::vector<Prediction> top_k(const float *scores, int n, int k) noexcept {
    return guarded_value([&] {
        std::vector<int> order(std::max(n, 0));
        std::iota(order.begin(), order.end(), 0);
        k = std::clamp(k, 0, static_cast<int>(order.size()));
        std::partial_sort(order.begin(), order.begin() + k, order.end(), [&](int a, int b) {
            const bool a_is_none = std::isnan(scores[a]), b_is_none = std::isnan(scores[b]);
            if (a_is_none != b_is_none) return b_is_none;
            if (a_is_none || scores[a] == scores[b]) return a < b;
            return scores[a] > scores[b];
        });
        std::vector<Prediction> best;
        best.reserve(k);
        for (int i = 0; i < k; i++) {
            best.push_back({order[i], scores[order[i]]});
        }
        return best;
    });
}

}  // namespace vit
