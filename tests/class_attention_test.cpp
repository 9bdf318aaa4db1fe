// The stage class_attention against its reference, which computes the keys and values that the stage does
// without: every shape and way to compile it.
#include <climits>

#include <gtest/gtest.h>

#include "tests/cases/class_attention.h"
#include "tests/support/random.h"
#include "tests/support/stage.h"

namespace vit::test {
namespace {

struct Shape : cases::ClassAttentionShape {
    const char *name;

    Shape(const char *its_name, int its_tokens, int its_width, int its_heads, int its_head_size,
          int its_batch, int its_most_heads = INT_MAX)
        : ClassAttentionShape{its_tokens, its_width, its_heads, its_head_size, its_batch, its_most_heads},
          name(its_name) {}
    friend void PrintTo(const Shape &shape, std::ostream *out) { *out << shape.name; }
};

// Widths and heads that no vector divides; heads of one and three chunks start in the middle of a panel.
const Shape awkward_shapes[] = {
    {"1_token_of_24_3_heads_of_8", 1, 24, 3, 8, 1},
    {"2_tokens_of_36_1_head_of_36", 2, 36, 1, 36, 1},
    {"5_tokens_of_144_2_heads_of_72_batch_3", 5, 144, 2, 72, 3},
    {"13_tokens_of_7_7_heads_of_1", 13, 7, 7, 1, 1},
    {"16_tokens_of_60_3_heads_of_20_batch_3", 16, 60, 3, 20, 3},
    {"257_tokens_of_208_2_heads_of_104", 257, 208, 2, 104, 1},
};

const Shape model_shapes[] = {
    {"vit_ti16_batch_3", 197, 192, 3, 64, 3},
    {"vit_b16", 197, 768, 12, 64, 1, 3},
    {"vit_h14", 257, 1280, 16, 80, 1, 2},
};

class ClassAttentionTest : public testing::TestWithParam<std::tuple<Variant, Shape>> {
protected:
    void test(cases::Operands operands) {
        const auto &[variant, shape] = GetParam();
        Random random;
        cases::ClassAttentionCase attention(shape, variant.blocks, operands, random);
        expect_right(variant, attention);
    }
};

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ClassAttentionTest);  // no device has it

TEST_P(ClassAttentionTest, random) { test(cases::Operands::random); }

TEST_P(ClassAttentionTest, integer_scores_are_exact) { test(cases::Operands::integers); }

std::string name_of(const testing::TestParamInfo<std::tuple<Variant, Shape>> &info) {
    return std::get<0>(info.param).name + "_" + std::get<1>(info.param).name;
}

// Devices have no such kernel: they attend to the keys and values of all tokens.
std::vector<Variant> of_processors(std::vector<Variant> variants) {
    std::erase_if(variants, [](const Variant &variant) { return variant.on_device; });
    return variants;
}

INSTANTIATE_TEST_SUITE_P(models, ClassAttentionTest,
                         testing::Combine(testing::ValuesIn(of_processors(default_variants())),
                                          testing::ValuesIn(model_shapes)),
                         name_of);
INSTANTIATE_TEST_SUITE_P(awkward, ClassAttentionTest,
                         testing::Combine(testing::ValuesIn(of_processors(all_variants("class_attention"))),
                                          testing::ValuesIn(awkward_shapes)),
                         name_of);

}  // namespace
}  // namespace vit::test
