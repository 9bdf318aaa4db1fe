// Attention of the class token alone, from q, the normalized tokens and the weights of keys and values.
#pragma once

#include <climits>
#include <vector>

#include "tests/cases/case.h"
#include "tests/cases/random.h"
#include "tests/cases/tiles.h"

namespace vit::cases {

struct ClassAttentionShape {
    int tokens, width, heads, head_size, batch;
    int most_heads = INT_MAX;  // compared, of an image
    int layers = 1;            // whose weights a pass reads
};

class ClassAttentionCase : public Case {
public:
    ClassAttentionCase(const ClassAttentionShape &shape, const Layout &blocks, Operands operands,
                       Random &random);

    std::string kernel() const override { return "class_attention"; }
    int copies() const override { return weights_.count(); }
    int call(const CalledKernel &kernel, int copy) override;
    void reset() override { context_.values.set(NAN); }
    std::string judge() override;
    Work work() const override;

private:
    struct Expected {
        int b, h;
        std::vector<double> context, tolerance;  // [d]
    };

    std::size_t row(int h, int d) const { return static_cast<std::size_t>(h) * shape_.head_size + d; }
    std::size_t rows() const { return row(shape_.heads, 0); }  // of all heads
    int channel(int h, int d) const { return h * head_chunks_ * blocks_.lanes + d; }
    void fill();
    void expect(int b, int h);
    std::vector<double> tolerance_of(int b, int h, const std::vector<double> &weights,
                                     const std::vector<double> &context) const;
    std::string wrong_pads() const;

    ClassAttentionShape shape_;
    Layout blocks_;
    Operands operands_;
    int head_chunks_, part_;                    // channels of all heads, padded
    std::vector<float> q_, x_;                  // [b, h, d], [b, t, c]
    std::vector<float> key_rows_, value_rows_;  // [h, d, c]
    std::vector<float> key_bias_, value_bias_;  // [h, d]
    Tiles in_, qkv_, context_;
    Panels panels_;
    ColdCopies weights_;              // panels of keys, of values, bias of values
    std::vector<int> heads_;          // compared, of each image
    std::vector<Expected> expected_;  // made when they are first needed
};

}  // namespace vit::cases
