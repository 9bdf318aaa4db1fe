// Attention of all heads to q, k and v beside each other in one token matrix, as the qkv layer leaves them.
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

struct AttentionShape {
    int tokens, heads, head_size, batch;
    int most_tokens = INT_MAX, most_images = INT_MAX;  // compared, of a head of an image; of all
};

class AttentionCase : public Case {
public:
    // Into how many parts keys fall; 0: as a processor computes it, without parts, and by the kernel named,
    // whose precision is what generators/kernels.cmake says of it.
    AttentionCase(const AttentionShape &shape, const Layout &blocks, int parts, Operands operands,
                  Random &random, std::string kernel = "attention");

    // Those of a device: as many as its memory asks for, and two in any case, if there are keys for two.
    static std::vector<int> parts_on_device(int tokens, const Layout &blocks);

    std::string kernel() const override;
    int call(const CalledKernel &kernel, int copy) override;
    void reset() override;
    std::string judge() override;
    Work work() const override;

    // Of the context, quantized or not.
    double at(int b, int h, int t, int d) const {
        return quantized_ ? quantized_->at(b, t, channel(h, d)) : context_.at(b, t, channel(h, d));
    }
    // Every bit that the stage wrote.
    const Floats &written() const { return quantized_ ? quantized_->values : context_.values; }
    // Of q, k or v: for what an operand that is not finite makes of the others.
    enum class Part { q, k, v };
    void set(Part part, int b, int h, int t, int d, float value) {
        qkv_.at(b, t, static_cast<int>(part) * width_ + channel(h, d)) = value;
    }

    int threads = 2;  // that a processor's tasks are for

private:
    struct Expected {
        int b, h, t;
        std::vector<double> context, tolerance;  // [d]
    };

    std::size_t row(int b, int h, int t) const {
        return ((static_cast<std::size_t>(b) * shape_.heads + h) * shape_.tokens + t) * shape_.head_size;
    }
    int channel(int h, int d) const { return h * head_chunks_ * blocks_.lanes + d; }
    void fill();
    void expect(int b, int h, int t);
    std::string wrong_pads() const;
    std::string judge_quantized() const;

    AttentionShape shape_;
    Layout blocks_;
    int parts_;
    std::string kernel_;
    Operands operands_;
    int head_chunks_, width_, key_panels_;  // width_ of all heads, padded
    Tiles qkv_, context_;                  // context_ of no images where it is quantized,
    std::optional<FixedTiles> quantized_;  // in its place, a head a group
    Floats keys_, values_, mixtures_;   // memory that a device works in
    std::vector<float> q_, k_, v_;      // [b, h, t, d]
    std::vector<int> images_, tokens_;  // compared
    std::vector<Expected> expected_;    // made when they are first needed
};

}  // namespace vit::cases
