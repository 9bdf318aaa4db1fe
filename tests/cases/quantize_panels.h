// A packed weight matrix, quantized.
#pragma once

#include <string>
#include <vector>

#include "tests/cases/case.h"
#include "tests/cases/fixed_tiles.h"
#include "tests/cases/random.h"
#include "tests/cases/tiles.h"

namespace vit::cases {

struct QuantizePanelsShape {
    int inputs, outputs;
    int unused_inputs = 0;  // past the last group
};

class QuantizePanelsCase : public Case {
public:
    // Integers: each output's largest is as large as a whole number may be, so that all stay as they are.
    QuantizePanelsCase(const QuantizePanelsShape &shape, const Layout &blocks, std::string kernel,
                       Operands operands, Random &random);
    // weights are [c][k].
    QuantizePanelsCase(const QuantizePanelsShape &shape, const Layout &blocks, std::string kernel,
                       std::vector<float> weights);

    std::string kernel() const override { return kernel_; }
    int call(const CalledKernel &kernel, int copy) override;
    void reset() override;
    std::string judge() override;
    Work work() const override;

    float scale(int c) const { return terms_[c]; }
    double at(int k, int c) const { return static_cast<double>(scale(c)) * fixed_.get(q_.data(), k, c); }

private:
    QuantizePanelsShape shape_;
    std::string kernel_;
    FixedFormat format_;
    bool exact_ = false;
    std::vector<float> rows_;  // [c][k]
    Panels panels_;
    FixedPanels fixed_;
    int inputs_of_group_, groups_;
    Floats weights_, q_, terms_;
};

}  // namespace vit::cases
