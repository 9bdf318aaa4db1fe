// The pointwise functions of generators/activation.h over float32, against double precision: what
// tests/cases/tolerance.h says of them.
#include "generators/activation.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/cases/activations.h"
#include "tests/cases/tolerance.h"
#include "tests/support/comparison.h"

namespace vit::test {
namespace {

using namespace tolerance;
using cases::known_activations;
using cases::KnownActivation;

// Floats from low to high of one sign, every step-th of them: as dense near zero, by magnitude, as anywhere.
std::vector<float> floats_between(float low, float high, std::uint32_t step) {
    std::vector<float> floats;
    const bool negative = std::signbit(low);
    const auto first = std::bit_cast<std::uint32_t>(negative ? high : low);
    const auto last = std::bit_cast<std::uint32_t>(negative ? low : high);
    for (std::uint32_t bits = first; bits < last; bits += std::min(step, last - bits)) {
        floats.push_back(std::bit_cast<float>(bits));
    }
    floats.push_back(std::bit_cast<float>(last));
    return floats;
}

std::vector<float> apply(Halide::Expr (*function)(Halide::Expr), std::vector<float> &x) {
    Halide::Buffer<float> in(x.data(), static_cast<int>(x.size()));
    Halide::Func out("out");
    Halide::Var i("i");
    out(i) = function(in(i));
    out.vectorize(i, std::min<int>(8, static_cast<int>(x.size())));
    std::vector<float> y(x.size());
    Halide::Buffer<float> result(y.data(), static_cast<int>(y.size()));
    out.realize(result);
    return y;
}

// The largest error, in units of roundoff relative to scale(x, exact).
template<typename Exact, typename Scale>
double largest_error(Halide::Expr (*function)(Halide::Expr), std::vector<float> x, Exact exact,
                     Scale scale) {
    const std::vector<float> y = apply(function, x);
    double largest = 0;
    float at = 0;
    for (std::size_t i = 0; i < x.size(); i++) {
        const double expected = exact(static_cast<double>(x[i]));
        const double error = std::abs(y[i] - expected) / (unit * scale(x[i], expected));
        if (!(error <= largest)) {
            largest = error;
            at = x[i];
        }
        if (std::isnan(error)) break;
    }
    std::printf("%zu values, largest error %.2f x 2^-24 at %.9g\n", x.size(), largest, at);
    return largest;
}

double of_result(double, double expected) { return std::abs(expected); }

double of_argument(double x, double) { return std::abs(x); }

TEST(ActivationTest, exp_nonpositive) {
    EXPECT_LE(largest_error(
                  exp_nonpositive, floats_between(-87.0f, -0.0f, 701), [](double x) { return std::exp(x); },
                  of_result) *
                  unit,
              exp_error);
}

TEST(ActivationTest, exp2_nonpositive) {
    EXPECT_LE(largest_error(
                  exp2_nonpositive, floats_between(-126.0f, -0.0f, 701),
                  [](double x) { return std::exp2(x); }, of_result) *
                  unit,
              exp2_error);
}

// Next to zero, where e^x - 1 taken as it stands would cancel, as anywhere else.
TEST(ActivationTest, expm1_nonpositive) {
    EXPECT_LE(largest_error(
                  expm1_nonpositive, floats_between(-87.0f, -1e-37f, 701),
                  [](double x) { return std::expm1(x); }, of_result) *
                  unit,
              expm1_error);
}

TEST(ActivationTest, tanh) {
    for (const auto &[low, high] : {std::pair(1e-37f, 1e10f), std::pair(-1e10f, -1e-37f)}) {
        EXPECT_LE(largest_error(tanh, floats_between(low, high, 701), reference::tanh, of_result) * unit,
                  tanh_error);
    }
}

// A softmax of one key, or of keys that are all alike, must be one, and a key far behind must count for
// nothing.
TEST(ActivationTest, ends_of_the_exponentials) {
    std::vector<float> x{0, -87, -88, -1000, -1e30f};
    const std::vector<float> e = apply(exp_nonpositive, x);
    EXPECT_EQ(e[0], 1);
    for (std::size_t i = 1; i < e.size(); i++) {
        EXPECT_GE(e[i], 0);
        EXPECT_LE(e[i], 1.7e-38f);
    }
    x = {0, -127, -1000, -1e30f, -std::numeric_limits<float>::infinity(), -1, -2, -10};
    const std::vector<float> powers = apply(exp2_nonpositive, x);
    EXPECT_EQ(powers[0], 1);
    for (std::size_t i = 1; i < 5; i++) {
        EXPECT_EQ(powers[i], 0);
    }
    EXPECT_EQ(powers[5], 0.5f);
    EXPECT_EQ(powers[6], 0.25f);
    EXPECT_EQ(powers[7], 0x1p-10f);
    std::vector<float> last = floats_between(-127, -126, 1);
    for (const float power : apply(exp2_nonpositive, last)) {
        ASSERT_TRUE(power >= 0 && power <= 0x1p-126f) << power;
    }
}

// The activations that follow linear layers: each of generators/activation.h is held against what is known
// of it, and nothing is known of one that is not there.
TEST(ActivationTest, all_are_known) {
    std::set<std::string> names, known;
    for (const NamedActivation &activation : activations) names.insert(activation.name);
    for (const KnownActivation &activation : known_activations) known.insert(activation.name);
    EXPECT_EQ(names, known);
}

class NamedActivationTest : public testing::TestWithParam<KnownActivation> {
protected:
    using Function = Halide::Expr (*)(Halide::Expr);

