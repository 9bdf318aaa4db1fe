// Layer normalization of tokens that are uniform noise around an offset.
#pragma once

#include <climits>
#include <vector>

#include "tests/cases/case.h"
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
    LayerNormCase(const LayerNormShape &shape, const Layout &blocks, float offset, float height,
                  float epsilon, Random &random);
    // x is [b][t][c].
    LayerNormCase(const LayerNormShape &shape, const Layout &blocks, std::vector<float> x,
                  std::vector<float> gamma, std::vector<float> beta, float epsilon, Random &random);

    std::string kernel() const override { return "layer_norm"; }
    int copies() const override { return weights_.count(); }
    int call(const CalledKernel &kernel, int copy) override;
    void reset() override { y.values.set(NAN); }
    std::string judge() override;
    Work work() const override;

    Tiles x, y;

private:
    LayerNormShape shape_;
    std::vector<float> rows_, gamma_, beta_;  // [b][t][c], [c], [c]
    float epsilon_;
    ColdCopies weights_;       // gamma and beta, padded
    std::vector<int> tokens_;  // compared, of every image
};

}  // namespace vit::cases
