// The stage patch_embed against its reference: every shape and way to compile it.
#include <climits>

#include <gtest/gtest.h>

#include "runtime/backend/buffer.h"
#include "tests/reference/patch_embed.h"
#include "tests/support/comparison.h"
#include "tests/support/random.h"
#include "tests/support/stage.h"
#include "tests/support/tiles.h"
#include "tests/support/tolerance.h"

namespace vit::test {
namespace {

struct Shape {
    const char *name;
    int width, height, channels, patch_width, patch_height, prefix, embedding, batch;
    int most_tokens = INT_MAX, most_channels = INT_MAX;  // to compare

    int patches() const { return (width / patch_width) * (height / patch_height); }
    int tokens() const { return prefix + patches(); }
    int inputs() const { return channels * patch_height * patch_width; }

    friend void PrintTo(const Shape &shape, std::ostream *out) { *out << shape.name; }
};

const Shape awkward_shapes[] = {
    {"1_patch_of_4", 4, 4, 1, 4, 4, 0, 36, 1},
    {"patches_of_7_fashion_mnist", 28, 28, 1, 7, 7, 1, 100, 3},
    {"patches_of_14_undivided_image", 50, 37, 3, 14, 14, 0, 130, 1},
    {"patches_of_16_undivided_image_batch_3", 50, 37, 3, 16, 16, 2, 36, 3},
    {"patches_of_32", 96, 64, 3, 32, 32, 5, 45, 1},
    {"patches_5_wide_3_high", 33, 20, 2, 5, 3, 1, 100, 3},
    {"patches_12_wide_20_high", 49, 61, 3, 12, 20, 1, 36, 1},
    {"patches_of_1_after_17_tokens", 13, 3, 4, 1, 1, 17, 7, 1},
};

const Shape model_shapes[] = {
    {"vit_ti16", 224, 224, 3, 16, 16, 1, 192, 1, 40, 40},
    {"vit_b16_batch_3", 224, 224, 3, 16, 16, 1, 768, 3, 40, 40},
    {"vit_b16_384", 384, 384, 3, 16, 16, 1, 768, 1, 40, 40},
    {"vit_b32", 224, 224, 3, 32, 32, 1, 768, 1, 40, 40},
    {"vit_l16", 224, 224, 3, 16, 16, 1, 1024, 1, 40, 40},
    {"vit_h14", 224, 224, 3, 14, 14, 1, 1280, 1, 40, 40},
    {"vit_b14_4_registers", 224, 224, 3, 14, 14, 5, 768, 1, 40, 40},
};

// The stage's inputs, row-major.
struct Embedding {
    Shape shape;
    std::vector<float> pixels;   // [b][channel][y][x]
    std::vector<float> kernels;  // [c][channel][row][col]
    std::vector<float> origin;   // [t][c]

    Tiles output(const Variant &variant) const {
        return Tiles(variant.blocks, shape.tokens(), shape.embedding, shape.batch);
    }

    void run(const Variant &variant, Tiles &embedded) const {
        const Blocks &blocks = variant.blocks;
        const int row_chunks = divide_up(shape.patch_width, blocks.lanes),
                  padded_row = row_chunks * blocks.lanes;
        Panels weights(blocks, shape.channels * shape.patch_height * padded_row, shape.embedding);
        for (int c = 0; c < shape.embedding; c++) {
            for (int k = 0; k < shape.inputs(); k++) {
                weights.at(k / shape.patch_width * padded_row + k % shape.patch_width, c) =
                    kernels[static_cast<std::size_t>(c) * shape.inputs() + k];
            }
        }
        Tiles origin_tiles(blocks, shape.tokens(), shape.embedding, 1);
        origin_tiles.fill(origin, garbage, 0);
        Floats image(pixels);
        const int rows = shape.channels * shape.patch_height;
        Floats patches(static_cast<std::size_t>(shape.batch) * embedded.padded_tokens() * rows * padded_row);

        FloatView<4> image_view(image.data(), {shape.width, shape.height, shape.channels, shape.batch});
        FloatView<3> weights_view(weights.values.data(), {blocks.panel, weights.inputs, weights.panels});
        FloatView<4> origin_view(origin_tiles.values.data(),
                                 {blocks.lanes, blocks.token_tile, embedded.chunks, embedded.tiles});
        FloatView<7> patches_view(patches.data(),
                                  {blocks.lanes, blocks.token_tile, row_chunks, shape.patch_height,
                                   shape.channels, embedded.tiles, shape.batch});
        FloatView<5> embedded_view(embedded.values.data(), {blocks.lanes, blocks.token_tile, embedded.chunks,
                                                            embedded.tiles, shape.batch});
        kernel_of(variant, "patch_embed")(image_view, weights_view, origin_view, shape.prefix,
                                          shape.patch_width, shape.patch_height, patches_view,
                                          embedded_view);
        embedded.expect_finite();
        embedded.expect_zero_channel_pads();
        expect_pads_without_a_patch(embedded);
    }

    // Tokens that pad the last tile get nothing but their origin.
    void expect_pads_without_a_patch(const Tiles &embedded) const {
        for (int b = 0; b < shape.batch; b++) {
            for (int t = shape.tokens(); t < embedded.padded_tokens(); t++) {
                for (int c = 0; c < shape.embedding; c++) {
                    ASSERT_EQ(embedded.at(b, t, c), garbage)
                        << "pad (" << c << ", " << t << ", " << b << ")";
                }
            }
        }
    }

