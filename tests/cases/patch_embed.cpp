#include "tests/cases/patch_embed.h"

#include <algorithm>
#include <cmath>

#include "tests/cases/comparison.h"
#include "tests/cases/tolerance.h"
#include "tests/reference/patch_embed.h"

namespace vit::cases {

using namespace tolerance;

namespace {

std::vector<float> values(Operands operands, Random &random, std::size_t count, float height, int integer) {
    return operands == Operands::random ? random.uniforms(count, -height, height)
                                        : random.integers(count, -integer, integer);
}

// Products of about unit variance.
float weight_of(const PatchEmbedShape &shape) {
    return 1.7f / std::sqrt(static_cast<float>(shape.inputs()));
}

}  // namespace

PatchEmbedCase::PatchEmbedCase(const PatchEmbedShape &shape, const Layout &blocks, Operands operands,
                               Random &random)
    : PatchEmbedCase(shape, blocks, operands, values(operands, random, shape.pixels(), 1, 8),
                     values(operands, random, static_cast<std::size_t>(shape.embedding) * shape.inputs(),
                            weight_of(shape), 8),
                     values(operands, random, static_cast<std::size_t>(shape.tokens()) * shape.embedding, 1,
                            100),
                     random) {}

PatchEmbedCase::PatchEmbedCase(const PatchEmbedShape &shape, const Layout &blocks, Operands operands,
                               std::vector<float> pixels, std::vector<float> kernels,
                               std::vector<float> origin, Random &random)
    : embedded(blocks, shape.tokens(), shape.embedding, shape.batch), shape_(shape), operands_(operands),
      row_chunks_(divide_up(shape.patch_width, blocks.lanes)), kernels_(std::move(kernels)),
      origin_rows_(std::move(origin)), image_(pixels),
      panels_(blocks, shape.channels * shape.patch_height * row_chunks_ * blocks.lanes, shape.embedding),
      origin_(blocks, shape.tokens(), shape.embedding, 1),
      weights_(panels_.floats() + origin_.values.size(), shape.layers),
      patches_(static_cast<std::size_t>(shape.batch) * embedded.padded_tokens() * panels_.inputs),
      tokens_(random.sample(shape.tokens(), shape.most_tokens)),
      channels_(random.sample(shape.embedding, shape.most_channels)) {
    const int padded_row = row_chunks_ * blocks.lanes;
    for (int c = 0; c < shape.embedding; c++) {
        for (int k = 0; k < shape.inputs(); k++) {
            const int padded_k = k / shape.patch_width * padded_row + k % shape.patch_width;
            weights_.copy(0)[panels_.offset(padded_k, c)] =
                kernels_[static_cast<std::size_t>(c) * shape.inputs() + k];
        }
    }
    origin_.fill(origin_rows_, garbage, 0);
    std::copy_n(origin_.values.data(), origin_.values.size(), weights_.copy(0) + panels_.floats());
    weights_.repeat();
}

int PatchEmbedCase::call(const CalledKernel &kernel, int copy) {
    const PatchEmbedShape &s = shape_;
    const int lanes = embedded.blocks.lanes, token_tile = embedded.blocks.token_tile;
    const float *weights = weights_.copy(copy);
    FloatView<4> image(image_.data(), {s.width, s.height, s.channels, s.batch});
    FloatView<4> origin(weights + panels_.floats(), {lanes, token_tile, embedded.chunks, embedded.tiles});
    FloatView<7> patches(patches_.data(), {lanes, token_tile, row_chunks_, s.patch_height, s.channels,
                                           embedded.tiles, s.batch});
    return kernel(image, panels_.view(weights), origin, s.prefix, s.patch_width, s.patch_height, patches,
                  embedded.view_of_images());
}

void PatchEmbedCase::reset() {
    embedded.values.set(NAN);
    patches_.set(NAN);
}

void PatchEmbedCase::expect() {
    const PatchEmbedShape &s = shape_;
    for (int b = 0; b < s.batch; b++) {
        const reference::Picture picture{image_.data() + s.pixels() / s.batch * b,
                                         s.width,
                                         s.height,
                                         s.channels,
                                         s.patch_width,
                                         s.patch_height};
        for (const int t : tokens_) {
            for (const int c : channels_) {
                const float *kernel = &kernels_[static_cast<std::size_t>(c) * s.inputs()];
                double exact = origin_rows_[static_cast<std::size_t>(t) * s.embedding + c];
                double magnitude = std::abs(exact);
                if (t >= s.prefix) {
                    exact += reference::patch_product(picture, kernel, t - s.prefix);
                    magnitude += reference::patch_product(picture, kernel, t - s.prefix, true);
                }
                const double error = sum_error(s.inputs() + 1) * magnitude;
                expected_.push_back({b, t, c, exact, operands_ == Operands::random ? error : 0});
            }
        }
    }
}

std::string PatchEmbedCase::judge() {
    if (expected_.empty()) expect();
    Comparison comparison("embedded");
    for (const Expected &e : expected_) {
        comparison.add({e.b, e.t, e.c}, e.value, embedded.at(e.b, e.t, e.c), e.tolerance);
    }
    return first_of({comparison.text(), embedded.not_finite(), embedded.pads_not_zero(), wrong_pads(),
                     image_.written_outside(), weights_.written_outside(), patches_.written_outside(),
                     embedded.values.written_outside()});
}

// Tokens that pad the last tile get nothing but their origin.
std::string PatchEmbedCase::wrong_pads() const {
    for (int b = 0; b < shape_.batch; b++) {
        for (int t = shape_.tokens(); t < embedded.padded_tokens(); t++) {
            for (int c = 0; c < shape_.embedding; c++) {
                if (embedded.at(b, t, c) != garbage) {
                    return "pad (" + std::to_string(c) + ", " + std::to_string(t) + ", " +
                           std::to_string(b) + ") is not its origin";
                }
            }
        }
    }
    return {};
}

Work PatchEmbedCase::work() const {
    const double width = shape_.embedding, inputs = shape_.inputs(), tokens = shape_.tokens();
    const double pixels = static_cast<double>(shape_.pixels());
    return {2.0 * shape_.batch * shape_.patches() * inputs * width,
            4 * (pixels + inputs * width + (shape_.batch + 1) * tokens * width)};
}

}  // namespace vit::cases
