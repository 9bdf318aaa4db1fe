// The stage attention against its reference: every shape and way to compile it.
#include <climits>

#include <gtest/gtest.h>

#include "tests/cases/attention.h"
#include "tests/support/random.h"
#include "tests/support/stage.h"

namespace vit::test {
namespace {

struct Shape : cases::AttentionShape {
    std::string name;

    Shape(std::string name, int tokens, int heads, int head_size, int batch, int most_tokens = INT_MAX)
        : AttentionShape{tokens, heads, head_size, batch, most_tokens}, name(std::move(name)) {}
    friend void PrintTo(const Shape &shape, std::ostream *out) { *out << shape.name; }
};

const Shape awkward_shapes[] = {
    {"1_token_head_64", 1, 3, 64, 1},
    {"2_tokens_head_8", 2, 2, 8, 1},
    {"5_tokens_head_72_batch_3", 5, 3, 72, 3},
    {"13_tokens_head_1", 13, 1, 1, 1},
    {"197_tokens_head_20", 197, 1, 20, 1},
    {"197_tokens_head_80_batch_3", 197, 2, 80, 3, 20},
    {"257_tokens_head_104", 257, 2, 104, 1, 20},
    {"577_tokens_head_32", 577, 1, 32, 1, 50},
};

const Shape model_shapes[] = {
    {"vit_ti16", 197, 3, 64, 1, 20},
    {"vit_b16_batch_3", 197, 12, 64, 3, 10},
    {"vit_l16", 197, 16, 64, 1, 20},
    {"vit_h14", 257, 16, 80, 1, 20},
};

// Every number of tokens with every size of a head.
std::vector<Shape> crossed_shapes() {
    std::vector<Shape> shapes;
    for (const int tokens : {1, 2, 5, 197, 257, 577}) {
        for (const int head_size : {8, 20, 32, 64, 72, 80, 104}) {
            const std::string name =
                std::to_string(tokens) + "_tokens_heads_of_" + std::to_string(head_size);
            shapes.push_back({name, tokens, 2, head_size, 1, 10});
        }
    }
    return shapes;
}

class AttentionTest : public testing::TestWithParam<std::tuple<Variant, Shape>> {
protected:
    void test(cases::Operands operands) {
        const auto &[variant, shape] = GetParam();
        for (const int parts : variant.on_device
                                   ? cases::AttentionCase::parts_on_device(shape.tokens, variant.blocks)
                                   : std::vector<int>{0}) {
            SCOPED_TRACE(std::to_string(parts) + " parts of keys");
            Random random;
            cases::AttentionCase attention(shape, variant.blocks, parts, operands, random);
            expect_right(variant, attention);
        }
    }
};

TEST_P(AttentionTest, random) { test(cases::Operands::random); }

TEST_P(AttentionTest, integer_scores_are_exact) { test(cases::Operands::integers); }

std::string name_of(const testing::TestParamInfo<std::tuple<Variant, Shape>> &info) {
    return std::get<0>(info.param).name + "_" + std::get<1>(info.param).name;
}

INSTANTIATE_TEST_SUITE_P(models, AttentionTest,
                         testing::Combine(testing::ValuesIn(default_variants()),
                                          testing::ValuesIn(model_shapes)),
                         name_of);
INSTANTIATE_TEST_SUITE_P(crossed, AttentionTest,
                         testing::Combine(testing::ValuesIn(default_variants()),
                                          testing::ValuesIn(crossed_shapes())),
                         name_of);
INSTANTIATE_TEST_SUITE_P(awkward, AttentionTest,
                         testing::Combine(testing::ValuesIn(all_variants("attention")),
                                          testing::ValuesIn(awkward_shapes)),
                         name_of);

}  // namespace
}  // namespace vit::test
