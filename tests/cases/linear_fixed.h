// A linear layer in fixed point and its epilogue.
#pragma once

#include <climits>
#include <optional>
#include <string>
#include <vector>

#include "tests/cases/activations.h"
#include "tests/cases/case.h"
#include "tests/cases/fixed_tiles.h"
#include "tests/cases/linear.h"
#include "tests/cases/random.h"
#include "tests/cases/tiles.h"

namespace vit::cases {

// Without pads.
struct FixedOperands {
    std::vector<int> x;                         // [b][t][k]
    std::vector<float> scales, offsets;         // of x, [b][t][g]; no offsets: zeros
    std::vector<int> weights;                   // [c][k]
    std::vector<float> weight_scales, bias;     // [c]
    std::vector<float> residual;                // [b][t][c]
    bool exact = false;                         // every sum is an integer below 2^24
};

class LinearFixedCase : public Case {
public:
    // The kernel's precision and epilogue are what generators/kernels.cmake says of it. A residual is y
    // itself, as in a forward pass, or lies elsewhere. Weights have `unused_inputs` more than x has, which
    // nothing may read: so it is where a model's heads end before a whole panel does.
    LinearFixedCase(const LinearShape &shape, const Layout &blocks, std::string kernel,
                    FixedOperands operands, bool in_place = true, int unused_inputs = 0);
    LinearFixedCase(const LinearShape &shape, const Layout &blocks, const std::string &kernel,
                    Operands operands, Random &random, bool in_place = true, int unused_inputs = 0)
        : LinearFixedCase(shape, blocks, kernel, operands_of(shape, blocks, kernel, operands, random),
                          in_place, unused_inputs) {}

    // Whole numbers of the whole range and scales for results of about unit variance; or whole numbers,
    // scales and offsets with which float32 is exact in any order, each group with its own.
    static FixedOperands operands_of(const LinearShape &shape, const Layout &blocks,
                                     const std::string &kernel, Operands operands, Random &random);
    // Of x, which is as large as what makes it says: the norm, attention or the activation before.
    static int groups_of(const LinearShape &shape, const Layout &blocks, const std::string &kernel);

    std::string kernel() const override { return kernel_; }
    int copies() const override { return weights_.count(); }
    int call(const CalledKernel &kernel, int copy) override;
    void reset() override;
    std::string judge() override;
    Work work() const override;

    // Of y, quantized or not.
    double at(int b, int t, int c) const { return y_ ? y_->at(b, t, c) : quantized_->at(b, t, c); }
    // Every bit that the stage wrote.
    const Floats &written() const { return y_ ? y_->values : quantized_->values; }

private:
    struct Expected {
        double value, tolerance;
    };

    Expected expect(int b, int t, int c) const;
    std::string judge_values();
    std::string judge_quantized();
    int chunks_of_y() const { return round_up(shape_.outputs, blocks_.panel) / blocks_.lanes; }

    LinearShape shape_;
    Layout blocks_;
    std::string kernel_, epilogue_;
    FixedFormat format_;
    const KnownActivation *activation_;  // null where another epilogue follows
    FixedOperands operands_;
    bool in_place_;
    FixedTiles x_;
    FixedPanels panels_;
    ColdCopies weights_;              // panels, then their terms, then the bias
    Tiles residual_;                  // of no images without one
    std::optional<Tiles> y_;
    std::optional<FixedTiles> quantized_;  // in its place, where an activation follows
    std::vector<int> images_, tokens_, outputs_;  // compared
};

}  // namespace vit::cases
