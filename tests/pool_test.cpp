// The stage pool against its reference: every shape and way to compile it.
#include <gtest/gtest.h>

#include "runtime/backend/buffer.h"
#include "tests/reference/pool.h"
#include "tests/support/comparison.h"
#include "tests/support/random.h"
#include "tests/support/stage.h"
#include "tests/support/tiles.h"
#include "tests/support/tolerance.h"

namespace vit::test {
namespace {

struct Range {
    int first, count;
};

struct Shape {
    const char *name;
    int tokens, channels, batch;
    std::vector<Range> ranges;

    friend void PrintTo(const Shape &shape, std::ostream *out) { *out << shape.name; }
};

// Widths that no vector divides, ranges that start and end within tiles and overlap, and more of them than a
// tile has tokens.
const Shape awkward_shapes[] = {
    {"1_token_of_36", 1, 36, 1, {{0, 1}}},
    {"2_tokens_of_109", 2, 109, 1, {{1, 1}}},
    {"5_tokens_of_130_batch_3", 5, 130, 3, {{0, 1}, {1, 4}}},
    {"50_tokens_of_7_13_ranges", 50, 7, 1,
     {{0, 1}, {1, 1}, {49, 1}, {0, 50}, {1, 49}, {2, 11}, {3, 12}, {4, 13}, {5, 5}, {16, 32}, {7, 2},
      {48, 2}, {11, 22}}},
    {"197_tokens_of_45_batch_3", 197, 45, 3, {{1, 196}, {0, 1}}},
};

const Shape model_shapes[] = {
    {"vit_ti16_mean", 197, 192, 1, {{1, 196}}},
    {"vit_b16_gap", 196, 768, 3, {{0, 196}}},
    {"vit_b16_class_token_beside_mean", 197, 768, 1, {{0, 1}, {1, 196}}},
    {"vit_l16_two_tokens", 198, 1024, 1, {{0, 1}, {1, 1}}},
    {"vit_h14_4_registers", 261, 1280, 1, {{0, 1}, {5, 256}}},
};

class PoolTest : public testing::TestWithParam<std::tuple<Variant, Shape>> {
protected:
    const Variant &variant() const { return std::get<0>(GetParam()); }
    const Shape &shape() const { return std::get<1>(GetParam()); }
    int features() const { return static_cast<int>(shape().ranges.size()); }

    // Calls compare(b, f, c, exact mean, the mean of magnitudes, what was computed).
    template<typename Compare>
    void test(const std::vector<float> &rows, Compare compare) const {
        const Blocks &blocks = variant().blocks;
        Tiles x(blocks, shape().tokens, shape().channels, shape().batch);
        Tiles pooled(blocks, features(), shape().channels, shape().batch);
        x.fill(rows, garbage, 0);
        std::vector<std::int32_t> ranges;
        for (const Range &range : shape().ranges) ranges.insert(ranges.end(), {range.first, range.count});
        BufferView<2> ranges_view(ranges.data(), halide_type_of<std::int32_t>(), {2, features()});
        const auto view = [&](Tiles &tiles) {
            return FloatView<5>(tiles.values.data(),
                                {blocks.lanes, blocks.token_tile, tiles.chunks, tiles.tiles, tiles.batch});
        };
        kernel_of(variant(), "pool")(view(x), ranges_view, view(pooled));

        std::vector<float> magnitudes;
        for (const float value : rows) magnitudes.push_back(std::abs(value));
        const std::size_t image = static_cast<std::size_t>(shape().tokens) * shape().channels;
        for (int b = 0; b < shape().batch; b++) {
            for (int f = 0; f < features(); f++) {
                const auto [first, count] = shape().ranges[f];
                for (int c = 0; c < shape().channels; c++) {
                    compare(b, f, c,
                            reference::mean(&rows[b * image], shape().channels, c, first, count),
                            reference::mean(&magnitudes[b * image], shape().channels, c, first, count),
                            pooled.at(b, f, c));
                }
            }
            for (int f = features(); f < pooled.padded_tokens(); f++) {
                for (int c = 0; c < pooled.padded_channels(); c++) {
                    ASSERT_EQ(pooled.at(b, f, c), 0) << "pad (" << c << ", " << f << ", " << b << ")";
                }
            }
        }
        pooled.expect_finite();
        pooled.expect_zero_channel_pads();
    }

    std::size_t values() const {
        return static_cast<std::size_t>(shape().batch) * shape().tokens * shape().channels;
    }
};

TEST_P(PoolTest, random) {
    Random random;
    Comparison comparison("pooled");
    test(random.uniforms(values(), -1, 2),
         [&](int b, int f, int c, double exact, double magnitude, float actual) {
             const int count = shape().ranges[f].count;
             comparison.add({b, f, c}, exact, actual,
                            (sum_error(count - 1) + (count > 1 ? quotient_error : 0)) * magnitude);
         });
}

// Sums of integers are exact; a mean of a power of two of them is, too, and one token is what it was.
TEST_P(PoolTest, integers) {
    Random random;
    Comparison comparison("pooled");
    test(random.integers(values(), -8, 8),
         [&](int b, int f, int c, double exact, double, float actual) {
             const int count = shape().ranges[f].count;
             const bool whole = (count & (count - 1)) == 0;
             comparison.add({b, f, c}, exact, actual, whole ? 0 : quotient_error * std::abs(exact));
         });
}

std::string name_of(const testing::TestParamInfo<std::tuple<Variant, Shape>> &info) {
    return std::get<0>(info.param).name + "_" + std::get<1>(info.param).name;
}

INSTANTIATE_TEST_SUITE_P(models, PoolTest,
                         testing::Combine(testing::ValuesIn(default_variants()),
                                          testing::ValuesIn(model_shapes)),
                         name_of);
INSTANTIATE_TEST_SUITE_P(awkward, PoolTest,
                         testing::Combine(testing::ValuesIn(all_variants("pool")),
                                          testing::ValuesIn(awkward_shapes)),
                         name_of);

}  // namespace
}  // namespace vit::test
