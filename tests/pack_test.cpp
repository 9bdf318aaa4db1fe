// The packing of weights, and what the layout generator says of the blocks that weights are packed into:
// all exact.
#include <gtest/gtest.h>

#include "tests/cases/pack.h"
#include "tests/support/random.h"
#include "tests/support/stage.h"

namespace vit::test {
namespace {

struct Shape : cases::PackShape {
    const char *name;

    Shape(const char *name, int inputs, int outputs) : PackShape{inputs, outputs}, name(name) {}
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