    static Function function() {
        for (const NamedActivation &activation : activations) {
            if (activation.name == std::string(GetParam().name)) return activation.function;
        }
        throw std::logic_error("there is no such activation");
    }
};

TEST_P(NamedActivationTest, both_signs) {
    for (const auto &[low, high] : {std::pair(1e-30f, 100.0f), std::pair(-100.0f, -1e-30f)}) {
        EXPECT_LE(largest_error(function(), floats_between(low, high, 701), GetParam().exact, of_argument) *
                      unit,
                  GetParam().error);
    }
}

// Where the result is not small beside the argument, it is as good relative to itself.
TEST_P(NamedActivationTest, positive_relative_to_the_result) {
    EXPECT_LE(largest_error(function(), floats_between(1e-30f, 1e6f, 701), GetParam().exact, of_result) *
                  unit,
              2 * GetParam().error);
}

// It meets its ends exactly: nothing at zero, and no more than rounding far out, where z^3 is large.
TEST_P(NamedActivationTest, ends) {
    std::vector<float> x{0, 1e4f, 1e6f, -1e4f, -1e6f, 1e10f, -1e10f};
    const std::vector<float> y = apply(function(), x);
    EXPECT_EQ(y[0], 0);
    for (std::size_t i = 1; i < x.size(); i++) {
        EXPECT_NEAR(y[i], GetParam().exact(x[i]), GetParam().error * std::abs(x[i]));
    }
}

std::vector<bool> nans(Halide::Expr (*function)(Halide::Expr)) {
    std::vector<float> x(8, 0.0f);
    x[3] = NAN;
    std::vector<bool> found;
    for (const float y : apply(function, x)) found.push_back(std::isnan(y));
    return found;
}

const std::vector<bool> only_where_it_was{false, false, false, true, false, false, false, false};

TEST_P(NamedActivationTest, nan_stays_nan) { EXPECT_EQ(nans(function()), only_where_it_was); }

TEST(ActivationTest, nan_stays_nan) {
    EXPECT_EQ(nans(exp_nonpositive), only_where_it_was);
    EXPECT_EQ(nans(expm1_nonpositive), only_where_it_was);
    EXPECT_EQ(nans(sigmoid), only_where_it_was);
}

double sigmoid_exact(double x) { return 1 / (1 + std::exp(-x)); }

// e^x and 1 + e^x, each off by what the exponential is, and a division.
TEST(ActivationTest, sigmoid) {
    for (const auto &[low, high] : {std::pair(1e-30f, 80.0f), std::pair(-80.0f, -1e-30f)}) {
        EXPECT_LE(largest_error(sigmoid, floats_between(low, high, 701), sigmoid_exact, of_result) * unit,
                  sigmoid_error);
    }
}

INSTANTIATE_TEST_SUITE_P(all, NamedActivationTest, testing::ValuesIn(known_activations),
                         [](const auto &tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace vit::test
