// The stage attention against its reference: every shape and way to compile it.
#include <climits>
#include <cmath>
#include <cstring>

#include <gtest/gtest.h>

#include "runtime/backend/kernel_context.h"
#include "tests/cases/attention.h"
#include "tests/support/fixed_point.h"
#include "tests/support/random.h"
#include "tests/support/stage.h"

namespace vit::test {
namespace {

struct Shape : cases::AttentionShape {
    std::string name;

    Shape(std::string its_name, int its_tokens, int its_heads, int its_head_size, int its_batch,
          int its_most_tokens = INT_MAX)
        : AttentionShape{its_tokens, its_heads, its_head_size, its_batch, its_most_tokens},
          name(std::move(its_name)) {}
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

// Quantized, a head in each group.
class AttentionFixedTest : public testing::TestWithParam<std::tuple<FixedVariant, Shape>> {
protected:
    void test(cases::Operands operands) {
        const auto &[its, shape] = GetParam();
        Random random;
        cases::AttentionCase attention(shape, its.variant.blocks, 0, operands, random,
                                       its.kernel("attention"));
        expect_right(its.variant, attention);
    }
};

TEST_P(AttentionFixedTest, random) { test(cases::Operands::random); }

TEST_P(AttentionFixedTest, integer_scores_are_exact) { test(cases::Operands::integers); }

std::string name_of_fixed(const testing::TestParamInfo<std::tuple<FixedVariant, Shape>> &info) {
    return std::get<0>(info.param).name() + "_" + std::get<1>(info.param).name;
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(AttentionFixedTest);  // no device has it
INSTANTIATE_TEST_SUITE_P(models, AttentionFixedTest,
                         testing::Combine(testing::ValuesIn(with_both(default_variants())),
                                          testing::ValuesIn(model_shapes)),
                         name_of_fixed);
// Of the corners every third: the float32 kernel meets all, and quantizing has no tunable of its own.
INSTANTIATE_TEST_SUITE_P(awkward, AttentionFixedTest,
                         testing::Combine(testing::ValuesIn(joined(
                                              with_both(default_variants()),
                                              joined(with_either(tuning_corners("attention"), 3),
                                                     with_either(other_layouts(), 2)))),
                                          testing::ValuesIn(awkward_shapes)),
                         name_of_fixed);

class AttentionExtremesTest : public testing::TestWithParam<FixedVariant> {
protected:
    cases::AttentionCase case_of(const cases::AttentionShape &shape) {
        return {shape, GetParam().variant.blocks, 0, cases::Operands::random, random_,
                GetParam().kernel("attention")};
    }
    void call(cases::AttentionCase &attention) {
        attention.reset();
        attention.call(kernel_of(GetParam().variant, attention.kernel()), 0);
    }

    Random random_;
};

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(AttentionExtremesTest);
INSTANTIATE_TEST_SUITE_P(defaults, AttentionExtremesTest, testing::ValuesIn(with_both(default_variants())),
                         [](const auto &tested) { return tested.param.name(); });

// One key: the context is its values.
TEST_P(AttentionExtremesTest, values_of_any_size) {
    using Value = float (*)(int);
    const std::pair<const char *, Value> values[] = {
        {"zeros", [](int) { return 0.0f; }},
        {"all alike", [](int) { return 2.5f; }},
        {"one huge", [](int d) { return d == 7 ? 1e30f : 1.0f; }},
        {"alternating", [](int d) { return d % 2 ? 1.0f : -1.0f; }},
        {"next to the largest", [](int d) { return d % 2 ? 1e38f : -1e38f; }},
        {"denormal", [](int d) { return d % 2 ? 1e-40f : -1e-40f; }},
    };
    for (const auto &[name, value] : values) {
        SCOPED_TRACE(name);
        cases::AttentionCase attention = case_of({1, 2, 64, 1});
        double high = 0, low = 0;
        for (int d = 0; d < 64; d++) {
            attention.set(cases::AttentionCase::Part::v, 0, 1, 0, d, value(d));
            high = std::max(high, std::abs(static_cast<double>(value(d))));
            low = std::min<double>(low, value(d));
        }
        call(attention);
        // Half a step of the whole range, the float32 roundings of a quotient and products.
        const auto format = *cases::FixedFormat::of(attention.kernel(), GetParam().variant.blocks);
        const double range = std::max(format.offset ? high - low : 2 * high, 1e-30);
        for (int d = 0; d < 64; d++) {
            EXPECT_NEAR(attention.at(0, 1, 0, d), value(d), range * (0.5 / format.levels() + 0x1p-20)) << d;
        }
    }
}

TEST_P(AttentionExtremesTest, what_is_not_finite_stays_with_its_token) {
    using Part = cases::AttentionCase::Part;
    for (const float value : {NAN, -NAN, INFINITY, -INFINITY}) {
        for (const Part part : {Part::q, Part::v}) {
            SCOPED_TRACE((part == Part::q ? "q is " : "v is ") + std::to_string(value));
            cases::AttentionCase attention = case_of({14, 2, 64, 1});
            attention.set(part, 0, 1, 5, 7, value);
            call(attention);
            for (int h = 0; h < 2; h++) {
                for (int t = 0; t < 14; t++) {
                    // A value is part of the context of all queries.
                    const bool finite = h == 0 || (part == Part::q && t != 5);
                    EXPECT_EQ(std::isfinite(attention.at(0, h, t, 7)), finite) << h << ", " << t;
                }
            }
        }
    }
}

// Whoever computes it, how often, and in how many tasks: the library's kernels on its threads.
TEST(AttentionFixedThreadsTest, every_number_of_threads_gives_the_same_bits) {
    for (const FixedVariant &its : with_both(default_variants())) {
        if (!its.variant.backend) continue;
        install_halide_handlers();
        SCOPED_TRACE(its.name());
        const Result<Kernel> kernel = its.variant.backend->kernel(its.kernel("attention"));
        ASSERT_TRUE(kernel);
        Random random;
        cases::AttentionCase attention({197, 3, 64, 2}, its.variant.blocks, 0, cases::Operands::random,
                                       random, kernel->name());
        std::vector<float> first;
        for (const int threads : {1, 2, 7, 7}) {
            KernelContext context(threads);
            attention.threads = threads;
            attention.reset();
            ASSERT_EQ(attention.call(CalledKernel(*kernel, &context), 0), 0);
            const cases::Floats &written = attention.written();
            if (first.empty()) first.assign(written.data(), written.data() + written.size());
            EXPECT_EQ(std::memcmp(first.data(), written.data(), 4 * first.size()), 0) << threads;
        }
    }
}

}  // namespace
}  // namespace vit::test
