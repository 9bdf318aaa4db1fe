// The packing of weights, and what the layout generator says of the blocks that weights are packed into:
// all exact.
#include <bit>
#include <cmath>
#include <iterator>

#include <gtest/gtest.h>

#include "tests/cases/pack.h"
#include "tests/support/random.h"
#include "tests/support/safetensors_writer.h"
#include "tests/support/stage.h"

namespace vit::test {
namespace {

struct Shape : cases::PackShape {
    const char *name;

    Shape(const char *its_name, int its_inputs, int its_outputs)
        : PackShape{its_inputs, its_outputs}, name(its_name) {}
    friend void PrintTo(const Shape &shape, std::ostream *out) { *out << shape.name; }
};

const Shape shapes[] = {
    {"1_to_1", 1, 1},
    {"36_to_100", 36, 100},
    {"130_to_36", 130, 36},
    {"7_to_2", 7, 2},
    {"192_to_1000", 192, 1000},
};

class PackTest : public testing::TestWithParam<std::tuple<Variant, Shape>> {
protected:
    const Variant &variant() const { return std::get<0>(GetParam()); }
    const Shape &shape() const { return std::get<1>(GetParam()); }

    // Pads stand in groups of 5 rows and 3 columns, as they do between heads.
    void test_panels(const char *kernel, std::initializer_list<float> scales) {
        using cases::PackPanelsCase;
        for (const float scale : scales) {
            Random random;
            PackPanelsCase pack(shape(), variant().blocks, kernel, scale,
                                PackPanelsCase::map_of(shape().outputs, 5, variant().blocks.panel),
                                PackPanelsCase::map_of(shape().inputs, 3, variant().blocks.lanes), random);
            expect_right(variant(), pack);
        }
    }
};

TEST_P(PackTest, panels_of_float32) { test_panels("pack_panels/f32", {1, 0.1118034f}); }

TEST_P(PackTest, panels_of_float16) { test_panels("pack_panels/f16", {1, 0.125f}); }

TEST_P(PackTest, panels_of_bfloat16) { test_panels("pack_panels/bf16", {1, 0.125f}); }

// To the nearest, ties to even, as hardware does it.
class RoundPanelsTest : public testing::TestWithParam<std::tuple<Variant, std::string>> {};

TEST_P(RoundPanelsTest, are_the_nearest_halves) {
    const Variant &variant = std::get<0>(GetParam());
    const std::string &precision = std::get<1>(GetParam());
    const std::string name = "round_panels/" + precision;
    if (variant.on_device) return;
    Random random;
    const int panel = variant.blocks.panel, inputs = 400, panels = 2;
    const std::size_t count = static_cast<std::size_t>(panel) * inputs * panels;
    std::vector<float> values = random.uniforms(count, -1, 1);
    for (std::size_t i = 0; i < count; i++) {  // of all sizes, and some that lie halfway
        values[i] = std::ldexp(values[i], static_cast<int>(i % 42) - 26);
        if (i % 5 == 0) values[i] = std::bit_cast<float>(std::bit_cast<std::uint32_t>(values[i]) & ~0xfffu);
        if (i % 7 == 0) values[i] = std::bit_cast<float>(std::bit_cast<std::uint32_t>(values[i]) | 0x8000u);
    }
    const float edges[] = {0.0f, -0.0f, 65504, -65504, 0x1p-14f, 0x1p-24f, 0x1p-25f, 0x1.8p-25f, 0x1p-30f};
    std::copy(std::begin(edges), std::end(edges), values.begin());
    std::vector<std::uint16_t> rounded(count, 0xffff);
    const halide_type_t half = halide_type_of<std::uint16_t>();
    kernel_of(variant, name)(FloatView<3>(values.data(), {panel, inputs, panels}),
                             BufferView<3>(rounded.data(), half, {panel, inputs, panels}));
    for (std::size_t i = 0; i < count; i++) {
        const std::uint16_t expected = precision == "f16" ? to_f16(values[i]) : to_bf16(values[i]);
        ASSERT_EQ(rounded[i], expected) << values[i];
    }
}

INSTANTIATE_TEST_SUITE_P(all, RoundPanelsTest,
                         testing::Combine(testing::ValuesIn(default_variants()),
                                          testing::Values("f16", "bf16")),
                         [](const auto &tested) {
                             return std::get<0>(tested.param).name + "_" + std::get<1>(tested.param);
                         });

TEST_P(PackTest, tiles) {
    Random random;
    cases::PackTilesCase pack(shape().inputs, shape().outputs, variant().blocks, random);
    expect_right(variant(), pack);
}

std::string name_of(const testing::TestParamInfo<std::tuple<Variant, Shape>> &info) {
    return std::get<0>(info.param).name + "_" + std::get<1>(info.param).name;
}

INSTANTIATE_TEST_SUITE_P(all, PackTest,
                         testing::Combine(testing::ValuesIn(all_variants("pack")),
                                          testing::ValuesIn(shapes)),
                         name_of);

TEST(LayoutTest, says_what_it_was_compiled_for) {
    for (const Variant &variant : other_layouts()) {
        SCOPED_TRACE(variant.name);
        EXPECT_EQ(std::to_string(variant.blocks.lanes), variant.params.at("lanes"));
        EXPECT_EQ(std::to_string(variant.blocks.token_tile), variant.params.at("token_tile"));
        EXPECT_EQ(std::to_string(variant.blocks.panel), variant.params.at("panel"));
    }
}

TEST(LayoutTest, is_sound_by_default) {
    for (const Variant &variant : default_variants()) {
        SCOPED_TRACE(variant.name);
        EXPECT_GT(variant.blocks.lanes, 0);
        EXPECT_GT(variant.blocks.token_tile, 0);
        EXPECT_GT(variant.blocks.panel, 0);
        EXPECT_EQ(variant.blocks.panel % variant.blocks.lanes, 0);
    }
}

}  // namespace
}  // namespace vit::test
