// The stage pool against its reference: every shape and way to compile it.
#include <gtest/gtest.h>

#include "tests/cases/pool.h"
#include "tests/support/random.h"
#include "tests/support/stage.h"

namespace vit::test {
namespace {

struct Shape : cases::PoolShape {
    const char *name;

    Shape(const char *its_name, int its_tokens, int its_channels, int its_batch,
          std::vector<cases::TokenRange> its_ranges)
        : PoolShape{its_tokens, its_channels, its_batch, std::move(its_ranges)}, name(its_name) {}
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
    void test(cases::Operands operands) {
        const auto &[variant, shape] = GetParam();
        Random random;
        cases::PoolCase pool(shape, variant.blocks, operands, random);
        expect_right(variant, pool);
    }
};

TEST_P(PoolTest, random) { test(cases::Operands::random); }

TEST_P(PoolTest, integers) { test(cases::Operands::integers); }

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
