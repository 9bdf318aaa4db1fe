// The stage linear_fixed against its reference: every epilogue, shape and way to compile it, at both
// precisions. Where operands are integers, every sum is exact, so that every variant gives the same answer.
#include <cmath>
#include <cstring>

#include <gtest/gtest.h>

#include "runtime/backend/kernel_context.h"
#include "tests/cases/kernel_list.h"
#include "tests/cases/linear_fixed.h"
#include "tests/support/fixed_point.h"
#include "tests/support/random.h"
#include "tests/support/stage.h"

namespace vit::test {
namespace {

using cases::FixedFormat;
using cases::FixedOperands;
using cases::LinearFixedCase;
using cases::Operands;

struct Shape : cases::LinearShape {
    const char *name;
    int unused_inputs;

    Shape(const char *its_name, int its_tokens, int its_inputs, int its_outputs, int its_batch,
          int its_unused_inputs, int its_most_tokens = INT_MAX, int its_most_outputs = INT_MAX)
        : LinearShape{its_tokens, its_inputs, its_outputs, its_batch, its_most_tokens, its_most_outputs},
          name(its_name), unused_inputs(its_unused_inputs) {}
    friend void PrintTo(const Shape &shape, std::ostream *out) { *out << shape.name; }
};

// Widths that no vector divides: some end in the first chunk of their last panel, some (45, 109) in its
// last. A few have many groups, on either side.
const Shape awkward_shapes[] = {
    {"1_token_36_100", 1, 36, 100, 1, 0},
    {"2_tokens_45_36", 2, 45, 36, 1, 1},
    {"5_tokens_100_130_batch_3", 5, 100, 130, 3, 0},
    {"13_tokens_7_5", 13, 7, 5, 1, 1},
    {"13_tokens_760_500", 13, 760, 500, 1, 0},
    {"197_tokens_36_130", 197, 36, 130, 1, 0},
    {"257_tokens_130_36_batch_3", 257, 130, 36, 3, 1, 40, 36},
    {"577_tokens_109_45", 577, 109, 45, 1, 0},
};

const Shape model_shapes[] = {
    {"vit_ti16_qkv", 197, 192, 576, 1, 0, 32, 64},
    {"vit_b16_fc1", 197, 768, 3072, 3, 0, 16, 64},
    {"vit_l16_fc2", 197, 4096, 1024, 1, 0, 16, 64},
};

class LinearFixedTest : public testing::TestWithParam<std::tuple<FixedVariant, Shape>> {
protected:
    const Variant &variant() const { return its().variant; }
    const FixedVariant &its() const { return std::get<0>(GetParam()); }

    void test(const std::string &role, Operands operands, bool in_place = false) {
        const std::string kernel = its().kernel("linear_fixed", role);
        SCOPED_TRACE(kernel);
        const Shape &shape = std::get<1>(GetParam());
        Random random;
        LinearFixedCase linear(shape, variant().blocks, kernel, operands, random, in_place,
                               shape.unused_inputs);
        expect_right(variant(), linear);
    }

    // The library has two, each with a schedule of its own; in process they are one.
    std::vector<std::string> residual_roles() const {
        if (variant().backend) return {"proj", "fc2"};
        return {"proj"};
    }

