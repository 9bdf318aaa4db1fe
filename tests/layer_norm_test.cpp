// The stage layer_norm against its reference: every shape and way to compile it.
#include <gtest/gtest.h>

#include "runtime/backend/buffer.h"
#include "tests/reference/layer_norm.h"
#include "tests/support/comparison.h"
#include "tests/support/layer_norm_error.h"
#include "tests/support/random.h"
#include "tests/support/stage.h"
#include "tests/support/tiles.h"

namespace vit::test {
namespace {

struct Shape {
    const char *name;
    int tokens, channels, batch;

    friend void PrintTo(const Shape &shape, std::ostream *out) { *out << shape.name; }
};

// Widths that no vector divides: some end in the first chunk of their last panel, some (45, 109) in its
// last.
const Shape awkward_shapes[] = {
    {"1_token_36", 1, 36, 1},
    {"2_tokens_109", 2, 109, 1},
    {"5_tokens_130_batch_3", 5, 130, 3},
    {"13_tokens_7", 13, 7, 1},
    {"197_tokens_45", 197, 45, 1},
    {"257_tokens_100_batch_3", 257, 100, 3},
    {"577_tokens_130", 577, 130, 1},
};

const Shape model_shapes[] = {
    {"vit_ti16", 197, 192, 1},
    {"vit_b16_batch_3", 197, 768, 3},
    {"vit_l16", 197, 1024, 1},
    {"vit_h14", 257, 1280, 1},
};

class LayerNormTest : public testing::TestWithParam<std::tuple<Variant, Shape>> {
protected:
    // x is uniform noise of the given height around an offset.
    void test(float offset, float height, float epsilon) {
        const auto &[variant, shape] = GetParam();
        const int width = shape.channels;
        Random random;
        const std::vector<float> rows = random.uniforms(
            static_cast<std::size_t>(shape.batch) * shape.tokens * width, offset - height, offset + height);
        const std::vector<float> gamma_values = random.uniforms(width, -2, 2),
                                 beta_values = random.uniforms(width, -1, 1);

        Tiles x(variant.blocks, shape.tokens, width, shape.batch),
            y(variant.blocks, shape.tokens, width, shape.batch);
        x.fill(rows, garbage, 0);
        Floats gamma(padded(variant.blocks, gamma_values)), beta(padded(variant.blocks, beta_values));
        const auto view = [](Tiles &tiles) {
            return FloatView<4>(tiles.values.data(), {tiles.blocks.lanes, tiles.blocks.token_tile,
                                                      tiles.chunks, tiles.tiles * tiles.batch});
        };
        FloatView<1> gamma_view(gamma.data(), {x.padded_channels()}),
            beta_view(beta.data(), {x.padded_channels()});
        kernel_of(variant, "layer_norm")(view(x), gamma_view, beta_view, width,
                                                                   epsilon, view(y));

        Comparison comparison("normalized");
        for (int b = 0; b < shape.batch; b++) {
            for (int t = 0; t < shape.tokens; t++) {
                const float *row = &rows[(static_cast<std::size_t>(b) * shape.tokens + t) * width];
                const auto exact =
                    reference::layer_norm(row, gamma_values.data(), beta_values.data(), width, epsilon);
                const LayerNormError error(row, width, epsilon, exact);
                for (int c = 0; c < width; c++) {
                    comparison.add({b, t, c}, exact.y[c], y.at(b, t, c),
                                   error.of(row[c], gamma_values[c], epsilon, exact, exact.y[c]));
                }
            }
        }
        y.expect_finite();
        y.expect_zero_channel_pads();  // where gamma and beta are zero
    }
};

TEST_P(LayerNormTest, usual) { test(0.3f, 2, 1e-12f); }

// Where E[x^2] - mean^2 would cancel: a variance of 1/3 beside a mean of 1000, whose square is known to
// 0.06.
TEST_P(LayerNormTest, large_mean) { test(1000, 1, 1e-6f); }

// Where epsilon is half of what is under the root.
TEST_P(LayerNormTest, epsilon_counts) { test(0, 0.01f, 3.3e-5f); }

std::string name_of(const testing::TestParamInfo<std::tuple<Variant, Shape>> &info) {
    return std::get<0>(info.param).name + "_" + std::get<1>(info.param).name;
}

INSTANTIATE_TEST_SUITE_P(models, LayerNormTest,
                         testing::Combine(testing::ValuesIn(default_variants()),
                                          testing::ValuesIn(model_shapes)),
                         name_of);
INSTANTIATE_TEST_SUITE_P(awkward, LayerNormTest,
                         testing::Combine(testing::ValuesIn(all_variants("layer_norm")),
                                          testing::ValuesIn(awkward_shapes)),
                         name_of);

// Every value alike: the variance is zero, or what the rounding of the mean makes of it, and only beta is
// left.
TEST(LayerNormConstantTest, beta_is_left) {
    for (const Variant &variant : default_variants()) {
        SCOPED_TRACE(variant.name);
        const int width = 100;
        const std::vector<float> rows(2 * width, 0.5f), ones(width, 1.0f), betas(width, -3.0f);
        Tiles x(variant.blocks, 2, width, 1), y(variant.blocks, 2, width, 1);
        x.fill(rows, garbage, 0);
        Floats gamma(padded(variant.blocks, ones)), beta(padded(variant.blocks, betas));
        FloatView<4> from(x.values.data(), {x.blocks.lanes, x.blocks.token_tile, x.chunks, x.tiles});
        FloatView<4> to(y.values.data(), {y.blocks.lanes, y.blocks.token_tile, y.chunks, y.tiles});
        FloatView<1> gamma_view(gamma.data(), {x.padded_channels()}),
            beta_view(beta.data(), {x.padded_channels()});
        kernel_of(variant, "layer_norm")(from, gamma_view, beta_view, width,
                                                                   1e-12f, to);
        // The sum of 100 halves is exact; the mean may be off by the error of a division, times rstd = 10^6.
        Comparison comparison("normalized");
        for (int c = 0; c < width; c++) comparison.add({c}, -3, y.at(0, 1, c), 1e6 * quotient_error * 0.5);
    }
}

}  // namespace
}  // namespace vit::test
