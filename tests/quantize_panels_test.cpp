// The stage quantize_panels against plain loops, at both precisions.
#include <cmath>

#include <gtest/gtest.h>

#include "tests/cases/quantize_panels.h"
#include "tests/support/fixed_point.h"
#include "tests/support/random.h"
#include "tests/support/stage.h"

namespace vit::test {
namespace {

using cases::Operands;
using cases::QuantizePanelsCase;

struct Shape : cases::QuantizePanelsShape {
    const char *name;

    Shape(const char *its_name, int its_inputs, int its_outputs, int its_unused_inputs)
        : QuantizePanelsShape{its_inputs, its_outputs, its_unused_inputs}, name(its_name) {}
    friend void PrintTo(const Shape &shape, std::ostream *out) { *out << shape.name; }
};

const Shape shapes[] = {
    {"1_to_1", 1, 1, 0},       {"36_to_100", 36, 100, 0},  {"130_to_36", 130, 36, 1},
    {"7_to_2", 7, 2, 1},       {"192_to_300", 192, 300, 0}, {"760_to_45", 760, 45, 0},
};

class QuantizePanelsTest : public testing::TestWithParam<std::tuple<FixedVariant, Shape>> {
protected:
    void test(Operands operands) {
        const auto &[its, shape] = GetParam();
        Random random;
        QuantizePanelsCase quantize(shape, its.variant.blocks, its.kernel("quantize_panels"), operands,
                                    random);
        expect_right(its.variant, quantize);
    }
};

TEST_P(QuantizePanelsTest, random) { test(Operands::random); }

TEST_P(QuantizePanelsTest, integers_stay_as_they_are) { test(Operands::integers); }

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(QuantizePanelsTest);  // no device has it
INSTANTIATE_TEST_SUITE_P(
    all, QuantizePanelsTest,
    testing::Combine(testing::ValuesIn(joined(with_both(default_variants()), with_both(other_layouts()))),
                     testing::ValuesIn(shapes)),
    [](const auto &tested) {
        return std::get<0>(tested.param).name() + "_" + std::get<1>(tested.param).name;
    });

// An output of each kind among usual ones: nothing but zeros, alike, one huge among small ones, denormal,
// next to the largest.
TEST(QuantizePanelsExtremesTest, outputs_of_extremes) {
    for (const FixedVariant &its : with_both(default_variants())) {
        SCOPED_TRACE(its.name());
        const int inputs = 45, outputs = 40;
        Random random;
        std::vector<float> rows = random.uniforms(inputs * outputs, -1, 1);
        const auto set = [&](int c, auto value_of) {
            for (int k = 0; k < inputs; k++) rows[c * inputs + k] = value_of(k);
        };
        set(0, [](int) { return 0.0f; });
        set(1, [](int) { return -2.5f; });
        set(2, [](int k) { return k == 7 ? 1e30f : 1.0f; });
        set(3, [](int k) { return k % 2 ? 1e-40f : -1e-40f; });
        set(4, [](int k) { return k % 2 ? 3e38f : -3e38f; });
        set(5, [](int k) { return k % 2 ? 1.0f : -1.0f; });
        QuantizePanelsCase quantize({inputs, outputs}, its.variant.blocks, its.kernel("quantize_panels"),
                                    rows);
        expect_right(its.variant, quantize);
    }
}

TEST(QuantizePanelsExtremesTest, what_is_not_finite_stays_with_its_output) {
    for (const FixedVariant &its : with_both(default_variants())) {
        for (const float value : {NAN, -NAN, INFINITY, -INFINITY}) {
            SCOPED_TRACE(its.name() + ", " + std::to_string(value));
            const int inputs = 45, outputs = 40;
            Random random;
            std::vector<float> rows = random.uniforms(inputs * outputs, -1, 1);
            rows[7 * inputs + 3] = value;
            QuantizePanelsCase quantize({inputs, outputs}, its.variant.blocks,
                                        its.kernel("quantize_panels"), rows);
            quantize.reset();
            quantize.call(kernel_of(its.variant, quantize.kernel()), 0);
            for (int c = 0; c < outputs; c++) EXPECT_EQ(std::isfinite(quantize.scale(c)), c != 7) << c;
        }
    }
}

}  // namespace
}  // namespace vit::test