    // What generators/kernels.cmake has of fc1, as roles.
    std::vector<std::string> activation_roles() const {
        const std::string linear = its().kernel("linear_fixed") + "/";
        std::vector<std::string> roles;
        for (const KernelRow &row : kernel_list()) {
            if (row.tuned == linear + "fc1") roles.push_back(row.name.substr(linear.size()));
        }
        return roles;
    }
};

TEST_P(LinearFixedTest, none) { test("qkv", Operands::random); }

TEST_P(LinearFixedTest, residual) {
    for (const std::string &role : residual_roles()) test(role, Operands::random);
}

TEST_P(LinearFixedTest, integers_are_exact) { test("qkv", Operands::integers); }

// The forward pass adds to the residual stream where it lies. A tile that were computed twice would be
// added twice.
TEST_P(LinearFixedTest, integers_are_exact_in_place) {
    for (const std::string &role : residual_roles()) test(role, Operands::integers, true);
}

TEST_P(LinearFixedTest, activation) {
    for (const Operands operands : {Operands::random, Operands::integers}) test("fc1/gelu_erf", operands);
}

class LinearFixedActivationTest : public LinearFixedTest {};

TEST_P(LinearFixedActivationTest, each) {
    ASSERT_GE(activation_roles().size(), 3u);
    for (const std::string &role : activation_roles()) test(role, Operands::random);
}

std::string name_of(const testing::TestParamInfo<std::tuple<FixedVariant, Shape>> &info) {
    return std::get<0>(info.param).name() + "_" + std::get<1>(info.param).name;
}

auto models() {
    return testing::Combine(testing::ValuesIn(with_both(default_variants())),
                            testing::ValuesIn(model_shapes));
}

auto awkward(const std::vector<FixedVariant> &variants) {
    return testing::Combine(testing::ValuesIn(variants), testing::ValuesIn(awkward_shapes));
}

// Devices have no such kernels.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(LinearFixedTest);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(LinearFixedActivationTest);
INSTANTIATE_TEST_SUITE_P(models, LinearFixedTest, models(), name_of);
INSTANTIATE_TEST_SUITE_P(defaults, LinearFixedTest, awkward(with_both(default_variants())), name_of);
INSTANTIATE_TEST_SUITE_P(defaults, LinearFixedActivationTest, awkward(with_both(default_variants())),
                         name_of);
INSTANTIATE_TEST_SUITE_P(corners, LinearFixedTest, awkward(with_either(tuning_corners("linear_fixed"))),
                         name_of);
INSTANTIATE_TEST_SUITE_P(layouts, LinearFixedTest, awkward(with_either(other_layouts())), name_of);

// What arithmetic could make worse than it is.

class LinearFixedExtremesTest : public testing::TestWithParam<FixedVariant> {
protected:
    const Variant &variant() const { return GetParam().variant; }
    std::string kernel(const char *role) const { return GetParam().kernel("linear_fixed", role); }
    FixedFormat format() const { return *FixedFormat::of(kernel("qkv"), variant().blocks); }

