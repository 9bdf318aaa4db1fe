// The stage layer_norm against its reference: every shape and way to compile it.
#include <gtest/gtest.h>

#include "tests/cases/layer_norm.h"
#include "tests/cases/tolerance.h"
#include "tests/support/comparison.h"
#include "tests/support/fixed_point.h"
#include "tests/support/random.h"
#include "tests/support/stage.h"

namespace vit::test {
namespace {

struct Shape : cases::LayerNormShape {
    const char *name;

    Shape(const char *its_name, int its_tokens, int its_channels, int its_batch)
        : LayerNormShape{its_tokens, its_channels, its_batch}, name(its_name) {}
    friend void PrintTo(const Shape &shape, std::ostream *out) { *out << shape.name; }
};

// Widths that no vector divides: some end in the first chunk of their last panel, some (45, 109) in its
// last.
const Shape awkward_shapes[] = {
    {"1_token_36", 1, 36, 1},
    {"2_tokens_109", 2, 109, 1},
    {"5_tokens_130_batch_3", 5, 130, 3},
    {"13_tokens_7", 13, 7, 1},
    {"197_tokens_45", 197, 45, 1},
    {"257_tokens_100_batch_3", 257, 100, 3},
    {"577_tokens_130", 577, 130, 1},
};

const Shape model_shapes[] = {
    {"vit_ti16", 197, 192, 1},
    {"vit_b16_batch_3", 197, 768, 3},
    {"vit_l16", 197, 1024, 1},
    {"vit_h14", 257, 1280, 1},
};

class LayerNormTest : public testing::TestWithParam<std::tuple<Variant, Shape>> {
protected:
    // x is uniform noise of the given height around an offset.
    void test(float offset, float height, float epsilon) {
        const auto &[variant, shape] = GetParam();
        Random random;
        cases::LayerNormCase norm(shape, variant.blocks, offset, height, epsilon, random);
        expect_right(variant, norm);
    }
};

TEST_P(LayerNormTest, usual) { test(0.3f, 2, 1e-12f); }

// Where E[x^2] - mean^2 would cancel: a variance of 1/3 beside a mean of 1000, whose square is known to
// 0.06.
TEST_P(LayerNormTest, large_mean) { test(1000, 1, 1e-6f); }

// Where epsilon is half of what is under the root.
TEST_P(LayerNormTest, epsilon_counts) { test(0, 0.01f, 3.3e-5f); }

std::string name_of(const testing::TestParamInfo<std::tuple<Variant, Shape>> &info) {
    return std::get<0>(info.param).name + "_" + std::get<1>(info.param).name;
}

INSTANTIATE_TEST_SUITE_P(models, LayerNormTest,
                         testing::Combine(testing::ValuesIn(default_variants()),
                                          testing::ValuesIn(model_shapes)),
                         name_of);
INSTANTIATE_TEST_SUITE_P(awkward, LayerNormTest,
                         testing::Combine(testing::ValuesIn(all_variants("layer_norm")),
                                          testing::ValuesIn(awkward_shapes)),
                         name_of);

class LayerNormFixedTest : public testing::TestWithParam<std::tuple<FixedVariant, Shape>> {
protected:
    void test(float offset, float height, float epsilon) {
        const auto &[its, shape] = GetParam();
        Random random;
        cases::LayerNormCase norm(shape, its.variant.blocks, offset, height, epsilon, random,
                                  its.kernel("layer_norm"));
        expect_right(its.variant, norm);
    }
};

TEST_P(LayerNormFixedTest, usual) { test(0.3f, 2, 1e-12f); }

TEST_P(LayerNormFixedTest, large_mean) { test(1000, 1, 1e-6f); }

TEST_P(LayerNormFixedTest, epsilon_counts) { test(0, 0.01f, 3.3e-5f); }

std::string name_of_fixed(const testing::TestParamInfo<std::tuple<FixedVariant, Shape>> &info) {
    return std::get<0>(info.param).name() + "_" + std::get<1>(info.param).name;
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(LayerNormFixedTest);  // no device has it
INSTANTIATE_TEST_SUITE_P(models, LayerNormFixedTest,
                         testing::Combine(testing::ValuesIn(with_both(default_variants())),
                                          testing::ValuesIn(model_shapes)),
                         name_of_fixed);
INSTANTIATE_TEST_SUITE_P(awkward, LayerNormFixedTest,
                         testing::Combine(testing::ValuesIn(joined(
                                              with_both(default_variants()),
                                              joined(with_either(tuning_corners("layer_norm")),
                                                     with_either(other_layouts(), 2)))),
                                          testing::ValuesIn(awkward_shapes)),
                         name_of_fixed);

// What a quantized token may be: with a gamma of zero it is beta.
class LayerNormExtremesTest : public testing::TestWithParam<FixedVariant> {
protected:
    const Layout &blocks() const { return GetParam().variant.blocks; }

    cases::LayerNormCase case_of(std::vector<float> beta) {
        const int width = static_cast<int>(beta.size()), tokens = 13;
        return case_of(random_.uniforms(static_cast<std::size_t>(tokens) * width, -2, 2),
                       std::vector<float>(width, 0), std::move(beta), tokens);
    }
    cases::LayerNormCase case_of(std::vector<float> x, std::vector<float> gamma, std::vector<float> beta,
                                 int tokens) {
        return {{tokens, static_cast<int>(beta.size()), 1}, blocks(), std::move(x), std::move(gamma),
                std::move(beta), 1e-6f, random_, GetParam().kernel("layer_norm")};
    }
    void call(cases::LayerNormCase &norm) {
        norm.reset();
        norm.call(kernel_of(GetParam().variant, norm.kernel()), 0);
    }

    Random random_;
};

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(LayerNormExtremesTest);
INSTANTIATE_TEST_SUITE_P(defaults, LayerNormExtremesTest, testing::ValuesIn(with_both(default_variants())),
                         [](const auto &tested) { return tested.param.name(); });

TEST_P(LayerNormExtremesTest, one_value) {
    for (const float value : {2.5f, -2.5f, 1e-20f, -1e38f, 1e38f}) {
        SCOPED_TRACE(value);
        cases::LayerNormCase norm = case_of(std::vector<float>(300, value));
        expect_right(GetParam().variant, norm);
    }
}

TEST_P(LayerNormExtremesTest, one_huge_value_among_small_ones) {
    for (const float huge : {1e30f, -1e30f}) {
        std::vector<float> beta(300, 1);
        beta[45] = huge;
        cases::LayerNormCase norm = case_of(beta);
        expect_right(GetParam().variant, norm);
    }
}

TEST_P(LayerNormExtremesTest, alternating_signs) {
    for (const float size : {1.0f, 1e-20f, 1e38f, 1.7e38f}) {
        SCOPED_TRACE(size);
        std::vector<float> beta(300);
        for (int c = 0; c < 300; c++) beta[c] = c % 2 ? size : -size;
        cases::LayerNormCase norm = case_of(beta);
        expect_right(GetParam().variant, norm);
    }
}

// Zeros, and values that are none next to the least range: within half a step of it.
TEST_P(LayerNormExtremesTest, nothing_but_zeros_and_denormals) {
    for (const float value : {0.0f, -0.0f, 1e-40f, -1e-40f}) {
        SCOPED_TRACE(value);
        cases::LayerNormCase norm = case_of(std::vector<float>(300, value));
        call(norm);
        EXPECT_EQ(norm.quantized->not_finite(), "");
        // A scale whose inverse is finite: zero times infinity is no number.
        EXPECT_GE(norm.quantized->scale(0, 12, 0) * norm.quantized->format.levels(), 0.99e-30);
        for (int c = 0; c < 300; c++) EXPECT_LE(std::abs(norm.at(0, 12, c)), 1e-30 / 255) << c;
    }
}

TEST_P(LayerNormExtremesTest, what_is_not_finite_stays_with_its_token) {
    for (const float value : {NAN, -NAN, INFINITY, -INFINITY}) {
        SCOPED_TRACE(value);
        std::vector<float> x = random_.uniforms(13 * 300, -2, 2);
        x[5 * 300 + 45] = value;
        cases::LayerNormCase norm =
            case_of(x, std::vector<float>(300, 1), std::vector<float>(300, 0), 13);
        call(norm);
        for (int t = 0; t < 13; t++) {
            for (int c = 0; c < 300; c++) {
                ASSERT_EQ(std::isfinite(norm.at(0, t, c)), t != 5) << t << ", " << c;
            }
        }
    }
}

// Every value alike: the variance is zero, or what the rounding of the mean makes of it, and only beta is
// left.
TEST(LayerNormConstantTest, beta_is_left) {
    for (const Variant &variant : default_variants()) {
        SCOPED_TRACE(variant.name);
        const int width = 100;
        Random random;
        cases::LayerNormCase norm({2, width, 1}, variant.blocks, std::vector<float>(2 * width, 0.5f),
                                  std::vector<float>(width, 1), std::vector<float>(width, -3), 1e-12f,
                                  random);
        norm.reset();
        norm.call(kernel_of(variant, norm.kernel()), 0);
        // The sum of 100 halves is exact; the mean may be off by the error of a division, times rstd = 10^6.
        Comparison comparison("normalized");
        for (int c = 0; c < width; c++) {
            comparison.add({c}, -3, norm.y.at(0, 1, c), 1e6 * tolerance::quotient_error * 0.5);
        }
    }
}

}  // namespace
}  // namespace vit::test
