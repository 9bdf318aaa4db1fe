// The stage patch_embed against its reference: every shape and way to compile it.
#include <gtest/gtest.h>

#include "tests/cases/patch_embed.h"
#include "tests/support/random.h"
#include "tests/support/stage.h"

namespace vit::test {
namespace {

struct Shape : cases::PatchEmbedShape {
    const char *name;

    Shape(const char *its_name, const cases::PatchEmbedShape &shape)
        : PatchEmbedShape(shape), name(its_name) {}
    friend void PrintTo(const Shape &shape, std::ostream *out) { *out << shape.name; }
};

const Shape awkward_shapes[] = {
    {"1_patch_of_4", {4, 4, 1, 4, 4, 0, 36, 1}},
    {"patches_of_7_fashion_mnist", {28, 28, 1, 7, 7, 1, 100, 3}},
    {"patches_of_14_undivided_image", {50, 37, 3, 14, 14, 0, 130, 1}},
    {"patches_of_16_undivided_image_batch_3", {50, 37, 3, 16, 16, 2, 36, 3}},
    {"patches_of_32", {96, 64, 3, 32, 32, 5, 45, 1}},
    {"patches_5_wide_3_high", {33, 20, 2, 5, 3, 1, 100, 3}},
    {"patches_12_wide_20_high", {49, 61, 3, 12, 20, 1, 36, 1}},
    {"patches_of_1_after_17_tokens", {13, 3, 4, 1, 1, 17, 7, 1}},
};

const Shape model_shapes[] = {
    {"vit_ti16", {224, 224, 3, 16, 16, 1, 192, 1, 40, 40}},
    {"vit_b16_batch_3", {224, 224, 3, 16, 16, 1, 768, 3, 40, 40}},
    {"vit_b16_384", {384, 384, 3, 16, 16, 1, 768, 1, 40, 40}},
    {"vit_b32", {224, 224, 3, 32, 32, 1, 768, 1, 40, 40}},
    {"vit_l16", {224, 224, 3, 16, 16, 1, 1024, 1, 40, 40}},
    {"vit_h14", {224, 224, 3, 14, 14, 1, 1280, 1, 40, 40}},
    {"vit_b14_4_registers", {224, 224, 3, 14, 14, 5, 768, 1, 40, 40}},
};

// The example of the paper: an image of H x W x C = 48 x 48 x 3 with P = 16 is N = HW / P^2 = 9 patches of
// P^2 C = 768 values. Embedded by the identity (E = I, so D = 768 as well) they come out as they are, class
// token first, positions added.
TEST(PatchEmbedExampleTest, an_image_of_48_by_48_is_9_patches_of_768_values) {
    const cases::PatchEmbedShape shape{48, 48, 3, 16, 16, 1, 768, 1};
    ASSERT_EQ(shape.patches(), 9);
    ASSERT_EQ(shape.inputs(), 768);

    // Small integers, so that float32 is exact: a pixel says where it is, a position whose it is.
    std::vector<float> pixels, identity(768 * 768), origin;
    for (int i = 0; i < 48 * 48 * 3; i++) pixels.push_back(static_cast<float>(i));
    for (int c = 0; c < 768; c++) identity[c * 768 + c] = 1;
    const auto class_token = [](int c) { return -1 - c; };
    const auto position = [](int t, int c) { return 10000 * t + c; };
    for (int t = 0; t < 10; t++) {
        for (int c = 0; c < 768; c++) {
            origin.push_back(static_cast<float>((t == 0 ? class_token(c) : 0) + position(t, c)));
        }
    }

    for (const Variant &variant : default_variants()) {
        SCOPED_TRACE(variant.name);
        Random random;
        cases::PatchEmbedCase example(shape, variant.blocks, pixels, identity, origin, random);
        expect_right(variant, example);
        const cases::Tiles &embedded = example.embedded;
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
    void test(cases::Operands operands) {
        const auto &[variant, shape] = GetParam();
        Random random;
        cases::PatchEmbedCase embedding(shape, variant.blocks, operands, random);
        expect_right(variant, embedding);
    }
};

TEST_P(PatchEmbedTest, random) { test(cases::Operands::random); }

TEST_P(PatchEmbedTest, integers_are_exact) { test(cases::Operands::integers); }

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