    FixedOperands operands(const cases::LinearShape &shape, const char *role) const {
        Random random;
        return LinearFixedCase::operands_of(shape, variant().blocks, kernel(role), Operands::random, random);
    }
    // Of y from this alone: all weights are zero.
    void expect_right_activations(const std::vector<float> &bias) {
        const cases::LinearShape shape{5, 36, static_cast<int>(bias.size()), 1};
        FixedOperands its = operands(shape, "fc1/gelu_erf");
        std::fill(its.weights.begin(), its.weights.end(), 0);
        its.bias = bias;
        LinearFixedCase linear(shape, variant().blocks, kernel("fc1/gelu_erf"), its);
        expect_right(variant(), linear);
    }
};

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(LinearFixedExtremesTest);
INSTANTIATE_TEST_SUITE_P(defaults, LinearFixedExtremesTest, testing::ValuesIn(with_both(default_variants())),
                         [](const auto &tested) { return tested.param.name(); });

// Whole numbers as large as there are, of one sign or of both by turns: no sum of 32 bits overflows, and no
// sum of 16 in between is cut off.
TEST_P(LinearFixedExtremesTest, the_largest_whole_numbers) {
    for (const int inputs : {3072, 5120}) {
        for (const char *role : {"qkv", "fc2", "fc1/gelu_erf"}) {
            SCOPED_TRACE(std::string(role) + " of " + std::to_string(inputs));
            const cases::LinearShape shape{8, inputs, 40, 1};
            FixedOperands its = operands(shape, role);
            const auto by_turns = [](int pattern, int k, int one, int other) {
                return (pattern % 2 == 0 ? 0 : k / (pattern / 2 + 1)) % 2 == pattern / 2 % 2 ? one : other;
            };
            for (std::size_t i = 0; i < its.x.size(); i++) {
                its.x[i] = by_turns(i / inputs, i % inputs, format().highest, format().lowest);
            }
            const int most = format().most_of_weights;
            for (std::size_t i = 0; i < its.weights.size(); i++) {
                its.weights[i] = by_turns(i / inputs, i % inputs, most, -most);
            }
            LinearFixedCase linear(shape, variant().blocks, kernel(role), its);
            expect_right(variant(), linear);
        }
    }
}

TEST_P(LinearFixedExtremesTest, a_group_of_one_value) {
    expect_right_activations(std::vector<float>(100, 2.5f));
}

TEST_P(LinearFixedExtremesTest, one_huge_value_among_small_ones) {
    std::vector<float> bias(100, 1);
    bias[45] = 1e30f;
    expect_right_activations(bias);
}

TEST_P(LinearFixedExtremesTest, values_next_to_the_largest) {
    expect_right_activations({3e38f, -3e38f, 1e38f, 1, 0, -1});
}

// Zeros, and values that are none next to the least range: within half a step of it.
TEST_P(LinearFixedExtremesTest, nothing_but_zeros_and_denormals) {
    for (const float value : {0.0f, -0.0f, 1e-40f, -1e-40f}) {
        SCOPED_TRACE(value);
        const cases::LinearShape shape{5, 36, 40, 1};
        FixedOperands its = operands(shape, "fc1/gelu_erf");
        std::fill(its.weights.begin(), its.weights.end(), 0);
        its.bias.assign(40, value);
        LinearFixedCase linear(shape, variant().blocks, kernel("fc1/gelu_erf"), its);
        linear.reset();
        linear.call(kernel_of(variant(), linear.kernel()), 0);
        for (int t = 0; t < 5; t++) {
            for (int c = 0; c < 40; c++) EXPECT_LE(std::abs(linear.at(0, t, c)), 1e-30 / 255) << c;
        }
    }
}

// Terms that are not finite, of one group of one token.
TEST_P(LinearFixedExtremesTest, what_is_not_finite_stays_with_its_token) {
    const cases::LinearShape shape{14, 600, 40, 1};
    for (const float value : {NAN, -NAN, INFINITY}) {
        for (const char *role : {"qkv", "fc2", "fc1/gelu_erf"}) {
            SCOPED_TRACE(role);
            const int count = LinearFixedCase::groups_of(shape, variant().blocks, kernel(role));
            FixedOperands its = operands(shape, role);
            its.scales[6 * count - 1] = value;
            LinearFixedCase linear(shape, variant().blocks, kernel(role), its);
            linear.reset();
            linear.call(kernel_of(variant(), linear.kernel()), 0);
            for (int t = 0; t < 14; t++) {
                for (int c = 0; c < 40; c++) {
                    ASSERT_EQ(std::isfinite(linear.at(0, t, c)), t != 5) << value << ": " << t << ", " << c;
                }
            }
        }
    }
}

// Of a token's outputs one: quantized, those of its group share its terms; the next token's do not.
TEST_P(LinearFixedExtremesTest, a_bias_that_is_not_a_number_is_kept) {
    const cases::LinearShape shape{3, 36, 500, 1};
    for (const char *role : {"qkv", "fc1/gelu_erf"}) {
        FixedOperands its = operands(shape, role);
        its.bias[45] = NAN;
        LinearFixedCase linear(shape, variant().blocks, kernel(role), its);
        linear.reset();
        linear.call(kernel_of(variant(), linear.kernel()), 0);
        for (int t = 0; t < 3; t++) {
            EXPECT_FALSE(std::isfinite(linear.at(0, t, 45))) << role;
            EXPECT_TRUE(std::isfinite(linear.at(0, t, 400))) << role;
        }
    }
}

// Whoever computes it, and how often: the library's kernels on its threads.
TEST(LinearFixedThreadsTest, every_number_of_threads_gives_the_same_bits) {
    for (const FixedVariant &its : with_both(default_variants())) {
        if (!its.variant.backend) continue;
        install_halide_handlers();
        for (const char *role : {"qkv", "proj", "fc1/gelu_erf", "fc2"}) {
            SCOPED_TRACE(its.kernel("linear_fixed", role) + " of " + its.variant.name);
            const Result<Kernel> kernel = its.variant.backend->kernel(its.kernel("linear_fixed", role));
            ASSERT_TRUE(kernel);
            Random random;
            LinearFixedCase linear({197, 768, 600, 2}, its.variant.blocks, kernel->name(), Operands::random,
                                   random);
            std::vector<float> first;
            for (const int threads : {1, 2, 7, 7}) {
                KernelContext context(threads);
                linear.reset();
                ASSERT_EQ(linear.call(CalledKernel(*kernel, &context), 0), 0);
                const cases::Floats &written = linear.written();
                if (first.empty()) first.assign(written.data(), written.data() + written.size());
                EXPECT_EQ(std::memcmp(first.data(), written.data(), 4 * first.size()), 0) << threads;
            }
        }
    }
}

}  // namespace
}  // namespace vit::test
