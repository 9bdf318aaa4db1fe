// The packing of weights, and what the layout generator says of the blocks that weights are packed into:
// all exact.
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/backend/buffer.h"
#include "tests/reference/pack.h"
#include "tests/support/random.h"
#include "tests/support/stage.h"
#include "tests/support/tiles.h"

namespace vit::test {
namespace {

using IndexMap = std::vector<std::int32_t>;  // -1: a pad

struct Shape {
    const char *name;
    int inputs, outputs;

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

    // Indices into `count` with pads between them, in groups of `size` (as a head's channels), and at the
    // end.
    static IndexMap map_of(int count, int size, int block) {
        IndexMap map;
        for (int i = 0; i < count; i++) {
            if (i % size == 0) map.resize(round_up(static_cast<int>(map.size()), 4), -1);
            map.push_back(i);
        }
        map.resize(round_up(static_cast<int>(map.size()), block), -1);
        return map;
    }

    // bits [outputs][inputs] in the checkpoint's type, values the same as float32.
    template<typename T>
    void test(const char *kernel, halide_type_t halide_type, const std::vector<T> &bits,
              const std::vector<float> &values, float scale) {
        const Blocks &blocks = variant().blocks;
        const IndexMap rows = map_of(shape().outputs, 5, blocks.panel),
                       columns = map_of(shape().inputs, 3, blocks.lanes);
        const int row_count = static_cast<int>(rows.size()), column_count = static_cast<int>(columns.size());
        Floats panels(rows.size() * columns.size());
        BufferView<2> weight(bits.data(), halide_type, {shape().inputs, shape().outputs});
        BufferView<1> rows_view(rows.data(), halide_type_of<std::int32_t>(), {row_count});
        BufferView<1> columns_view(columns.data(), halide_type_of<std::int32_t>(), {column_count});
        FloatView<3> panels_view(panels.data(), {blocks.panel, column_count, row_count / blocks.panel});
        std::vector<float> scales(rows.size());  // each twice the last but three
        for (std::size_t i = 0; i < scales.size(); i++) scales[i] = std::ldexp(scale, i % 3);
        FloatView<1> scales_view(scales.data(), {row_count});
        kernel_of(variant(), kernel)(weight, rows_view, columns_view, scales_view, panels_view);
        for (int c = 0; c < row_count; c++) {
            for (int k = 0; k < column_count; k++) {
                const float packed =
                    panels[(static_cast<std::size_t>(c / blocks.panel) * column_count + k) * blocks.panel +
                           c % blocks.panel];
                const float expected =
                    reference::packed(values.data(), shape().inputs, rows[c], columns[k], scales[c]);
                ASSERT_EQ(packed, expected) << kernel << ", row " << c << ", column " << k;
            }
        }
    }

    std::vector<std::uint16_t> random_bits(bool (*is_finite)(std::uint16_t)) const {
        Random random;
        std::vector<std::uint16_t> bits;
        while (bits.size() < static_cast<std::size_t>(shape().inputs) * shape().outputs) {
            const auto word = static_cast<std::uint16_t>(random.integer(0, 0xffff));
            if (is_finite(word)) bits.push_back(word);
        }
        return bits;
    }
};

TEST_P(PackTest, panels_of_float32) {
    Random random;
    const auto values = random.uniforms(static_cast<std::size_t>(shape().inputs) * shape().outputs, -1, 1);
    for (const float scale : {1.0f, 0.1118034f}) {
        test("pack_panels/f32", halide_type_of<float>(), values, values, scale);
    }
}

TEST_P(PackTest, panels_of_float16) {
    const auto bits = random_bits([](std::uint16_t word) { return (word >> 10 & 31) != 31; });
    std::vector<float> values;
    for (const std::uint16_t word : bits) values.push_back(reference::from_float16(word));
    test("pack_panels/f16", halide_type_t(halide_type_float, 16), bits, values, 1);
    test("pack_panels/f16", halide_type_t(halide_type_float, 16), bits, values, 0.125f);
}

TEST_P(PackTest, panels_of_bfloat16) {
    // Neither NaN nor infinite nor, since a product may flush it, a number below the normal ones.
    const auto bits =
        random_bits([](std::uint16_t word) { return (word >> 7 & 255) != 255 && (word >> 7 & 255) > 3; });
    std::vector<float> values;
    for (const std::uint16_t word : bits) values.push_back(reference::from_bfloat16(word));
    test("pack_panels/bf16", halide_type_t(halide_type_bfloat, 16), bits, values, 1);
    test("pack_panels/bf16", halide_type_t(halide_type_bfloat, 16), bits, values,
         0.125f);
}

TEST_P(PackTest, tiles) {
    Random random;
    const int tokens = shape().outputs, channels = shape().inputs;
    const auto rows = random.uniforms(static_cast<std::size_t>(tokens) * channels, -1, 1);
    Tiles packed(variant().blocks, tokens, channels, 1), expected(variant().blocks, tokens, channels, 1);
    expected.fill(rows, 0, 0);
    FloatView<2> matrix(rows.data(), {channels, tokens});
    FloatView<4> view(packed.values.data(),
                      {packed.blocks.lanes, packed.blocks.token_tile, packed.chunks, packed.tiles});
    kernel_of(variant(), "pack_tiles")(matrix, view);
    for (int t = 0; t < packed.padded_tokens(); t++) {
        for (int c = 0; c < packed.padded_channels(); c++) {
            ASSERT_EQ(packed.at(0, t, c), expected.at(0, t, c)) << "channel " << c << ", token " << t;
        }
    }
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