    // Calls visit(b, t, c, exact, magnitude).
    template<typename Visit>
    void for_compared(Visit visit) const {
        Random random;
        for (int b = 0; b < shape.batch; b++) {
            const reference::Picture picture{&pixels[pixels.size() / shape.batch * b],
                                             shape.width,
                                             shape.height,
                                             shape.channels,
                                             shape.patch_width,
                                             shape.patch_height};
            for (const int t : random.sample(shape.tokens(), shape.most_tokens)) {
                for (const int c : random.sample(shape.embedding, shape.most_channels)) {
                    const float *kernel = &kernels[static_cast<std::size_t>(c) * shape.inputs()];
                    double exact = origin[static_cast<std::size_t>(t) * shape.embedding + c];
                    double magnitude = std::abs(exact);
                    if (t >= shape.prefix) {
                        exact += reference::patch_product(picture, kernel, t - shape.prefix);
                        magnitude += reference::patch_product(picture, kernel, t - shape.prefix, true);
                    }
                    visit(b, t, c, exact, magnitude);
                }
            }
        }
    }
};

// The example of the paper: an image of H x W x C = 48 x 48 x 3 with P = 16 is N = HW / P^2 = 9 patches of
// P^2 C = 768 values. Embedded by the identity (E = I, so D = 768 as well) they come out as they are, class
// token first, positions added.
TEST(PatchEmbedExampleTest, an_image_of_48_by_48_is_9_patches_of_768_values) {
    const Shape shape{"example", 48, 48, 3, 16, 16, 1, 768, 1};
    ASSERT_EQ(shape.patches(), 9);
    ASSERT_EQ(shape.inputs(), 768);

    // Small integers, so that float32 is exact: a pixel says where it is, a position whose it is.
    Embedding example{shape, {}, std::vector<float>(768 * 768), {}};
    for (int i = 0; i < 48 * 48 * 3; i++) example.pixels.push_back(static_cast<float>(i));
    for (int c = 0; c < 768; c++) example.kernels[c * 768 + c] = 1;
    const auto class_token = [](int c) { return -1 - c; };
    const auto position = [](int t, int c) { return 10000 * t + c; };
    for (int t = 0; t < 10; t++) {
        for (int c = 0; c < 768; c++) {
            example.origin.push_back(static_cast<float>((t == 0 ? class_token(c) : 0) + position(t, c)));
        }
    }

    for (const Variant &variant : default_variants()) {
        SCOPED_TRACE(variant.name);
        Tiles embedded = example.output(variant);
        example.run(variant, embedded);
        ASSERT_EQ(embedded.tokens, 1 + 9);
        ASSERT_EQ(embedded.channels, 768);
        for (int c = 0; c < 768; c++) {
            ASSERT_EQ(embedded.at(0, 0, c), class_token(c) + position(0, c))
                << "the class token, channel " << c;
        }
        for (int patch = 0; patch < 9; patch++) {
            const int left = patch % 3 * 16, top = patch / 3 * 16;
            for (int c = 0; c < 768; c++) {
                const int channel = c / 256, row = c / 16 % 16, col = c % 16;
                const int pixel = (channel * 48 + top + row) * 48 + left + col;
                ASSERT_EQ(embedded.at(0, 1 + patch, c), pixel + position(1 + patch, c))
                    << "patch " << patch << ", value " << c;
            }
        }
    }
}

class PatchEmbedTest : public testing::TestWithParam<std::tuple<Variant, Shape>> {
protected:
    const Variant &variant() const { return std::get<0>(GetParam()); }
    const Shape &shape() const { return std::get<1>(GetParam()); }
    std::size_t pixel_count() const {
        return static_cast<std::size_t>(shape().batch) * shape().channels * shape().height * shape().width;
    }
};

TEST_P(PatchEmbedTest, random) {
    Random random;
    const float weight = 1.7f / std::sqrt(static_cast<float>(shape().inputs()));
    const Embedding embedding{
        shape(),
        random.uniforms(pixel_count(), -1, 1),
        random.uniforms(static_cast<std::size_t>(shape().embedding) * shape().inputs(), -weight, weight),
        random.uniforms(static_cast<std::size_t>(shape().tokens()) * shape().embedding, -1, 1)};
    Tiles embedded = embedding.output(variant());
    embedding.run(variant(), embedded);
    Comparison comparison("embedded");
    embedding.for_compared([&](int b, int t, int c, double exact, double magnitude) {
        comparison.add({b, t, c}, exact, embedded.at(b, t, c), sum_error(shape().inputs() + 1) * magnitude);
    });
}

TEST_P(PatchEmbedTest, integers_are_exact) {
    Random random;
    const Embedding embedding{
        shape(),
        random.integers(pixel_count(), -8, 8),
        random.integers(static_cast<std::size_t>(shape().embedding) * shape().inputs(), -8, 8),
        random.integers(static_cast<std::size_t>(shape().tokens()) * shape().embedding, -100, 100)};
    Tiles embedded = embedding.output(variant());
    embedding.run(variant(), embedded);
    Comparison comparison("embedded");
    embedding.for_compared([&](int b, int t, int c, double exact, double) {
        comparison.add({b, t, c}, exact, embedded.at(b, t, c), 0);
    });
}

std::string name_of(const testing::TestParamInfo<std::tuple<Variant, Shape>> &info) {
    return std::get<0>(info.param).name + "_" + std::get<1>(info.param).name;
}

INSTANTIATE_TEST_SUITE_P(models, PatchEmbedTest,
                         testing::Combine(testing::ValuesIn(default_variants()),
                                          testing::ValuesIn(model_shapes)),
                         name_of);
INSTANTIATE_TEST_SUITE_P(awkward, PatchEmbedTest,
                         testing::Combine(testing::ValuesIn(all_variants("patch_embed")),
                                          testing::ValuesIn(awkward_shapes)),
                         name_of);

}  // namespace
}  // namespace vit::test
