// The stage head against its reference: every kind of score, shape and way to compile it.
#include <gtest/gtest.h>

#include "tests/cases/head.h"
#include "tests/support/random.h"
#include "tests/support/stage.h"

namespace vit::test {
namespace {

struct Shape : cases::HeadShape {
    const char *name;

    Shape(const char *its_name, int its_tokens, int its_features, int its_channels, int its_labels,
          int its_batch)
        : HeadShape{its_tokens, its_features, its_channels, its_labels, its_batch}, name(its_name) {}
    friend void PrintTo(const Shape &shape, std::ostream *out) { *out << shape.name; }
};

// Widths that no vector divides: some end in the first chunk of their last panel, some (45, 109) in its
// last.
const Shape awkward_shapes[] = {
    {"1_token_36_to_10", 1, 1, 36, 10, 1},
    {"2_tokens_109_to_1", 2, 1, 109, 1, 1},
    {"5_tokens_2_features_130_to_17_batch_3", 5, 2, 130, 17, 3},
    {"13_tokens_13_features_7_to_2", 13, 13, 7, 2, 1},
    {"197_tokens_45_to_1000_batch_3", 197, 1, 45, 1000, 3},
};

const Shape model_shapes[] = {
    {"vit_ti16", 197, 1, 192, 1000, 1},
    {"vit_b16_batch_3", 197, 1, 768, 1000, 3},
    {"vit_b16_class_token_beside_mean", 197, 2, 768, 1000, 1},
    {"vit_l16_imagenet_21k", 197, 1, 1024, 21843, 1},
    {"vit_h14", 257, 1, 1280, 1000, 1},
};

class HeadTest : public testing::TestWithParam<std::tuple<Variant, Shape>> {
protected:
    const Variant &variant() const { return std::get<0>(GetParam()); }
    const Shape &shape() const { return std::get<1>(GetParam()); }

    void test(const char *kernel, float offset) {
        Random random;
        cases::HeadCase head(shape(), variant().blocks, kernel, offset, random);
        expect_right(variant(), head);
    }
};

TEST_P(HeadTest, softmax) { test("head/softmax", 0); }

// Padded labels have a logit of zero: beside logits that are all far below it they must not count.
TEST_P(HeadTest, softmax_far_below_the_pads) { test("head/softmax", -200); }

TEST_P(HeadTest, sigmoid) { test("head/sigmoid", 0); }

TEST_P(HeadTest, identity) { test("head/identity", 0); }

// What is not a number is not given a score: one such logit leaves a softmax none at all.
TEST_P(HeadTest, nan_stays_nan) {
    for (const std::string kernel : {"head/softmax", "head/sigmoid", "head/identity"}) {
        SCOPED_TRACE(kernel);
        Random random;
        cases::HeadCase head(shape(), variant().blocks, kernel, 0, random);
        const int first = 0, last = shape().labels - 1;
        head.set_weight(last, 0, 0, NAN);
        head.reset();
        head.call(kernel_of(variant(), kernel), 0);
        for (int b = 0; b < shape().batch; b++) {
            ASSERT_TRUE(std::isnan(head.logit(b, last)));
            ASSERT_TRUE(std::isnan(head.score(b, last)));
            if (first != last) {
                ASSERT_FALSE(std::isnan(head.logit(b, first)));
                ASSERT_EQ(std::isnan(head.score(b, first)), kernel == "head/softmax");
            }
        }
    }
}

std::string name_of(const testing::TestParamInfo<std::tuple<Variant, Shape>> &info) {
    return std::get<0>(info.param).name + "_" + std::get<1>(info.param).name;
}

INSTANTIATE_TEST_SUITE_P(models, HeadTest,
                         testing::Combine(testing::ValuesIn(default_variants()),
                                          testing::ValuesIn(model_shapes)),
                         name_of);
INSTANTIATE_TEST_SUITE_P(awkward, HeadTest,
                         testing::Combine(testing::ValuesIn(all_variants("head")),
                                          testing::ValuesIn(awkward_shapes)),
                         name_of);

}  // namespace
}  // namespace vit::test
