// A linear layer and its epilogue.
#pragma once

#include <climits>
#include <string>
#include <vector>

#include "tests/cases/activations.h"
#include "tests/cases/case.h"
#include "tests/cases/random.h"
#include "tests/cases/tiles.h"

namespace vit::cases {

struct LinearShape {
    int tokens, inputs, outputs, batch;
    int most_tokens = INT_MAX, most_outputs = INT_MAX;  // compared, of an image
    int most_images = INT_MAX;                          // likewise
    int layers = 1;                                     // whose weights a pass reads
};

class LinearCase : public Case {
public:
    // The kernel's epilogue is what generators/kernels.cmake says of it. A residual is y itself, as in a
    // forward pass, or lies elsewhere.
    LinearCase(const LinearShape &shape, const Layout &blocks, std::string kernel, Operands operands,
               Random &random, bool in_place = true);

    std::string kernel() const override { return kernel_; }
    int copies() const override { return weights_.count(); }
    int call(const CalledKernel &kernel, int copy) override;
    void reset() override;
    std::string judge() override;
    Work work() const override;

private:
    struct Expected {
        int b, t, c;
        double value, tolerance;
    };

    bool has_residual() const { return epilogue_ == "residual"; }
    bool is_half() const { return precision_ != "f32"; }
    BufferView<3> view_of_weights(const float *weights) const;
    std::size_t row(int sum, int c) const { return static_cast<std::size_t>(sum) * shape_.outputs + c; }
    void expect(int b, int t, int c);

    LinearShape shape_;
    std::string kernel_, epilogue_;
    std::string precision_;              // of the weights in memory
    const KnownActivation *activation_;  // null where another epilogue follows
    int sums_;                           // for each channel of y: two where one is the other's gate
    Operands operands_;
    bool in_place_;
    std::vector<float> x_rows_, residual_rows_;  // [b][t][k], [b][t][c]
    std::vector<float> weight_rows_, bias_;      // [sum][c][k], [sum][c]
    Tiles x_, residual_, y_;
    Panels panels_;
    ColdCopies weights_;                          // panels, then the bias
    std::vector<int> images_, tokens_, outputs_;  // compared
    std::vector<Expected> expected_;              // made when they are first needed
};

}  // namespace vit::cases
