// The classifier on the first tokens of images, each of which is a feature, and what it makes of its logits.
#pragma once

#include <string>
#include <vector>

#include "tests/cases/case.h"
#include "tests/cases/random.h"
#include "tests/cases/tiles.h"

namespace vit::cases {

struct HeadShape {
    int tokens, features, channels, labels, batch;
    int layers = 1;  // of the model whose weights pass in between
};

class HeadCase : public Case {
public:
    // Logits are about within 5 of the offset. What becomes of them is what generators/kernels.cmake says of
    // the kernel.
    HeadCase(const HeadShape &shape, const Layout &blocks, std::string kernel, float offset, Random &random);

    std::string kernel() const override { return kernel_; }
    int copies() const override { return weights_.count(); }
    int call(const CalledKernel &kernel, int copy) override;
    void reset() override;
    std::string judge() override;
    Work work() const override;

    // Of all copies: channel c of feature f as label n sees it.
    void set_weight(int n, int f, int c, float value);
    float logit(int b, int n) const { return logits_[static_cast<std::size_t>(b) * panels_.outputs() + n]; }
    float score(int b, int n) const { return scores_[static_cast<std::size_t>(b) * panels_.outputs() + n]; }

private:
    std::size_t token(int b, int t) const {
        return (static_cast<std::size_t>(b) * shape_.tokens + t) * shape_.channels;
    }
    std::size_t weight(int n, int f) const {
        return (static_cast<std::size_t>(n) * shape_.features + f) * shape_.channels;
    }
    void expect();
    std::string judge_scores() const;

    HeadShape shape_;
    std::string kernel_, kind_;
    std::vector<float> token_rows_, weight_rows_, bias_;  // [b][t][c], [n][f][c], [n]
    Tiles tokens_;
    Panels panels_;
    ColdCopies weights_;                                               // panels, then the bias
    Floats logits_, scores_;                                           // [n, b], n padded
    std::vector<std::vector<double>> exact_logits_, logit_tolerance_;  // [b][n], made when first needed
};

}  // namespace vit::cases
