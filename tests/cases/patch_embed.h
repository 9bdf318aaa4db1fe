// Patches of random pictures, embedded behind the tokens of a prefix.
#pragma once

#include <climits>
#include <vector>

#include "tests/cases/case.h"
#include "tests/cases/random.h"
#include "tests/cases/tiles.h"

namespace vit::cases {

struct PatchEmbedShape {
    int width, height, channels, patch_width, patch_height, prefix, embedding, batch;
    int most_tokens = INT_MAX, most_channels = INT_MAX;  // compared, of an image
    int layers = 1;                                      // of the model whose weights pass in between

    int patches() const { return (width / patch_width) * (height / patch_height); }
    int tokens() const { return prefix + patches(); }
    int inputs() const { return channels * patch_height * patch_width; }
    std::size_t pixels() const { return static_cast<std::size_t>(batch) * channels * height * width; }
};

class PatchEmbedCase : public Case {
public:
    PatchEmbedCase(const PatchEmbedShape &shape, const Layout &blocks, Operands operands, Random &random);
    // pixels are [b][channel][y][x], kernels [c][channel][row][col], origin [t][c]: integers.
    PatchEmbedCase(const PatchEmbedShape &shape, const Layout &blocks, std::vector<float> pixels,
                   std::vector<float> kernels, std::vector<float> origin, Random &random)
        : PatchEmbedCase(shape, blocks, Operands::integers, std::move(pixels), std::move(kernels),
                         std::move(origin), random) {}

    std::string kernel() const override { return "patch_embed"; }
    int copies() const override { return weights_.count(); }
    int call(const CalledKernel &kernel, int copy) override;
    void reset() override;
    std::string judge() override;
    Work work() const override;

    Tiles embedded;

private:
    struct Expected {
        int b, t, c;
        double value, tolerance;
    };

    PatchEmbedCase(const PatchEmbedShape &shape, const Layout &blocks, Operands operands,
                   std::vector<float> pixels, std::vector<float> kernels, std::vector<float> origin,
                   Random &random);
    void expect();
    std::string wrong_pads() const;

    PatchEmbedShape shape_;
    Operands operands_;
    int row_chunks_;  // of a row of a patch
    std::vector<float> kernels_, origin_rows_;
    Floats image_;
    Panels panels_;
    Tiles origin_;
    ColdCopies weights_;                  // panels, then the origin's tiles
    Floats patches_;                      // memory that the stage works in
    std::vector<int> tokens_, channels_;  // compared
    std::vector<Expected> expected_;      // made when they are first needed
};

}  // namespace vit::cases
