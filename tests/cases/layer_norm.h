// Layer normalization of tokens that are uniform noise around an offset, in float32 or quantized.
#pragma once

#include <climits>
#include <optional>
#include <string>
#include <vector>

#include "tests/cases/case.h"
#include "tests/cases/fixed_tiles.h"
#include "tests/cases/random.h"
#include "tests/cases/tiles.h"

namespace vit::cases {

struct LayerNormShape {
    int tokens, channels, batch;
    int most_tokens = INT_MAX;  // compared, of an image
    int layers = 1;             // whose gamma and beta a pass reads
};

class LayerNormCase : public Case {
public:
    // The kernel's precision is what generators/kernels.cmake says of it.
    LayerNormCase(const LayerNormShape &shape, const Layout &blocks, float offset, float height,
                  float epsilon, Random &random, std::string kernel = "layer_norm");
    // x is [b][t][c].
    LayerNormCase(const LayerNormShape &shape, const Layout &blocks, std::vector<float> x,
                  std::vector<float> gamma, std::vector<float> beta, float epsilon, Random &random,
                  std::string kernel = "layer_norm");

    std::string kernel() const override { return kernel_; }
    int copies() const override { return weights_.count(); }
    int call(const CalledKernel &kernel, int copy) override;
    void reset() override;
    std::string judge() override;
    Work work() const override;

    // Of y, quantized or not.
    double at(int b, int t, int c) const { return quantized ? quantized->at(b, t, c) : y.at(b, t, c); }

    Tiles x, y;                           // y of no images where it is quantized,
    std::optional<FixedTiles> quantized;  // in its place

private:
    std::string kernel_;
    LayerNormShape shape_;
    std::vector<float> rows_, gamma_, beta_;  // [b][t][c], [c], [c]
    float epsilon_;
    ColdCopies weights_;       // gamma and beta, padded
    std::vector<int> tokens_;  // compared, of every image
};

}  // namespace vit::cases
