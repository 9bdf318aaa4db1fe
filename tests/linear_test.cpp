// The stage linear against its reference: every epilogue, shape and way to compile it.
#include <climits>

#include <gtest/gtest.h>

#include "tests/cases/activations.h"
#include "tests/cases/kernel_list.h"
#include "tests/cases/linear.h"
#include "tests/support/random.h"
#include "tests/support/stage.h"

namespace vit::test {
namespace {

struct Shape : cases::LinearShape {
    const char *name;

    Shape(const char *its_name, int its_tokens, int its_inputs, int its_outputs, int its_batch,
          int its_most_tokens = INT_MAX, int its_most_outputs = INT_MAX)
        : LinearShape{its_tokens, its_inputs, its_outputs, its_batch, its_most_tokens, its_most_outputs},
          name(its_name) {}
    friend void PrintTo(const Shape &shape, std::ostream *out) { *out << shape.name; }
};

// Widths that no vector divides: some end in the first chunk of their last panel, some (45, 109) in its
// last.
const Shape awkward_shapes[] = {
    {"1_token_36_100", 1, 36, 100, 1},
    {"2_tokens_45_36", 2, 45, 36, 1},
    {"5_tokens_100_130_batch_3", 5, 100, 130, 3},
    {"13_tokens_7_1", 13, 7, 1, 1},
    {"197_tokens_36_130", 197, 36, 130, 1},
    {"257_tokens_130_36_batch_3", 257, 130, 36, 3, 40, 36},
    {"577_tokens_109_45", 577, 109, 45, 1},
};

const Shape model_shapes[] = {
    {"vit_ti16_qkv", 197, 192, 576, 1, 32, 64},
    {"vit_b16_fc1", 197, 768, 3072, 3, 32, 64},
    {"vit_b16_fc2", 197, 3072, 768, 1, 32, 64},
    {"vit_l16_proj", 197, 1024, 1024, 1, 32, 64},
    {"vit_l16_fc2", 197, 4096, 1024, 1, 32, 64},
    {"vit_h14_qkv", 257, 1280, 3840, 1, 32, 64},
    {"vit_h14_fc1", 257, 1280, 5120, 1, 32, 64},
};

class LinearTest : public testing::TestWithParam<std::tuple<Variant, Shape>> {
protected:
    const Variant &variant() const { return std::get<0>(GetParam()); }

    void test(const std::string &kernel, cases::Operands operands, bool in_place = false) {
        SCOPED_TRACE(kernel);
        Random random;
        cases::LinearCase linear(std::get<1>(GetParam()), variant().blocks, kernel, operands, random,
                                 in_place);
        expect_right(variant(), linear);
    }

    // The library has two, each with a schedule of its own; in process they are one.
    std::vector<std::string> residual_kernels() const {
        if (variant().backend) return {"linear/proj", "linear/fc2"};
        return {"linear/proj"};
    }

    // Of weights in half precision, where a library has them: they are read otherwise, and no more.
    bool has_half_kernels() const { return variant().backend && !variant().on_device; }
    std::vector<std::string> half_kernels() const {
        std::vector<std::string> kernels;
        for (const std::string precision : {"f16", "bf16"}) {
            for (const std::string role : {"qkv", "proj", "fc2"}) {
                const std::string kernel = "linear/" + precision + "/" + role;
                if (has_half_kernels()) kernels.push_back(kernel);
            }
        }
        return kernels;
    }
};

TEST_P(LinearTest, none) { test("linear/qkv", cases::Operands::random); }

TEST_P(LinearTest, residual) {
    for (const std::string &kernel : residual_kernels()) test(kernel, cases::Operands::random);
}

TEST_P(LinearTest, integers_are_exact) { test("linear/qkv", cases::Operands::integers); }

TEST_P(LinearTest, weights_in_half_precision) {
    for (const std::string &kernel : half_kernels()) test(kernel, cases::Operands::random);
}

TEST_P(LinearTest, integers_in_half_precision_are_exact) {
    for (const std::string &kernel : half_kernels()) test(kernel, cases::Operands::integers);
}

// The forward pass adds to the residual stream where it lies. A tile that were computed twice would be
// added twice.
TEST_P(LinearTest, integers_are_exact_in_place) {
    for (const std::string &kernel : residual_kernels()) test(kernel, cases::Operands::integers, true);
}

class LinearActivationTest : public LinearTest {
protected:
    // Of all rows of generators/kernels.cmake.
    void test_activations(bool gated) {
        int tested = 0;
        for (const KernelRow &row : kernel_list()) {
            if (row.tuned != "linear/fc1" || is_gated(row) != gated) continue;
            if (row.params.contains("precision") && !has_half_kernels()) continue;
            test(row.name, cases::Operands::random);
            tested++;
        }
        EXPECT_GT(tested, 0);
    }

private:
    static bool is_gated(const KernelRow &row) {
        return cases::known_activation(row.params.at("epilogue")).gated;
    }
};

TEST_P(LinearActivationTest, each) { test_activations(false); }

class LinearGatedTest : public LinearActivationTest {};

TEST_P(LinearGatedTest, each) { test_activations(true); }

std::string name_of(const testing::TestParamInfo<std::tuple<Variant, Shape>> &info) {
    return std::get<0>(info.param).name + "_" + std::get<1>(info.param).name;
}

auto models() {
    return testing::Combine(testing::ValuesIn(default_variants_and_few()), testing::ValuesIn(model_shapes));
}

auto awkward(const std::vector<Variant> &variants) {
    return testing::Combine(testing::ValuesIn(variants), testing::ValuesIn(awkward_shapes));
}

INSTANTIATE_TEST_SUITE_P(models, LinearTest, models(), name_of);
INSTANTIATE_TEST_SUITE_P(models, LinearActivationTest, models(), name_of);
INSTANTIATE_TEST_SUITE_P(defaults, LinearTest, awkward(default_variants_and_few()), name_of);
INSTANTIATE_TEST_SUITE_P(defaults, LinearActivationTest, awkward(default_variants_and_few()), name_of);
INSTANTIATE_TEST_SUITE_P(corners, LinearTest, awkward(tuning_corners("linear")), name_of);
INSTANTIATE_TEST_SUITE_P(corners, LinearActivationTest, awkward(tuning_corners("linear")), name_of);
INSTANTIATE_TEST_SUITE_P(layouts, LinearTest, awkward(other_layouts()), name_of);
INSTANTIATE_TEST_SUITE_P(models, LinearGatedTest, models(), name_of);
INSTANTIATE_TEST_SUITE_P(defaults, LinearGatedTest, awkward(default_variants_and_few()), name_of);
INSTANTIATE_TEST_SUITE_P(corners, LinearGatedTest, awkward(tuning_corners("linear")), name_of);
INSTANTIATE_TEST_SUITE_P(layouts, LinearGatedTest, awkward(other_layouts()), name_of);

}  // namespace
}  // namespace vit::test
